package io.scaibunker.worker;

import io.scaibunker.oci.BlobDir;
import io.scaibunker.oci.ByteProgress;
import io.scaibunker.oci.ContentDigest;
import io.scaibunker.oci.ImageSource;
import io.scaibunker.oci.Layer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Layer blobs that were fetched and checked, kept while there is room: a retry fetches only the rest, an image on the same
 * base only what is its own, and two bakes that need a layer fetch it once.
 *
 * <p>Blobs are kept apart by registry and repository. A manifest may name any digest; were there one heap for all, a stranger
 * who names the digest of somebody's private layer would be given it. As it is, a blob is found only by who has just resolved
 * an image of the repository that it came from, with rights of his own.
 *
 * <p>Safe for several threads; one process at a time.
 */
final class BlobCache {
    private static final Logger LOG = LoggerFactory.getLogger(BlobCache.class);
    private static final int LOCKS = 64;

    private final Path root;
    private final LongSupplier bytesMax;
    private final ReentrantLock[] fetching = new ReentrantLock[LOCKS];

    /** How many uses a blob has now. */
    private final Map<Path, Integer> inUse = new HashMap<>();

    private BlobCache(Path root, LongSupplier bytesMax) {
        this.root = root;
        this.bytesMax = bytesMax;
        for (int i = 0; i < LOCKS; i++) {
            fetching[i] = new ReentrantLock();
        }
    }

    /** Removes what a process that died left half-made. */
    static BlobCache open(Path root, long bytesMax) throws IOException {
        return open(root, () -> bytesMax);
    }

    /** @param bytesMax what it may take now: less when others need the room */
    static BlobCache open(Path root, LongSupplier bytesMax) throws IOException {
        BlobCache cache = new BlobCache(root, bytesMax);
        try (var repositories = Files.newDirectoryStream(root)) {
            for (Path repository : repositories) {
                new BlobDir(repository).sweep();
            }
        }
        cache.trim();
        return cache;
    }

    /** For one bake from one repository, as {@code host/name}: what it fetches stays until it is closed. */
    Use use(String repository) {
        ContentDigest name = ContentDigest.of(repository.getBytes(StandardCharsets.UTF_8));
        return new Use(new BlobDir(root.resolve(name.hex())));
    }

    final class Use implements AutoCloseable {
        private final BlobDir blobs;
        private final List<Path> mine = new ArrayList<>();

        private Use(BlobDir blobs) {
            this.blobs = blobs;
        }

        /** The blob as a local file; waits while another bake fetches it. */
        Path fetch(ImageSource source, Layer layer, ByteProgress progress) throws IOException {
            Path path = blobs.pathOf(layer.digest());
            ReentrantLock lock = fetching[Math.floorMod(path.hashCode(), LOCKS)];
            try {
                lock.lockInterruptibly();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new CancellationException("interrupted while another bake fetched " + layer.digest());
            }
            try {
                take(path);
                Path fetched = source.fetch(layer, blobs, progress);
                Files.setLastModifiedTime(fetched, FileTime.from(Instant.now()));
                return fetched;
            } finally {
                lock.unlock();
            }
        }

        private void take(Path path) {
            synchronized (inUse) {
                inUse.merge(path, 1, Integer::sum);
                mine.add(path);
            }
        }

        @Override
        public void close() {
            synchronized (inUse) {
                mine.forEach(path -> inUse.merge(path, -1, (had, less) -> had + less == 0 ? null : had + less));
            }
            try {
                trim();
            } catch (IOException e) {
                LOG.warn("old blobs could not be removed", e);
            }
        }
    }

    private record Blob(Path path, long bytes, FileTime used) {}

    /** Removes the blobs that were not used for longest, until the rest fits. */
    void trim() throws IOException {
        long most = bytesMax.getAsLong();
        synchronized (inUse) {
            List<Blob> blobs = blobs();
            long bytes = blobs.stream().mapToLong(Blob::bytes).sum();
            blobs.sort(Comparator.comparing(Blob::used));
            for (Blob blob : blobs) {
                if (bytes <= most) {
                    return;
                }
                if (!inUse.containsKey(blob.path())) {
                    Files.deleteIfExists(blob.path());
                    bytes -= blob.bytes();
                }
            }
        }
    }

    /** What all of it takes on disk. */
    long bytes() throws IOException {
        return blobs().stream().mapToLong(Blob::bytes).sum();
    }

    private List<Blob> blobs() throws IOException {
        List<Blob> found = new ArrayList<>();
        try (var files = Files.walk(root, 2)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                try {
                    BasicFileAttributes is = Files.readAttributes(file, BasicFileAttributes.class);
                    if (is.isRegularFile() && !file.toString().endsWith(".part")) {
                        found.add(new Blob(file, is.size(), is.lastModifiedTime()));
                    }
                } catch (NoSuchFileException gone) {
                    LOG.debug("{} went while it was looked at", file);
                }
            }
        }
        return found;
    }
}
