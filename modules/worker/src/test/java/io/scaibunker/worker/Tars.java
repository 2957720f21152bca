package io.scaibunker.worker;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;

/** Makes root file system tarballs. */
final class Tars {
    private Tars() {}

    /** A tree of small files. */
    static Path of(Path file, Map<String, String> contents) throws IOException {
        Map<String, byte[]> bytes = new TreeMap<>();
        contents.forEach((name, text) -> bytes.put(name, text.getBytes(StandardCharsets.UTF_8)));
        return ofBytes(file, bytes);
    }

    static Path ofBytes(Path file, Map<String, byte[]> contents) throws IOException {
        try (TarArchiveOutputStream tar = new TarArchiveOutputStream(Files.newOutputStream(file))) {
            for (Map.Entry<String, byte[]> content : contents.entrySet()) {
                byte[] bytes = content.getValue();
                TarArchiveEntry entry = new TarArchiveEntry(content.getKey(), true);
                entry.setSize(bytes.length);
                tar.putArchiveEntry(entry);
                tar.write(bytes);
                tar.closeArchiveEntry();
            }
        }
        return file;
    }

    /** One file of zeros, gzipped: {@code mib} MiB in about a thousandth of that. */
    static Path zeros(Path file, int mib) throws IOException {
        try (OutputStream packed = new GZIPOutputStream(Files.newOutputStream(file), 1 << 16);
                TarArchiveOutputStream tar = new TarArchiveOutputStream(packed)) {
            TarArchiveEntry entry = new TarArchiveEntry("zeros");
            entry.setSize((long) mib << 20);
            tar.putArchiveEntry(entry);
            byte[] block = new byte[1 << 20];
            for (int i = 0; i < mib; i++) {
                tar.write(block);
            }
            tar.closeArchiveEntry();
        }
        return file;
    }
}
