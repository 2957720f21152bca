package io.scaibunker.layers;

import java.util.SortedMap;

/** One member of a tar, its names still as the tar has them. */
record TarMember(
        byte[] name,
        byte[] linkName,
        char type,
        int mode,
        long uid,
        long gid,
        long mtimeSeconds,
        int mtimeNanos,
        long size,
        long deviceMajor,
        long deviceMinor,
        SortedMap<String, byte[]> xattrs) {}
