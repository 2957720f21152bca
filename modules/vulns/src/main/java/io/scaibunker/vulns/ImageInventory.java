package io.scaibunker.vulns;

import io.scaibunker.ext4.Ext4Reader;
import io.scaibunker.ext4.FileKind;
import io.scaibunker.ext4.FileStat;
import io.scaibunker.layers.EntryPath;
import java.io.IOException;
import java.nio.file.Path;
import java.util.BitSet;

/**
 * Reads the inventory of a baked image out of its ext4 file: the very files that a bunker will see, whichever layers they came from and
 * whichever writer laid them out. Most files are not even opened.
 */
public final class ImageInventory {
    static final int EXECUTABLE = 0111;

    private final InventoryBuilder builder = new InventoryBuilder();
    private final BitSet seen = new BitSet();

    private ImageInventory() {}

    /** @throws IOException if the file is no ext4 that can be read, or not to its end; what is in its files never throws */
    public static Inventory read(Path image) throws IOException {
        var inventory = new ImageInventory();
        try (var files = Ext4Reader.open(image)) {
            files.walk((path, stat) -> inventory.visit(files, path, stat));
        }
        return inventory.builder.build();
    }

    private void visit(Ext4Reader files, EntryPath path, FileStat stat) throws IOException {
        if (stat.kind() == FileKind.SYMLINK) {
            builder.link(path.toString());
        } else if (stat.kind() == FileKind.FILE && wants(path.toString(), stat)) {
            try (var content = files.open(stat)) {
                builder.offer(path.toString(), stat.size(), content);
            }
        }
    }

    /** A file of many names, as the programs of git and busybox are, is looked into under the first that tells of packages. */
    private boolean wants(String path, FileStat stat) {
        if (!builder.wants(path, stat.size(), (stat.mode() & EXECUTABLE) != 0)) {
            return false;
        }
        var first = !seen.get((int) stat.inode());
        seen.set((int) stat.inode());
        return first;
    }
}
