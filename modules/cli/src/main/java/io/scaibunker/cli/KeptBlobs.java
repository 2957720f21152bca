package io.scaibunker.cli;

import io.scaibunker.oci.BlobDir;
import io.scaibunker.oci.ByteProgress;
import io.scaibunker.oci.ContentDigest;
import io.scaibunker.oci.ImageReference;
import io.scaibunker.oci.ImageSource;
import io.scaibunker.oci.Layer;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Fetched layers that stay for the next bake: after a cut link only the rest is fetched, and of an image on the same base only
 * what is its own. By repository, as a worker keeps them: what one may read of a registry is not found under another name.
 *
 * <p>Several processes may use one directory. Each holds a shared lock; who finds itself alone in the end removes what dead
 * ones left half-made, and the layers that were not used for longest beyond {@link #MOST_BYTES}, its own excepted.
 */
final class KeptBlobs implements BlobPlace {
    static final long MOST_BYTES = 10L << 30;

    private static final String LOCK = "lock";

    private final Path root;
    private final long mostBytes;
    private final BlobDir blobs;
    private final FileChannel lock;
    private final Set<Path> mine = new HashSet<>();

    /**
     * @param root a directory, which is there
     * @param repository of the image that is baked
     */
    KeptBlobs(Path root, ImageReference repository, long mostBytes) throws IOException {
        this.root = root;
        this.mostBytes = mostBytes;
        var name = repository.registry() + "/" + repository.repository();
        blobs = new BlobDir(root.resolve(
                ContentDigest.of(name.getBytes(StandardCharsets.UTF_8)).hex()));
        lock = FileChannel.open(
                root.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        lock.lock(0, Long.MAX_VALUE, true);
    }

    @Override
    public Optional<Path> find(Layer layer) throws IOException {
        var found = blobs.find(layer.digest(), layer.size());
        if (found.isPresent()) {
            used(found.get());
        }
        return found;
    }

    @Override
    public Path fetch(ImageSource source, Layer layer, ByteProgress progress) throws IOException {
        var fetched = source.fetch(layer, blobs, progress);
        used(fetched);
        return fetched;
    }

    private void used(Path blob) throws IOException {
        mine.add(blob);
        Files.setLastModifiedTime(blob, FileTime.from(Instant.now()));
    }

    @Override
    public void close() throws IOException {
        lock.close();
        try (var alone = FileChannel.open(root.resolve(LOCK), StandardOpenOption.WRITE);
                var exclusive = alone.tryLock()) {
            if (exclusive != null) {
                tidy();
            }
        }
    }

    private record Blob(Path path, long bytes, FileTime used) {}

    private void tidy() throws IOException {
        var kept = new ArrayList<Blob>();
        try (var repositories = Files.newDirectoryStream(root, KeptBlobs::isOurs)) {
            for (var repository : repositories) {
                new BlobDir(repository).sweep();
                kept.addAll(blobsIn(repository));
            }
        }
        kept.sort(Comparator.comparing(Blob::used));
        var bytes = kept.stream().mapToLong(Blob::bytes).sum();
        for (var blob : kept) {
            if (bytes > mostBytes && !mine.contains(blob.path())) {
                Files.delete(blob.path());
                bytes -= blob.bytes();
            }
        }
    }

    /** Whatever else somebody has in that directory is left alone. */
    private static boolean isOurs(Path named) {
        return named.getFileName().toString().matches("[0-9a-f]{64}");
    }

    private static List<Blob> blobsIn(Path repository) throws IOException {
        var found = new ArrayList<Blob>();
        try (var files = Files.newDirectoryStream(repository, KeptBlobs::isOurs)) {
            for (var file : files) {
                found.add(new Blob(file, Files.size(file), Files.getLastModifiedTime(file)));
            }
        }
        return found;
    }
}
