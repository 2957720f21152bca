package io.scaibunker.oci;

import static io.scaibunker.oci.SourceException.Reason.CORRUPT;
import static io.scaibunker.oci.SourceException.Reason.NOT_FOUND;
import static io.scaibunker.oci.SourceException.Reason.PATH_NOT_ALLOWED;
import static io.scaibunker.oci.SourceException.Reason.TOO_LARGE;
import static io.scaibunker.oci.SourceException.Reason.UNSUPPORTED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.github.luben.zstd.Zstd;
import io.scaibunker.testkit.LocalRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TarSourceTest {
    private static final byte[] ROOT_FS =
            TestImage.tar(new LinkedHashMap<>(Map.of("bin/sh", TestImage.text("#!"), "etc/passwd", new byte[2000])));

    @TempDir
    Path directory;

    private Path root;
    private Path elsewhere;
    private SourceConfig config;

    @BeforeEach
    void roots() throws IOException {
        root = Files.createDirectory(directory.resolve("root"));
        elsewhere = Files.createDirectory(directory.resolve("elsewhere"));
        config = SourceConfig.DEFAULTS.withTarRoots(List.of(root, directory.resolve("not-mounted")));
    }

    private ImageSource source(Path path) {
        return new ImageSources(config).tar(path.toString(), Platform.LINUX_AMD64);
    }

    private ResolvedImage resolve(Path path) {
        try (var source = source(path)) {
            return source.resolve(ByteProgress.IGNORED);
        }
    }

    private List<byte[]> fetchAll(Path path) throws IOException {
        var blobs = new BlobDir(directory.resolve("blobs"));
        var contents = new ArrayList<byte[]>();
        try (var source = source(path)) {
            for (var layer : source.resolve(ByteProgress.IGNORED).layers()) {
                contents.add(Files.readAllBytes(source.fetch(layer, blobs, ByteProgress.IGNORED)));
            }
        }
        return contents;
    }

    private Path write(String name, byte[] bytes) throws IOException {
        return Files.write(root.resolve(name), bytes);
    }

    private static byte[] run(byte[] input, String... command) throws IOException {
        assumeTrue(
                List.of(System.getenv("PATH").split(":")).stream()
                        .anyMatch(folder -> Files.isExecutable(Path.of(folder, command[0]))),
                () -> "not installed: " + command[0]);
        var process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (var in = process.getOutputStream()) {
            in.write(input);
        }
        return process.getInputStream().readAllBytes();
    }

    @Test
    void aRootFileSystemIsItsOwnOnlyLayerHoweverItIsPacked() throws IOException {
        var packed = Map.of(
                MediaTypes.TAR,
                ROOT_FS,
                TestImage.GZIP,
                TestImage.gzip(ROOT_FS),
                TestImage.ZSTD,
                Zstd.compress(ROOT_FS),
                MediaTypes.TAR + "+xz",
                run(ROOT_FS, "xz", "-c"));
        for (var entry : packed.entrySet()) {
            var path = write("rootfs", entry.getValue());
            var image = resolve(path);
            var isPlain = entry.getKey().equals(MediaTypes.TAR);
            var digest = ContentDigest.of(entry.getValue());
            assertThat(image.digest()).isEqualTo(digest);
            assertThat(image.layers())
                    .containsExactly(new Layer(
                            0,
                            digest,
                            entry.getKey(),
                            entry.getValue().length,
                            isPlain ? Optional.of(digest) : Optional.empty()));
            assertThat(fetchAll(path)).containsExactly(entry.getValue());
        }
    }

    @Test
    void aLayoutDirectoryIsReadAndChecked() throws IOException {
        var image = TestImage.ofThreeLayers();
        var layout = image.layout(root.resolve("layout"));
        assertThat(resolve(layout).digest()).isEqualTo(image.manifest().digest());
        assertThat(resolve(layout).config().user()).isEqualTo("app");
        assertThat(fetchAll(layout)).extracting(ContentDigest::of).isEqualTo(digests(image));

        var other = TestImage.ofOneLayer("other");
        other.layout(
                layout,
                other.manifest().descriptor(TestImage.platform("linux", "arm64", "v8")),
                image.manifest().descriptor(TestImage.platform("linux", "amd64", "")));
        assertThat(resolve(layout).digest()).isEqualTo(image.manifest().digest());
        other.layout(layout, other.manifest().descriptor(""), image.manifest().descriptor(""));
        Refused.with(UNSUPPORTED, () -> resolve(layout)).withMessageContaining("2 images");
    }

    private static List<ContentDigest> digests(TestImage image) {
        return image.layers.stream().map(TestImage.Blob::digest).toList();
    }

    @Test
    void aDamagedLayoutIsCorrupt() throws IOException {
        var image = TestImage.ofOneLayer("damaged");
        var layout = image.layout(root.resolve("layout"));
        var blob = layout.resolve(OciLayout.blobPath(image.layers.getFirst().digest()));
        var bytes = Files.readAllBytes(blob);
        bytes[20] ^= 1;
        Files.write(blob, bytes);
        Refused.with(CORRUPT, () -> fetchAll(layout)).withMessageContaining("has the content of");
        Files.write(blob, new byte[3]);
        Refused.with(CORRUPT, () -> fetchAll(layout)).withMessageContaining("3 bytes");
        Files.delete(blob);
        Refused.with(CORRUPT, () -> fetchAll(layout)).withMessageContaining("has no blobs/");
        Files.createSymbolicLink(
                blob,
                Files.write(elsewhere.resolve("secret"), image.layers.getFirst().bytes()));
        Refused.with(PATH_NOT_ALLOWED, () -> fetchAll(layout));
        Files.write(layout.resolve(OciLayout.blobPath(image.config().digest())), TestImage.text("{}"));
        Refused.with(CORRUPT, () -> resolve(layout));
        assertThat(directory.resolve("blobs")).isEmptyDirectory();
    }

    @Test
    void whatSkopeoWritesIsRead() throws IOException {
        assumeTrue(!LocalRegistry.missingTools().contains("skopeo"), "not installed: skopeo");
        var image = new TestImage()
                .layer(TestImage.GZIP, TestImage.tar(Map.of("etc/one", TestImage.text("1"))))
                .layer(TestImage.GZIP, TestImage.tar(Map.of("etc/two", TestImage.text("2"))));
        var layout = image.layout(directory.resolve("layout"));
        var docker = root.resolve("docker.tar");
        run(new byte[0], "skopeo", "copy", "-q", "oci:" + layout, "docker-archive:" + docker + ":team/app:1");
        for (var path : List.of(docker, write("docker.tar.gz", TestImage.gzip(Files.readAllBytes(docker))))) {
            var resolved = resolve(path);
            assertThat(resolved.digest()).isEqualTo(ContentDigest.of(Files.readAllBytes(path)));
            assertThat(resolved.layers())
                    .extracting(layer -> layer.diffId().orElseThrow())
                    .isEqualTo(image.diffIds);
            assertThat(resolved.config().env()).contains("A=b");
            assertThat(fetchAll(path)).extracting(ContentDigest::of).isEqualTo(image.diffIds);
        }
        var oci = root.resolve("oci.tar");
        run(new byte[0], "skopeo", "copy", "-q", "oci:" + layout, "oci-archive:" + oci);
        assertThat(resolve(oci).layers()).extracting(Layer::digest).isEqualTo(digests(image));
        assertThat(fetchAll(oci)).extracting(ContentDigest::of).isEqualTo(digests(image));
    }

    private static Map<String, byte[]> dockerArchive(TestImage image, String... layerPaths) {
        var members = new LinkedHashMap<String, byte[]>();
        members.put("./config.json", image.config().bytes());
        members.put("manifest.json", TestImage.text("""
                [{"Config":"config.json","RepoTags":null,"Layers":["%s"]}]""".formatted(String.join("\",\"", layerPaths))));
        return members;
    }

    @Test
    void oneLayerMayBeUsedTwiceAndMayBeCompressed() throws IOException {
        var image = new TestImage();
        var tar = TestImage.tar(Map.of("a", new byte[10]));
        image.layer(MediaTypes.TAR, tar).layer(TestImage.GZIP, tar).layer(MediaTypes.TAR, tar);
        var first = "ab".repeat(32);
        var members = dockerArchive(image, first + "/layer.tar", "packed.tar.gz", first + "/layer.tar");
        members.put(first + "/layer.tar", tar);
        members.put("packed.tar.gz", TestImage.gzip(tar));
        var path = write("twice.tar", TestImage.tar(members));
        assertThat(resolve(path).layers())
                .extracting(Layer::mediaType)
                .containsExactly(MediaTypes.TAR, TestImage.GZIP, MediaTypes.TAR);
        assertThat(fetchAll(path)).containsExactly(tar, TestImage.gzip(tar), tar);
    }

    @Test
    void layersOfOldDockerSavesMayBeLinks() throws IOException {
        var tools = Files.createDirectories(directory.resolve("save"));
        var tar = TestImage.tar(Map.of("a", new byte[10]));
        var image = new TestImage().layer(MediaTypes.TAR, tar).layer(MediaTypes.TAR, tar);
        var one = "1".repeat(64);
        var two = "2".repeat(64);
        Files.write(Files.createDirectory(tools.resolve(one)).resolve("layer.tar"), tar);
        Files.createSymbolicLink(
                Files.createDirectory(tools.resolve(two)).resolve("layer.tar"), Path.of("../" + one + "/layer.tar"));
        for (var member :
                dockerArchive(image, one + "/layer.tar", two + "/layer.tar").entrySet()) {
            Files.write(tools.resolve(member.getKey()), member.getValue());
        }
        var path = root.resolve("save.tar");
        run(new byte[0], "tar", "-cf", path.toString(), "-C", tools.toString(), ".");
        assertThat(fetchAll(path)).containsExactly(tar, tar);
    }

    @Test
    void aDockerArchiveThatLiesIsCorrupt() throws IOException {
        var image = TestImage.ofOneLayer("x");
        var lies = dockerArchive(image, "layer.tar");
        lies.put("layer.tar", TestImage.tar(Map.of("etc/only", TestImage.text("y"))));
        Refused.with(CORRUPT, () -> resolve(write("lies.tar", TestImage.tar(lies))))
                .withMessageContaining("its config says");
        Refused.with(CORRUPT, () -> resolve(write("none.tar", TestImage.tar(dockerArchive(image, "gone.tar")))))
                .withMessageContaining("gone.tar");
        Refused.with(
                CORRUPT, () -> resolve(write("out.tar", TestImage.tar(dockerArchive(image, "../../../etc/shadow")))));
        var two = Map.of("manifest.json", TestImage.text("[{},{}]"));
        Refused.with(UNSUPPORTED, () -> resolve(write("two.tar", TestImage.tar(two))))
                .withMessageContaining("2 images");
        image.architecture = "arm64";
        var arm = dockerArchive(image, "layer.tar");
        Refused.with(UNSUPPORTED, () -> resolve(write("arm.tar", TestImage.tar(arm))))
                .withMessageContaining("linux/arm64");
    }

    @Test
    void pathsOutsideTheRootsAreNotAllowed() throws Exception {
        var outside = Files.write(elsewhere.resolve("secret.tar"), ROOT_FS);
        Files.createSymbolicLink(root.resolve("link.tar"), outside);
        Files.createSymbolicLink(root.resolve("folder"), elsewhere);
        Files.createSymbolicLink(root.resolve("loop"), root.resolve("loop"));
        Files.createDirectory(root.resolve("empty"));
        run(new byte[0], "mkfifo", root.resolve("fifo").toString());
        for (var path : List.of(
                outside.toString(),
                "/etc/shadow",
                "/does/not/exist",
                root.toString(),
                root + "/../elsewhere/secret.tar",
                root + "/link.tar",
                root + "/folder/secret.tar",
                root + "/loop",
                root + "/empty",
                root + "/fifo",
                root + "-other/x",
                "relative.tar",
                "",
                "/a\u0000b")) {
            Refused.with(PATH_NOT_ALLOWED, () -> {
                        try (var source = new ImageSources(config).tar(path, Platform.LINUX_AMD64)) {
                            source.resolve(ByteProgress.IGNORED);
                        }
                    })
                    .withMessageContaining("path «");
        }
        config = SourceConfig.DEFAULTS;
        Refused.with(PATH_NOT_ALLOWED, () -> resolve(write("any.tar", ROOT_FS)));
    }

    @Test
    void aLinkThatStaysUnderTheRootsIsFollowed() throws IOException {
        Files.createSymbolicLink(root.resolve("latest.tar"), write("v1.tar", ROOT_FS));
        assertThat(resolve(root.resolve("latest.tar")).digest()).isEqualTo(ContentDigest.of(ROOT_FS));
        var linkToRoot = Files.createSymbolicLink(directory.resolve("root-link"), root);
        config = config.withTarRoots(List.of(linkToRoot));
        assertThat(resolve(linkToRoot.resolve("v1.tar")).digest()).isEqualTo(ContentDigest.of(ROOT_FS));
    }

    @Test
    void whatIsNoTarIsRefused() throws IOException {
        Refused.with(NOT_FOUND, () -> resolve(root.resolve("missing.tar"))).withMessageContaining("missing.tar");
        Refused.with(
                        UNSUPPORTED,
                        () -> resolve(write("text", "hello ".repeat(200).getBytes())))
                .withMessageContaining("not a tar");
        Refused.with(UNSUPPORTED, () -> resolve(write("nothing", new byte[0]))).withMessageContaining("empty");
        Refused.with(UNSUPPORTED, () -> resolve(write("zeros", new byte[10240])))
                .withMessageContaining("empty");
        var packed = TestImage.gzip(TestImage.tar(Map.of("a.json", new byte[100_000])));
        Refused.with(CORRUPT, () -> resolve(write("cut.tgz", java.util.Arrays.copyOf(packed, packed.length / 2))));
        config = config.withMaxImageBytes(1000);
        Refused.with(TOO_LARGE, () -> resolve(write("big.tar", ROOT_FS)));
        var bomb = TestImage.gzip(TestImage.tar(Map.of("layer.tar", new byte[5 << 20])));
        config = config.withMaxImageBytes(1 << 20);
        Refused.with(TOO_LARGE, () -> resolve(write("bomb.tgz", bomb))).withMessageContaining("holds more than");
    }

    @Test
    void absurdHeadersCostNoMemory() throws IOException {
        var header = TestImage.tar(Map.of("x", new byte[0]));
        header[156] = 'x';
        size(header, "77777777777");
        assertThat(resolve(write("pax.tar", header)).layers()).hasSize(1);
        header[156] = '0';
        size(header, "-0000000001");
        Refused.with(CORRUPT, () -> resolve(write("negative.tar", header)));
    }

    private static void size(byte[] header, String octal) {
        System.arraycopy(TestImage.text(octal), 0, header, 124, 11);
        System.arraycopy(TestImage.text("        "), 0, header, 148, 8);
        var sum = 0;
        for (var index = 0; index < 512; index++) {
            sum += header[index] & 0xff;
        }
        System.arraycopy(TestImage.text("%06o\0 ".formatted(sum)), 0, header, 148, 8);
    }

    @Test
    void aCallerEndsALongReadFromItsProgress() throws IOException {
        var path = write("long.tar", ROOT_FS);
        try (var source = source(path)) {
            assertThatExceptionOfType(CancellationException.class)
                    .isThrownBy(() -> source.resolve((done, total) -> {
                        throw new CancellationException("enough");
                    }));
            source.cancel();
            assertThatExceptionOfType(CancellationException.class)
                    .isThrownBy(() -> source.resolve(ByteProgress.IGNORED));
        }
    }

    @Test
    void aFileThatChangesBetweenIsCorruptAndHalfMadeFilesAreSwept() throws IOException {
        var path = write("changing.tar", ROOT_FS);
        var blobs = new BlobDir(directory.resolve("blobs"));
        try (var source = source(path)) {
            var layer = source.resolve(ByteProgress.IGNORED).layers().getFirst();
            var changed = ROOT_FS.clone();
            changed[600] ^= 1;
            Files.write(path, changed);
            Refused.with(CORRUPT, () -> source.fetch(layer, blobs, ByteProgress.IGNORED));
            Files.write(path, new byte[10]);
            Refused.with(CORRUPT, () -> source.fetch(layer, blobs, ByteProgress.IGNORED));
        }
        Files.writeString(directory.resolve("blobs/left.part"), "x");
        blobs.sweep();
        assertThat(directory.resolve("blobs")).isEmptyDirectory();
    }
}
