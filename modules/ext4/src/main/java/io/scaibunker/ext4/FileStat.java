package io.scaibunker.ext4;

/**
 * What an inode says of itself.
 *
 * @param inode its number
 * @param mode permission bits with set-uid, set-gid and sticky, 0..07777
 * @param uid owner, 0..2^32-1
 * @param gid group, 0..2^32-1
 * @param size bytes, as the inode claims; of a symbolic link those of its text
 * @param links its names; 1 for a directory with very many subdirectories
 * @param mtimeSeconds seconds since 1970, negative before
 * @param mtimeNanos 0..999,999,999
 * @param deviceMajor of a device, else 0
 * @param deviceMinor of a device, else 0
 */
public record FileStat(
        long inode,
        FileKind kind,
        int mode,
        long uid,
        long gid,
        long size,
        int links,
        long mtimeSeconds,
        int mtimeNanos,
        int deviceMajor,
        int deviceMinor) {}
