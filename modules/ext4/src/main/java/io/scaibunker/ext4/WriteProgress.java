package io.scaibunker.ext4;

/** Told how far a bake is. Throwing {@link java.util.concurrent.CancellationException} ends the bake. */
@FunctionalInterface
public interface WriteProgress {
    /** Asked for nothing. */
    WriteProgress NONE = (done, total) -> {};

    /**
     * Called often (several times a second, also while child processes work) from the thread that writes; must be quick.
     *
     * @param done bytes of work done, never falling
     * @param total bytes of work in all; an estimate that may move
     */
    void bytes(long done, long total);
}
