package io.scaibunker.worker;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.scaibunker.bus.Question.Copy;
import io.scaibunker.bus.Question.LaidSegment;
import io.scaibunker.bus.Question.Layout;
import io.scaibunker.ext4.ImageTable;
import io.scaibunker.model.Digest;
import io.scaibunker.model.ImageId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What this worker holds: one entry an image, naming a file by its digest. Images with equal content share the file. The
 * file comes before the entry and goes after the last one, so that an entry without its file means a lost file, and a
 * file without an entry means nothing.
 *
 * <p>Safe for several threads: one change at a time; reads are of memory.
 */
final class CopyLedger {
    private static final Logger LOG = LoggerFactory.getLogger(CopyLedger.class);
    private static final ObjectMapper JSON = JsonMapper.builder().build();
    private static final String FILE = ".ext4";
    private static final String ENTRY = ".json";
    private static final String TABLE = ".table";

    /** An entry as it is written. */
    record Line(
            String artifactDigest,
            long sizeBytes,
            long allocatedBytes,
            long entries,
            String sourceDigest,
            String writer,
            @Nullable Laid laid) {
        static Line of(Copy copy, Optional<Layout> layout) {
            return new Line(
                    copy.artifactDigest().text(),
                    copy.sizeBytes(),
                    copy.allocatedBytes(),
                    copy.entries(),
                    copy.sourceDigest().text(),
                    copy.writer(),
                    layout.map(Laid::of).orElse(null));
        }

        Copy copy() {
            return new Copy(
                    new Digest(artifactDigest), sizeBytes, allocatedBytes, entries, new Digest(sourceDigest), writer);
        }
    }

    /** How it was laid out, where it was baked here. */
    record Laid(List<Part> parts, int more) {
        record Part(@Nullable String diffId, long bytes, long hiddenBytes, boolean reused) {}

        static Laid of(Layout layout) {
            return new Laid(
                    layout.segments().stream()
                            .map(segment -> new Part(
                                    segment.diffId() == null
                                            ? null
                                            : segment.diffId().text(),
                                    segment.bytes(),
                                    segment.hiddenBytes(),
                                    segment.reused()))
                            .toList(),
                    layout.more());
        }

        Layout layout() {
            return new Layout(
                    parts.stream()
                            .map(part -> new LaidSegment(
                                    part.diffId() == null ? null : new Digest(part.diffId()),
                                    part.bytes(),
                                    part.hiddenBytes(),
                                    part.reused()))
                            .toList(),
                    more);
        }
    }

    private final Path directory;
    private final Map<ImageId, Copy> copies = new ConcurrentHashMap<>();
    private final Map<ImageId, Layout> layouts = new ConcurrentHashMap<>();
    private final AtomicInteger removals = new AtomicInteger();

    private CopyLedger(Path directory) {
        this.directory = directory;
    }

    /** Reads the ledger; forgets entries whose file is gone or of another size, and removes files that nobody names. */
    static CopyLedger open(Path directory) throws IOException {
        CopyLedger ledger = new CopyLedger(directory);
        try (var files = Files.newDirectoryStream(directory, "*" + ENTRY)) {
            for (Path file : files) {
                ledger.read(file);
            }
        }
        ledger.removeUnnamed();
        LOG.info("{} copies are here, {} bytes on disk", ledger.copies.size(), ledger.bytes());
        return ledger;
    }

    private void read(Path file) throws IOException {
        try {
            String name = file.getFileName().toString();
            ImageId imageId = ImageId.parse(name.substring(0, name.length() - ENTRY.length()));
            Line line = JSON.readValue(file.toFile(), Line.class);
            Copy copy = line.copy();
            if (isWhole(copy)) {
                copies.put(imageId, copy);
                if (line.laid() != null) {
                    layouts.put(imageId, line.laid().layout());
                }
                return;
            }
            LOG.warn("the copy of {} is gone from disk", imageId);
        } catch (IOException | IllegalArgumentException e) {
            LOG.warn("the ledger entry {} cannot be read; the copy is made again", file, e);
        }
        Files.deleteIfExists(file);
    }

    private boolean isWhole(Copy copy) throws IOException {
        Path file = fileOf(copy.artifactDigest());
        // Without its table nobody can be served from it: it is made whole again as one that was lost.
        return Files.isRegularFile(file)
                && Files.size(file) == copy.sizeBytes()
                && Files.isRegularFile(tableOf(copy.artifactDigest()));
    }

    /** Removes files that no entry names: what a process that died between file and entry has left. */
    synchronized void removeUnnamed() throws IOException {
        for (Path file : unnamed()) {
            Files.deleteIfExists(file);
            LOG.warn("removed {}, which no entry named", file.getFileName());
        }
    }

    /** Files that no entry names. */
    synchronized List<Path> unnamed() throws IOException {
        Set<Path> named = copies.values().stream()
                .map(copy -> fileOf(copy.artifactDigest()))
                .collect(Collectors.toSet());
        List<Path> unnamed = new ArrayList<>();
        try (var files = Files.newDirectoryStream(directory, "*{" + FILE + "," + TABLE + ",.part}")) {
            files.forEach(file -> {
                if (!named.contains(file) && !named.contains(besides(file))) {
                    unnamed.add(file);
                }
            });
        }
        return unnamed;
    }

