package io.scaibunker.vulns;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.ZipFile;

/**
 * The files of one ecosystem in osv-scanner's layout: {@code all.zip} and loose {@code *.json}. Read as a whole or not at all; single
 * records that cannot be read are counted, and too many of them make the whole unusable.
 */
final class AdvisoryFiles {
    static final String ARCHIVE = "all.zip";

    private static final int MOST_RECORDS = 4_000_000;
    private static final long LARGEST_RECORD = 64L << 20;
    private static final long LARGEST_TOTAL = 32L << 30;

    private final String ecosystem;
    private final Path folder;
    private long bytes;
    private int seen;
    private int unreadable;

    AdvisoryFiles(String ecosystem, Path folder) {
        this.ecosystem = ecosystem;
        this.folder = folder;
    }

    /**
     * What the files look like from outside; differs after any change.
     *
     * @throws ScanException {@link ScanReason#DB_MISSING} if there are none
     */
    String fingerprint() throws IOException {
        var text = new StringBuilder();
        for (var file : all()) {
            text.append(file.getFileName())
                    .append(' ')
                    .append(Files.size(file))
                    .append(' ')
                    .append(Files.getLastModifiedTime(file).toInstant())
                    .append(' ')
                    .append(Files.readAttributes(file, java.nio.file.attribute.BasicFileAttributes.class)
                            .fileKey())
                    .append('\n');
        }
        return text.toString();
    }

    private List<Path> all() throws IOException {
        if (!Files.isDirectory(folder)) {
            throw new ScanException(ScanReason.DB_MISSING, "there are no advisories for " + ecosystem);
        }
        try (var listed = Files.list(folder)) {
            var files = listed.filter(file -> file.getFileName().toString().equals(ARCHIVE)
                            || file.getFileName().toString().endsWith(".json"))
                    .filter(Files::isRegularFile)
                    .sorted()
                    .toList();
            if (files.isEmpty()) {
                throw new ScanException(ScanReason.DB_MISSING, "there are no advisories for " + ecosystem);
            }
            return files;
        }
    }

    /** Names the content of the files. */
    String digest() throws IOException {
        var digest = sha256();
        var buffer = new byte[1 << 18];
        for (var file : all()) {
            digest.update((file.getFileName() + "\n" + Files.size(file) + "\n").getBytes(StandardCharsets.UTF_8));
            try (var content = Files.newInputStream(file)) {
                for (var read = content.read(buffer); read >= 0; read = content.read(buffer)) {
                    digest.update(buffer, 0, read);
                }
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException never) {
            throw new IllegalStateException(never);
        }
    }

    /** @throws ScanException {@link ScanReason#DB_CORRUPT} or {@link ScanReason#DB_MISSING} */
    AdvisoryIndex read() throws IOException {
        var order = VersionOrder.of(ecosystem)
                .orElseThrow(() -> new ScanException(
                        ScanReason.DB_MISSING, "the versions of " + ecosystem + " cannot be compared here"));
        var files = all();
        var written = Instant.EPOCH;
        for (var file : files) {
            var modified = Files.getLastModifiedTime(file).toInstant();
            written = modified.isAfter(written) ? modified : written;
        }
        var builder = new AdvisoryIndex.Builder(ecosystem, order, written);
        for (var file : files) {
            if (file.getFileName().toString().equals(ARCHIVE)) {
                archive(file, builder);
            } else {
                try (var content = Files.newInputStream(file)) {
                    record(content, builder);
                }
            }
        }
        if (seen == unreadable || unreadable > 10 + seen / 100) {
            throw corrupt(unreadable + " of " + seen + " records cannot be read", null);
        }
        return builder.build(
                folder.getFileName() + "/"
                        + (files.size() == 1 ? files.getFirst().getFileName() : "*"),
                unreadable);
    }

    private void archive(Path file, AdvisoryIndex.Builder builder) throws IOException {
        try (var zip = new ZipFile(file.toFile())) {
            var entries = zip.entries();
            while (entries.hasMoreElements()) {
                var entry = entries.nextElement();
                if (entry.getName().endsWith(".json")) {
                    try (var content = zip.getInputStream(entry)) {
                        record(content, builder);
                    }
                }
            }
        } catch (ScanException known) {
            throw known;
        } catch (IOException | RuntimeException broken) {
            throw corrupt("its archive is broken: " + broken.getMessage(), broken);
        }
    }

    private void record(InputStream content, AdvisoryIndex.Builder builder) throws IOException {
        if (++seen > MOST_RECORDS || bytes > LARGEST_TOTAL) {
            throw corrupt("more than " + MOST_RECORDS + " records or " + LARGEST_TOTAL + " bytes", null);
        }
        var bounded = new BoundedInput(new BufferedInputStream(content), LARGEST_RECORD);
        try {
            builder.add(OsvReader.read(bounded));
        } catch (java.util.zip.ZipException broken) {
            throw broken;
        } catch (IOException | RuntimeException malformed) {
            unreadable++;
        } finally {
            bytes += bounded.count();
        }
    }

    private ScanException corrupt(String what, @org.jspecify.annotations.Nullable Throwable cause) {
        var text = "the advisories for " + ecosystem + " cannot be used: " + what;
        return cause == null
                ? new ScanException(ScanReason.DB_CORRUPT, text)
                : new ScanException(ScanReason.DB_CORRUPT, text, cause);
    }
}
