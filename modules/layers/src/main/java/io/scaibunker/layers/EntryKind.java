package io.scaibunker.layers;

/** What an entry of a layer is. */
public enum EntryKind {
    FILE,
    DIRECTORY,
    SYMLINK,
    /** One more name for what its target names in the same layer's view at that point. */
    HARDLINK,
    CHAR_DEVICE,
    BLOCK_DEVICE,
    FIFO,
    /** Hides the path, and all below it, of the layers below. */
    WHITEOUT,
    /** Hides what the layers below have inside the path, a directory. */
    OPAQUE
}
