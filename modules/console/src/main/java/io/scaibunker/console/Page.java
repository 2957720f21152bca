package io.scaibunker.console;

/**
 * A file as it is served.
 *
 * @param packed the same by gzip; what does not get smaller by it is the same array
 * @param tag names the content, for caches: quoted, as HTTP has it
 */
@SuppressWarnings("ArrayRecordComponent") // bytes that are never changed
public record Page(String type, String tag, byte[] plain, byte[] packed) {
    public boolean isPacked() {
        return packed != plain;
    }
}
