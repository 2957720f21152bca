package io.scaibunker.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.oci.ByteProgress;
import io.scaibunker.oci.ImageSource;
import io.scaibunker.oci.ImageSources;
import io.scaibunker.oci.Platform;
import io.scaibunker.oci.ResolvedImage;
import io.scaibunker.oci.SourceConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BlobCacheTest {
    private static final long MIB = 1 << 20;

    @TempDir
    Path directory;

    private Path root;
    private ImageSources sources;

    @BeforeEach
    void prepare() throws IOException {
        root = Files.createDirectories(directory.resolve("blobs"));
        sources = new ImageSources(SourceConfig.DEFAULTS.withTarRoots(List.of(directory)));
    }

    @Test
    void aBlobIsFoundAgainInItsRepositoryAndInNoOther() throws IOException {
        BlobCache cache = BlobCache.open(root, 10 * MIB);
        Path tar = Tars.of(directory.resolve("a.tar"), Map.of("a", "x".repeat(5000)));
        assertThat(fetchedBytes(cache, "host/one", tar)).isPositive();

        assertThat(fetchedBytes(cache, "host/one", tar)).isZero();
        assertThat(fetchedBytes(BlobCache.open(root, 10 * MIB), "host/one", tar))
                .isZero();
        assertThat(fetchedBytes(cache, "host/two", tar)).isPositive();
    }

    @Test
    void whatWasNotUsedForLongestGoesWhenThereIsNoRoom() throws IOException {
        BlobCache cache = BlobCache.open(root, 25_000);
        Path old = Tars.of(directory.resolve("old.tar"), Map.of("old", "x".repeat(8000)));
        Path young = Tars.of(directory.resolve("young.tar"), Map.of("young", "x".repeat(8000)));
        fetchedBytes(cache, "host/one", old);
        fetchedBytes(cache, "host/one", young);
        fetchedBytes(cache, "host/one", old);

        fetchedBytes(cache, "host/one", Tars.of(directory.resolve("new.tar"), Map.of("new", "x".repeat(8000))));

        assertThat(fetchedBytes(cache, "host/one", old)).isZero();
        assertThat(fetchedBytes(cache, "host/one", young)).isPositive();
    }

    @Test
    void whatABakeUsesStaysUntilItIsDone() throws IOException {
        BlobCache cache = BlobCache.open(root, 0);
        Path tar = Tars.of(directory.resolve("a.tar"), Map.of("a", "x"));
        try (BlobCache.Use use = cache.use("host/one");
                ImageSource source = sources.tar(tar.toString(), Platform.LINUX_AMD64)) {
            ResolvedImage image = source.resolve(ByteProgress.IGNORED);
            Path blob = use.fetch(source, image.layers().getFirst(), ByteProgress.IGNORED);
            fetchedBytes(cache, "host/two", tar);
            assertThat(blob).exists();
        }
        try (var files = Files.walk(root)) {
            assertThat(files.filter(Files::isRegularFile)).isEmpty();
        }
    }

    @Test
    void severalBakesFetchABlobOnce() throws Exception {
        BlobCache cache = BlobCache.open(root, 100 * MIB);
        Path tar = Tars.zeros(directory.resolve("a.tar.gz"), 200);
        List<Callable<Object>> bakes = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            bakes.add(() -> {
                try (BlobCache.Use use = cache.use("host/one");
                        ImageSource source = sources.tar(tar.toString(), Platform.LINUX_AMD64)) {
                    ResolvedImage image = source.resolve(ByteProgress.IGNORED);
                    Path blob = use.fetch(source, image.layers().getFirst(), ByteProgress.IGNORED);
                    return Files.readAttributes(blob, BasicFileAttributes.class).fileKey();
                }
            });
        }
        // Who fetches puts a file of his own in place.
        Set<Object> files = new HashSet<>();
        try (var executor = Executors.newFixedThreadPool(4)) {
            for (Future<Object> bake : executor.invokeAll(bakes)) {
                files.add(bake.get());
            }
        }
        assertThat(files).hasSize(1);
    }

    @Test
    void whatAProcessThatDiedLeftHalfMadeIsGoneAfterTheNextStart() throws IOException {
        Path repository = Files.createDirectories(root.resolve("a".repeat(64)));
        Path half = Files.writeString(repository.resolve("b".repeat(64) + "-1.part"), "half");

        BlobCache.open(root, MIB);

        assertThat(half).doesNotExist();
    }

    /** How many bytes of blobs came to be there. */
    private long fetchedBytes(BlobCache cache, String repository, Path tar) throws IOException {
        try (BlobCache.Use use = cache.use(repository);
                ImageSource source = sources.tar(tar.toString(), Platform.LINUX_AMD64)) {
            ResolvedImage image = source.resolve(ByteProgress.IGNORED);
            long before = written();
            use.fetch(source, image.layers().getFirst(), ByteProgress.IGNORED);
            return written() - before;
        }
    }

    private long written() throws IOException {
        long sum = 0;
        try (var files = Files.walk(root)) {
            for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
                sum += Files.size(file);
            }
        }
        return sum;
    }
}
