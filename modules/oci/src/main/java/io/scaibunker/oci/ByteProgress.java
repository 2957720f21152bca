package io.scaibunker.oci;

/**
 * Told how far a transfer is, by the thread that transfers: often while bytes flow, and about twice a second while they do not.
 * Throwing {@link java.util.concurrent.CancellationException} from here ends the work.
 */
@FunctionalInterface
public interface ByteProgress {
    /** For callers that do not care. */
    ByteProgress IGNORED = (done, total) -> {};

    /**
     * @param done bytes so far; may step back when a transfer starts over
     * @param total bytes expected, or -1 where nobody knows
     */
    void bytes(long done, long total);
}
