package io.scaibunker.layers;

/**
 * Bounds that a layer must keep; beyond them it is refused as {@link LayerException.Reason#TOO_LARGE}.
 *
 * @param entries entries of all layers of an image together
 * @param pathBytes length of a path from the root, and of a link's target
 * @param nameBytes length of one component of a path
 * @param depth components of a path
 * @param xattrBytes names and values of one entry's extended attributes
 * @param headerBytes one extended header (PAX or GNU), or one list of a sparse file's parts
 * @param layerBytes one layer's tar without compression; and, for sparse files, the sum of their sizes
 * @param keptBytes names and symbolic links of the whole tree, which are held in memory
 */
public record LayerLimits(
        long entries,
        int pathBytes,
        int nameBytes,
        int depth,
        int xattrBytes,
        int headerBytes,
        long layerBytes,
        long keptBytes) {
    /** A million entries, Linux's bounds for names and paths, 64 GiB a layer. */
    public static final LayerLimits DEFAULT =
            new LayerLimits(1_000_000, 4096, 255, 1024, 64 << 10, 1 << 20, 64L << 30, 64L << 20);
}
