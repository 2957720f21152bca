package io.scaibunker.ext4;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * How mke2fs is asked, whatever the host's mke2fs.conf says. The features are those that every kernel since 5.4 mounts: no
 * orphan file, no checksum seed. No journal: an image is never written to again, and a scratch disk dies with its bunker.
 */
final class Mke2fs {
    static final int BLOCK = 4096;
    static final int INODE = 256;
    static final int BLOCKS_IN_GROUP = 32_768;

    private static final String FEATURES = "none,ext_attr,dir_index,filetype,extent,flex_bg,sparse_super,"
            + "large_file,huge_file,dir_nlink,extra_isize,metadata_csum,64bit";

    private Mke2fs() {}

    /**
     * The arguments behind the program's own name. Inode tables are declared zeroed, which they are in a fresh file; else
     * the guest's kernel would zero them in the background, and fill 16 MiB of the host's disk for each GiB nobody uses.
     */
    static List<String> arguments(String file, long sizeMib, List<String> more) {
        var arguments = new ArrayList<String>(List.of(
                "-q",
                "-F",
                "-t",
                "ext4",
                "-b",
                String.valueOf(BLOCK),
                "-I",
                String.valueOf(INODE),
                "-m",
                "0",
                "-O",
                FEATURES));
        arguments.addAll(more);
        arguments.add(file);
        arguments.add(String.valueOf(sizeMib * ((1 << 20) / BLOCK)));
        return arguments;
    }

    /** Extended options that always apply; others may be added behind a comma. */
    static final String EXTENDED = "assume_storage_prezeroed=1,nodiscard,no_copy_xattrs";

    /** Variables that keep the host's settings out. */
    static Map<String, String> variables() {
        return Map.of("MKE2FS_CONFIG", "/dev/null");
    }
}
