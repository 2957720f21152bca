package io.scaibunker.vulns;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.ZipFile;

/**
 * Takes advisories into a database without a network. A new archive is read whole before it takes the place of the old one, by a
 * rename, so that neither a broken file nor a power cut costs what was there.
 */
public final class AdvisoryImport {
    private static final long LARGEST_ARCHIVE = 4L << 30;

    private final Path directory;

    /** @param directory of the database; made if it is not there */
    public AdvisoryImport(Path directory) {
        this.directory = directory;
    }

    /**
     * Imports from a directory in the layout of a database, or from a zip of such a directory.
     *
     * @return what was imported
     * @throws ScanException {@link ScanReason#DB_MISSING} if there is nothing to import, {@link ScanReason#DB_CORRUPT} if an archive
     *     cannot be read or has shrunk by more than a tenth; those imported before it stay
     */
    public List<DatabaseStatus> from(Path source) throws IOException {
        var imported = Files.isDirectory(source) ? fromDirectory(source) : fromZip(source);
        if (imported.isEmpty()) {
            throw new ScanException(ScanReason.DB_MISSING, "no <ecosystem>/" + AdvisoryFiles.ARCHIVE + " in " + source);
        }
        return imported;
    }

    private List<DatabaseStatus> fromDirectory(Path source) throws IOException {
        var imported = new ArrayList<DatabaseStatus>();
        for (var ecosystem : new AdvisoryDatabase(source).ecosystems()) {
            var archive = source.resolve(ecosystem).resolve(AdvisoryFiles.ARCHIVE);
            if (Files.isRegularFile(archive)) {
                try (var content = Files.newInputStream(archive)) {
                    imported.add(ecosystem(ecosystem, content));
                }
            }
        }
        return imported;
    }

    private List<DatabaseStatus> fromZip(Path source) throws IOException {
        var imported = new ArrayList<DatabaseStatus>();
        try (var zip = new ZipFile(source.toFile())) {
            for (var entry : zip.stream().toList()) {
                var parts = entry.getName().split("/");
                if (parts.length >= 2
                        && parts[parts.length - 1].equals(AdvisoryFiles.ARCHIVE)
                        && VersionOrder.of(parts[parts.length - 2]).isPresent()) {
                    try (var content = zip.getInputStream(entry)) {
                        imported.add(ecosystem(parts[parts.length - 2], content));
                    }
                }
            }
        } catch (java.util.zip.ZipException broken) {
            throw new ScanException(ScanReason.DB_CORRUPT, source + " is no zip: " + broken.getMessage(), broken);
        }
        return imported;
    }

    /**
     * Imports the archive of one ecosystem from wherever it comes.
     *
     * @param ecosystem its name in OSV, without a release
     */
    public DatabaseStatus ecosystem(String ecosystem, InputStream content) throws IOException {
        if (VersionOrder.of(ecosystem).isEmpty()) {
            throw new ScanException(ScanReason.DB_MISSING, "the versions of " + ecosystem + " cannot be compared here");
        }
        Files.createDirectories(directory);
        var beside = Files.createTempDirectory(directory, ".import-");
        try {
            var archive = beside.resolve(AdvisoryFiles.ARCHIVE);
            write(content, archive);
            var status = new AdvisoryFiles(ecosystem, beside).read().status();
            refuseShrunk(ecosystem, status);
            var folder = Files.createDirectories(directory.resolve(ecosystem));
            Files.move(archive, folder.resolve(AdvisoryFiles.ARCHIVE), StandardCopyOption.ATOMIC_MOVE);
            return new DatabaseStatus(
                    ecosystem,
                    ecosystem + "/" + AdvisoryFiles.ARCHIVE,
                    status.records(),
                    status.withdrawn(),
                    status.unreadable(),
                    status.entries(),
                    status.commitsOnly(),
                    status.newest());
        } finally {
            Files.deleteIfExists(beside.resolve(AdvisoryFiles.ARCHIVE));
            Files.deleteIfExists(beside);
        }
    }

    private static void write(InputStream content, Path file) throws IOException {
        Files.copy(new BoundedInput(content, LARGEST_ARCHIVE), file);
        try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
    }

    /** A database that loses a tenth of its records at once has lost them by accident. */
    private void refuseShrunk(String ecosystem, DatabaseStatus fresh) throws IOException {
        var present = directory.resolve(ecosystem).resolve(AdvisoryFiles.ARCHIVE);
        if (!Files.isRegularFile(present)) {
            return;
        }
        int before;
        try (var zip = new ZipFile(present.toFile())) {
            before = (int) zip.stream()
                    .filter(entry -> entry.getName().endsWith(".json"))
                    .count();
        } catch (IOException broken) {
            return;
        }
        if (fresh.records() < before * 0.9) {
            throw new ScanException(
                    ScanReason.DB_CORRUPT,
                    "the new advisories for " + ecosystem + " are " + fresh.records() + ", those here are " + before);
        }
    }
}
