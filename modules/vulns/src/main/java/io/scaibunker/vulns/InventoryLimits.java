package io.scaibunker.vulns;

/**
 * How much of an image its inventory may take. Beyond a bound the inventory has a gap.
 *
 * @param databaseBytes of one package database
 * @param metadataBytes of one small file, such as a package.json
 * @param components in all
 * @param ownedPaths files of packages of the system, in all
 * @param jarBytes inflated from one jar with all that is nested in it
 * @param allJarBytes inflated from all jars
 * @param jarEntries in one jar with all that is nested in it
 * @param jarDepth how deep jars may lie in jars
 * @param allBytes read from all files
 */
public record InventoryLimits(
        long databaseBytes,
        int metadataBytes,
        int components,
        int ownedPaths,
        long jarBytes,
        long allJarBytes,
        int jarEntries,
        int jarDepth,
        long allBytes) {
    public static final InventoryLimits DEFAULT =
            new InventoryLimits(256L << 20, 4 << 20, 200_000, 1_000_000, 2L << 30, 8L << 30, 500_000, 8, 16L << 30);
}
