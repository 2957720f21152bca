package io.scaibunker.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.scaibunker.layers.TarBuilder;
import io.scaibunker.oci.ImageReference;
import io.scaibunker.oci.ImageSource;
import io.scaibunker.oci.ImageSources;
import io.scaibunker.oci.Platform;
import io.scaibunker.oci.SourceConfig;
import io.scaibunker.oci.SourceException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Layers that come over a link: side by side with their unpacking, and not twice. */
class RegistryBakeTest {
    @TempDir
    private Path place;

    private TestRegistry registry;
    private Path target;

    @BeforeEach
    void opens() throws IOException {
        target = Files.createDirectory(place.resolve("target"));
        registry = new TestRegistry(
                new TarBuilder().file("one", "1".repeat(5000)),
                new TarBuilder().file("two", "2".repeat(7000)),
                new TarBuilder().file("three", "3".repeat(9000)));
    }

    @AfterEach
    void closes() {
        registry.close();
    }

    private ImageSource source() {
        var soon = new SourceConfig.Patience(
                Duration.ofSeconds(5), Duration.ofSeconds(20), 2, Duration.ofMillis(1), Duration.ofMillis(1));
        var config =
                SourceConfig.DEFAULTS.withInsecureHosts(Set.of(registry.host())).withPatience(soon);
        return new ImageSources(config).registry(registry.reference(), Platform.parse("linux/amd64"), Optional.empty());
    }

    @Test
    void whatIsHereIsReadWhileTheRestIsOnItsWay() throws Exception {
        try (var source = source()) {
            var image = source.resolve((done, total) -> {});
            try (var passing = new BlobPlace.Passing(target);
                    var fetch = new LayerFetch(
                            source, image, layer -> Optional.empty(), passing, Progress.NONE, "baking")) {
                var layers = fetch.layers().layers();
                for (var lower : layers.subList(0, 2)) {
                    try (var open = lower.open()) {
                        assertThat(open.readAllBytes()).hasSize((int) lower.storedBytes());
                    }
                }
                assertThat(registry.uppermost.getCount())
                        .as("the third is held back")
                        .isOne();
                registry.uppermost.countDown();
                try (var open = layers.get(2).open()) {
                    assertThat(open.readAllBytes()).hasSize((int) layers.get(2).storedBytes());
                }
            }
        }
        assertThat(target).isEmptyDirectory();
    }

    @Test
    void whoEndsItDoesNotWaitForWhatIsOnItsWay() throws Exception {
        try (var source = source()) {
            var image = source.resolve((done, total) -> {});
            try (var passing = new BlobPlace.Passing(target);
                    var fetch = new LayerFetch(
                            source, image, layer -> Optional.empty(), passing, Progress.NONE, "baking")) {
                fetch.layers().layers().get(1).open().close();
            }
        }
        assertThat(registry.uppermost.getCount()).isOne();
        assertThat(target).isEmptyDirectory();
    }

    @Test
    void aLayerThatDoesNotComeEndsTheBakeAtOnce() throws Exception {
        registry.cutFrom = 1;
        try (var source = source()) {
            var image = source.resolve((done, total) -> {});
            try (var passing = new BlobPlace.Passing(target);
                    var fetch = new LayerFetch(
                            source, image, layer -> Optional.empty(), passing, Progress.NONE, "baking")) {
                for (var layer : List.of(1, 2)) {
                    assertThatThrownBy(() -> fetch.layers().layers().get(layer).open())
                            .isInstanceOfSatisfying(
                                    SourceException.class,
                                    cut -> assertThat(cut.mayPass()).isTrue());
                }
                assertThatThrownBy(() -> fetch.progressed(1, 2)).isInstanceOf(SourceException.class);
            }
        }
        assertThat(target).isEmptyDirectory();
    }

    private Program.Ended bake(Object... more) {
        var line = new ArrayList<Object>(List.of(
                "bake",
                "--source=" + registry.reference(),
                "--insecure-registry=" + registry.host(),
                "--platform=linux/amd64",
                "--size-mib=8",
                "--out=" + target.resolve("out"),
                "--json"));
        line.addAll(List.of(more));
        return Program.run(line.toArray());
    }

