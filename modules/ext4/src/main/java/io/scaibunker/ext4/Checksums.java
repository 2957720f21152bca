package io.scaibunker.ext4;

import java.nio.ByteBuffer;
import java.util.UUID;
import java.util.zip.CRC32C;

/**
 * The checksums of {@code metadata_csum}: CRC32C without its last inversion, seeded with the file system's UUID, which here
 * means that the UUID goes in first. Not for several threads.
 */
final class Checksums {
    private final CRC32C running = new CRC32C();
    private final byte[] uuid = new byte[16];
    private final byte[] prefix = new byte[8];
    private final ByteBuffer prefixView = Ext4.view(prefix);

    Checksums(UUID uuid) {
        ByteBuffer.wrap(this.uuid).putLong(uuid.getMostSignificantBits()).putLong(uuid.getLeastSignificantBits());
    }

    byte[] uuid() {
        return uuid.clone();
    }

    /** Of a superblock, the only one without a seed. */
    int unseeded(byte[] bytes, int length) {
        running.reset();
        running.update(bytes, 0, length);
        return end();
    }

    /** Of a bitmap. */
    int of(byte[] bytes, int length) {
        start();
        running.update(bytes, 0, length);
        return end();
    }

    /** Of what belongs to an inode, its directory blocks and extents and itself. Generations are 0. */
    int ofInode(int inode, byte[] bytes, int length) {
        start();
        prefixView.putInt(0, inode).putInt(4, 0);
        running.update(prefix, 0, 8);
        running.update(bytes, 0, length);
        return end();
    }

    int ofDescriptor(int group, byte[] descriptor) {
        start();
        prefixView.putInt(0, group);
        running.update(prefix, 0, 4);
        running.update(descriptor, 0, descriptor.length);
        return end() & 0xffff;
    }

    /** Of a block of extended attributes. */
    int ofAttributes(long block, byte[] bytes) {
        start();
        prefixView.putLong(0, block);
        running.update(prefix, 0, 8);
        running.update(bytes, 0, bytes.length);
        return end();
    }

    private void start() {
        running.reset();
        running.update(uuid, 0, uuid.length);
    }

    private int end() {
        return ~(int) running.getValue();
    }
}