    /** The image whose table this would be. */
    private static Path besides(Path file) {
        return file.resolveSibling(file.getFileName().toString().replace(TABLE, FILE));
    }

    Path fileOf(Digest artifact) {
        return directory.resolve(artifact.hex() + FILE);
    }

    private Path tableOf(Digest artifact) {
        return directory.resolve(artifact.hex() + TABLE);
    }

    /** What a copy consists of; empty if it is not here, or its table was lost. */
    Optional<ImageTable> table(Digest artifact) throws IOException {
        try {
            ImageTable table = ImageTable.decode(Files.readAllBytes(tableOf(artifact)));
            return table.digest().equals(artifact.text()) ? Optional.of(table) : Optional.empty();
        } catch (NoSuchFileException none) {
            return Optional.empty();
        }
    }

    /** How a copy was laid out; empty unless it was baked here for this image. */
    Optional<Layout> layout(ImageId imageId) {
        return Optional.ofNullable(layouts.get(imageId));
    }

    /** The copy of an image, as far as {@link #forgetLost} has last seen. */
    Optional<Copy> find(ImageId imageId) {
        return Optional.ofNullable(copies.get(imageId));
    }

    /** Forgets copies whose file went away under us, or was cut short, or without its table. */
    synchronized void forgetLost() throws IOException {
        for (Map.Entry<ImageId, Copy> entry : copies.entrySet()) {
            if (!isWhole(entry.getValue())) {
                LOG.warn("the copy of {} is gone from disk", entry.getKey());
                remove(entry.getKey());
            }
        }
    }

    /** A copy of any image that was made from the same by the same writer. */
    Optional<Copy> findEqual(Digest source, long sizeBytes, String writer) {
        return copies.values().stream()
                .filter(copy -> copy.sourceDigest().equals(source)
                        && copy.sizeBytes() == sizeBytes
                        && copy.writer().equals(writer))
                .findFirst();
    }

    Map<ImageId, Copy> all() {
        return Map.copyOf(copies);
    }

    /** What all copies take on disk; a shared file counts once. */
    long bytes() {
        return copies.values().stream()
                .collect(Collectors.toMap(Copy::artifactDigest, Copy::allocatedBytes, Math::max))
                .values()
                .stream()
                .mapToLong(Long::longValue)
                .sum();
    }

    /** Takes a file that came from others in under its digest, and names it. */
    void add(ImageId imageId, Copy copy, Path finished, ImageTable table) throws IOException {
        add(imageId, copy, finished, table, Optional.empty());
    }

    /** The same for what was baked here. */
    void add(ImageId imageId, Copy copy, Path finished, ImageTable table, Layout layout) throws IOException {
        add(imageId, copy, finished, table, Optional.of(layout));
    }

    private synchronized void add(ImageId imageId, Copy copy, Path finished, ImageTable table, Optional<Layout> layout)
            throws IOException {
        WorkerFiles.writeWhole(tableOf(copy.artifactDigest()), table.encoded());
        Files.move(
                finished,
                fileOf(copy.artifactDigest()),
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
        name(imageId, copy, layout);
    }

    /** Names a file that is here already. False if it went away meanwhile. */
    synchronized boolean share(ImageId imageId, Copy copy) throws IOException {
        if (!isWhole(copy)) {
            return false;
        }
        name(imageId, copy, Optional.empty());
        return true;
    }

    private void name(ImageId imageId, Copy copy, Optional<Layout> layout) throws IOException {
        WorkerFiles.writeWhole(directory.resolve(imageId + ENTRY), JSON.writeValueAsString(Line.of(copy, layout)));
        layout.ifPresentOrElse(laid -> layouts.put(imageId, laid), () -> layouts.remove(imageId));
        copies.put(imageId, copy);
    }

    /** How often a copy was let go since the start. */
    int removals() {
        return removals.get();
    }

    /** Lets a copy go: first its entry, then its file, if no other image names it. */
    void remove(ImageId imageId) throws IOException {
        erase(imageId, forget(imageId));
    }

    /** From now on nobody finds the copy here; what it takes on disk is still to be {@linkplain #erase erased}. Does not block. */
    Optional<Copy> forget(ImageId imageId) {
        layouts.remove(imageId);
        return Optional.ofNullable(copies.remove(imageId));
    }

    /** @param forgotten what was forgotten; a copy that was made since stays */
    synchronized void erase(ImageId imageId, Optional<Copy> forgotten) throws IOException {
        removals.incrementAndGet();
        if (!copies.containsKey(imageId)) {
            Files.deleteIfExists(directory.resolve(imageId + ENTRY));
        }
        if (forgotten.isPresent()) {
            eraseFile(forgotten.get());
        }
    }

    private void eraseFile(Copy gone) throws IOException {
        if (copies.values().stream().noneMatch(copy -> copy.artifactDigest().equals(gone.artifactDigest()))) {
            Files.deleteIfExists(fileOf(gone.artifactDigest()));
            Files.deleteIfExists(tableOf(gone.artifactDigest()));
        }
    }
}