    @Test
    void afterACutLinkOnlyTheRestIsFetched() throws Exception {
        var blobs = "--blobs=" + place.resolve("blobs");
        registry.uppermost.countDown();
        registry.cutFrom = 2;

        var cut = bake(blobs);
        assertThat(cut.code()).isEqualTo(3);
        assertThat(cut.err()).contains(registry.host()).hasLineCount(1);
        assertThat(target).isEmptyDirectory();
        registry.cutFrom = Integer.MAX_VALUE;
        registry.asked.clear();

        var whole = bake(blobs);
        assertThat(whole.err()).isEmpty();
        assertThat(registry.asked).containsExactly(2);
        var result = new ObjectMapper().readTree(whole.out());
        assertThat(result.path("source").path("fetched_bytes").asLong())
                .isPositive()
                .isLessThan(result.path("source").path("stored_bytes").asLong());
        registry.asked.clear();
        var again = new ObjectMapper().readTree(bake(blobs).out());
        assertThat(registry.asked).isEmpty();
        assertThat(again.path("source").path("fetched_bytes").asLong(-1)).isZero();
        assertThat(again.path("digest")).isEqualTo(result.path("digest"));
        assertThat(target.toFile().list()).containsExactly("out");
    }

    @Test
    void withoutADirectoryForThemNothingIsKept() throws Exception {
        registry.uppermost.countDown();
        assertThat(bake().err()).isEmpty();
        assertThat(target.toFile().list()).containsExactly("out");
        assertThat(bake().err()).isEmpty();
        assertThat(registry.asked).containsExactly(0, 1, 2, 0, 1, 2);
    }

    /** A blob whose bytes are not its own any more is told, not baked. */
    @Test
    void aKeptLayerIsCheckedAgain() throws Exception {
        var blobs = "--blobs=" + place.resolve("blobs");
        registry.uppermost.countDown();
        assertThat(bake(blobs).code()).isZero();
        for (var blob : keptBlobs()) {
            var bytes = Files.readAllBytes(blob);
            bytes[9] ^= 1; // the system that packed it: no decompressor looks at that
            Files.write(blob, bytes);
        }
        var ended = bake(blobs);
        assertThat(ended.code()).isEqualTo(4);
        assertThat(ended.err()).contains("is sha256:").hasLineCount(1);
    }

    @Test
    void theLayersThatWereNotUsedForLongestGoAndThoseInUseStay() throws Exception {
        var blobs = "--blobs=" + place.resolve("blobs");
        registry.uppermost.countDown();
        assertThat(bake(blobs).code()).isZero();
        var kept = keptBlobs();
        assertThat(kept).hasSize(3);
        Files.setLastModifiedTime(kept.get(1), FileTime.fromMillis(0));
        Files.createFile(kept.get(1).resolveSibling("dead.part"));
        var foreign = Files.createDirectory(place.resolve("blobs/photos"));
        Files.write(foreign.resolve("old.part"), new byte[1 << 20]);
        Files.setLastModifiedTime(foreign.resolve("old.part"), FileTime.fromMillis(0));
        var bytes = kept.stream().mapToLong(blob -> blob.toFile().length()).sum();

        var other = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin/java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        AtWork.class.getName(),
                        place.resolve("blobs").toString(),
                        registry.reference())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try {
            assertThat(other.inputReader().readLine()).isEqualTo("at work");
            keep(1).close();
            assertThat(keptBlobs()).hasSize(5);
        } finally {
            other.destroyForcibly().waitFor();
        }
        keep(bytes - 1).close();
        assertThat(keptBlobs()).containsExactlyInAnyOrder(kept.get(0), kept.get(2), foreign.resolve("old.part"));
    }

    private KeptBlobs keep(long mostBytes) throws IOException {
        return new KeptBlobs(place.resolve("blobs"), ImageReference.parse(registry.reference()), mostBytes);
    }

    /** Another process that uses the directory, until it is killed. */
    static final class AtWork {
        public static void main(String[] arguments) throws IOException {
            try (var _ = new KeptBlobs(Path.of(arguments[0]), ImageReference.parse(arguments[1]), 1)) {
                System.out.println("at work");
                System.in.read();
            }
        }
    }

    private List<Path> keptBlobs() throws IOException {
        try (var files = Files.walk(place.resolve("blobs"), 2)) {
            return files.filter(Files::isRegularFile)
                    .filter(file -> !file.endsWith("lock"))
                    .sorted()
                    .toList();
        }
    }
}
