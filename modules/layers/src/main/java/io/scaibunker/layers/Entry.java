package io.scaibunker.layers;

import java.util.SortedMap;

/**
 * One entry of a layer.
 *
 * @param path where it is; for a whiteout the path that it hides, for an opaque marker its directory
 * @param mode permission bits with set-uid, set-gid and sticky, 0..07777
 * @param uid owner, 0..2^32-1
 * @param gid group, 0..2^32-1
 * @param mtimeSeconds seconds since 1970, negative before
 * @param mtimeNanos 0..999,999,999, on top of the seconds
 * @param size bytes of content; 0 but for files
 * @param linkTarget of a symbolic link: its text, as it is; of a hard link: the path of its target in the form of {@link
 *     EntryPath}; else empty
 * @param deviceMajor of a device, 0..4095
 * @param deviceMinor of a device, 0..1,048,575
 * @param xattrs extended attributes by full name (such as {@code security.capability}), values are raw bytes; each
 *     character of a name stands for one byte
 */
public record Entry(
        EntryPath path,
        EntryKind kind,
        int mode,
        long uid,
        long gid,
        long mtimeSeconds,
        int mtimeNanos,
        long size,
        byte[] linkTarget,
        int deviceMajor,
        int deviceMinor,
        SortedMap<String, byte[]> xattrs) {}
