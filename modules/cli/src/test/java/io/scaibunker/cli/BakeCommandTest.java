package io.scaibunker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.scaibunker.layers.TarBuilder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BakeCommandTest {
    @TempDir
    private Path place;

    private Path target;

    @BeforeEach
    void makePlaces() throws IOException {
        target = Files.createDirectory(place.resolve("target"));
    }

    @Test
    void aTarBecomesAFileSystemThatCanBeLookedInto() throws Exception {
        var tar = tar(
                new TarBuilder().directory("etc").file("etc/hostname", "box\n").symlink("name", "etc/hostname"));
        var out = target.resolve("image.ext4");

        var ended = Program.run("bake", "--source", "tar:" + tar, "--size-mib", 8, "--out", out, "--json");

        assertThat(ended.err()).isEmpty();
        assertThat(ended.code()).isZero();
        var result = new ObjectMapper().readTree(ended.out());
        var again = target.resolve("again.ext4");
        var second = Program.run("bake", "--source", "tar:" + tar, "--size-mib", 8, "--out", again, "--json");
        assertThat(new ObjectMapper().readTree(second.out()).path("digest").asText())
                .matches("sha256:[0-9a-f]{64}")
                .isEqualTo(result.path("digest").asText());
        assertThat(Files.mismatch(out, again)).isEqualTo(-1);
        Files.delete(again);
        assertThat(result.path("size_bytes").asLong()).isEqualTo(8 << 20).isEqualTo(Files.size(out));
        assertThat(result.path("entries").asInt()).isEqualTo(4);
        assertThat(result.path("source").path("name").asText())
                .isEqualTo(tar.toRealPath().toString());
        assertThat(result.path("source").path("digest").asText())
                .isEqualTo("sha256:" + sha256(Files.readAllBytes(tar)));
        assertThat(result.path("segments"))
                .singleElement()
                .satisfies(segment -> assertThat(segment.fieldNames())
                        .toIterable()
                        .containsExactly("diff_id", "offset", "length", "digest", "cut_bytes"));
        assertThat(result.path("phases").findValuesAsText("name")).startsWith("resolving", "fetching", "layers");
        assertThat(result.path("bytes_written").asLong()).isPositive();
        assertThat(result.fieldNames())
                .toIterable()
                .containsExactly(
                        "out",
                        "digest",
                        "source",
                        "baker",
                        "size_bytes",
                        "allocated_bytes",
                        "entries",
                        "segments",
                        "phases",
                        "seconds",
                        "bytes_read",
                        "bytes_written");
        assertThat(left()).containsExactly("image.ext4");

        assertThat(Program.run("image", "cat", out, "/name").out()).isEqualTo("box\n");
        assertThat(Program.run("image", "ls", out).out().lines())
                .satisfiesExactly(
                        line -> assertThat(line).startsWith("drwxr-xr-x").endsWith(" etc"),
                        line -> assertThat(line).startsWith("lrwxrwxrwx").endsWith(" name -> etc/hostname"));
        assertThat(Program.run("image", "ls", "-R", out, "etc").out().lines())
                .singleElement()
                .satisfies(line -> assertThat(line).endsWith(" etc/hostname"));
        assertThat(Program.run("image", "cat", out, "/etc").code()).isEqualTo(4);
        assertThat(Program.run("image", "cat", out, "/no"))
                .isEqualTo(new Program.Ended(3, "", "scaibunker image cat: /no: no such file in the image\n"));
        assertThat(Program.run("image", "ls", tar).code()).isEqualTo(4);
        assertThat(Program.run("image", "ls", place.resolve("no")).code()).isEqualTo(3);
    }

    @Test
    void aLayoutIsReadWhereItLiesAndGivesTheSameBytesEachTime() throws Exception {
        var layout = layout();
        var first = target.resolve("first");
        var second = target.resolve("second");

        assertThat(bake("oci-layout:" + layout, first).out()).contains("digest   sha256:", "layers   1,");
        assertThat(bake("oci-layout:" + layout, second).code()).isZero();

        assertThat(Files.mismatch(first, second)).isEqualTo(-1);
        assertThat(left()).containsExactlyInAnyOrder("first", "second");
    }

    @Test
    void aLayerThatWasBakedBeforeIsNotReadAgain() throws Exception {
        var layout = layout();
        var first = target.resolve("first");
        var second = target.resolve("second");
        var store = place.resolve("segments");
        assertThat(bakeWith(store, layout, first).err()).isEmpty();
        // A layer that cannot be read, of the right length.
        var blob = layerBlob(layout);
        Files.write(blob, new byte[(int) Files.size(blob)]);

        assertThat(bakeWith(store, layout, second).err()).isEmpty();

        assertThat(Files.mismatch(first, second)).isEqualTo(-1);
    }

    private static Program.Ended bakeWith(Path store, Path layout, Path out) {
        return Program.run(
                "bake", "--source", "oci-layout:" + layout, "--size-mib", 8, "--out", out, "--segments", store);
    }

    @Test
    void aDamagedLayerIsRefusedAndLeavesNothing() throws Exception {
        var layout = layout();
        var blob = layerBlob(layout);
        var bytes = Files.readAllBytes(blob);
        bytes[9] ^= 1; // the system that packed it: no decompressor looks at that
        Files.write(blob, bytes);

        var ended = bake("oci-layout:" + layout, target.resolve("out"));

        assertThat(ended.code()).isEqualTo(4);
        assertThat(ended.err()).contains("is sha256:").hasLineCount(1);
        assertThat(left()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 1})
    void aLayerThatIsShorterOrLongerThanItsDescriptorIsRefused(int more) throws Exception {
        var layout = layout();
        var blob = layerBlob(layout);
        Files.write(blob, Arrays.copyOf(Files.readAllBytes(blob), (int) Files.size(blob) + more));

        var ended = bake("oci-layout:" + layout, target.resolve("out"));

        assertThat(ended.code()).isEqualTo(4);
        assertThat(ended.err()).contains(blob.getFileName().toString()).hasLineCount(1);
        assertThat(left()).isEmpty();
    }

    @Test
    void whatDoesNotFitSaysHowMuchWould() throws Exception {
        var tar = tar(new TarBuilder().file("large", "0123456789".repeat(2 << 20)));

        var ended = bake("tar:" + tar, target.resolve("out"));

        assertThat(ended.code()).isEqualTo(5);
        assertThat(ended.err()).matches("scaibunker bake: the image needs [0-9]+ MiB and may take 8 MiB\n");
        assertThat(left()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "--size-mib, 0, is not a whole number from 8 to 1048576",
        "--size-mib, -1, is not a whole number from 8 to 1048576",
        "--size-mib, 1099511627776, is not a whole number from 8 to 1048576",
        "--size-mib, large, is not a whole number from 8 to 1048576",
        "--source, tar:/no/such, names no file that can be read",
        "--source, oci-layout:/usr, is no OCI layout",
        "--source, docker-archive:/usr, is no file",
        "--source, Not A Reference, Not A Reference",
        "--out, /no/such/out, there is no directory /no/such",
        "--out, /usr, is a directory",
        "--platform, linux, linux",
        "--baker, fast, 'fast'",
        "--docker-config, /no/such, cannot be read",
        "--no-such, 1, --no-such"
    })
    void aWrongCommandLineIsOneLineThatNamesTheValueAndWhatIsAllowed(String option, String value, String words)
            throws Exception {
        var tar = tar(new TarBuilder().file("a", "a"));
        var arguments = new java.util.LinkedHashMap<String, String>();
        arguments.put("--source", "tar:" + tar);
        arguments.put("--size-mib", "8");
        arguments.put("--out", target.resolve("out").toString());
        arguments.put(option, value);
        var line = new java.util.ArrayList<Object>(List.of("bake"));
        arguments.forEach((name, given) -> line.addAll(List.of(name, given)));

        var ended = Program.run(line.toArray());

        assertThat(ended.err()).contains(words).hasLineCount(1);
        assertThat(ended.code()).isEqualTo(2);
        assertThat(left()).isEmpty();
    }

    @Test
    void whatIsNoImageIsRefused() throws Exception {
        var text = Files.writeString(place.resolve("text"), "no tar at all");
        assertThat(bake("tar:" + text, target.resolve("out")).code()).isEqualTo(4);
        assertThat(left()).isEmpty();
    }

    @Test
    void aSignalEndsItAndLeavesNothing() throws Exception {
        try (var silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            var host = "127.0.0.1:" + silent.getLocalPort();
            var process = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin/java").toString(),
                            "-cp",
                            System.getProperty("java.class.path"),
                            Main.class.getName(),
                            "bake",
                            "--source=" + host + "/some/image:1",
                            "--insecure-registry=" + host,
                            "--size-mib=8",
                            "--out=" + target.resolve("out"))
                    .inheritIO()
                    .start();
            try {
                silent.accept(); // it waits for an answer now
                process.destroy();
                assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
                assertThat(process.exitValue()).isEqualTo(143);
            } finally {
                process.destroyForcibly();
            }
        }
        assertThat(left()).isEmpty();
    }

    private static Program.Ended bake(String source, Path out) {
        return Program.run("bake", "--source", source, "--size-mib", 8, "--out", out);
    }

    private List<String> left() throws IOException {
        try (var files = Files.list(target)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }

    private Path tar(TarBuilder tar) throws IOException {
        return Files.write(place.resolve("root.tar"), tar.bytes());
    }

    private Path layout() throws Exception {
        var layout = place.resolve("layout");
        Files.createDirectories(layout.resolve("blobs/sha256"));
        var tar = new TarBuilder().file("a", "content of a".repeat(1000)).bytes();
        var packed = new ByteArrayOutputStream();
        try (var gzip = new GZIPOutputStream(packed)) {
            gzip.write(tar);
        }
        var layer = blob(layout, "application/vnd.oci.image.layer.v1.tar+gzip", packed.toByteArray());
        var config = blob(layout, "application/vnd.oci.image.config.v1+json", text("""
                {"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}""".formatted(sha256(tar))));
        var manifest = blob(layout, "application/vnd.oci.image.manifest.v1+json", text("""
                {"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":%s,"layers":[%s]}""".formatted(config, layer)));
        Files.writeString(layout.resolve("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}");
        Files.writeString(layout.resolve("index.json"), "{\"schemaVersion\":2,\"manifests\":[%s]}".formatted(manifest));
        return layout;
    }

    private static String blob(Path layout, String mediaType, byte[] bytes) throws Exception {
        Files.write(layout.resolve("blobs/sha256").resolve(sha256(bytes)), bytes);
        return "{\"mediaType\":\"%s\",\"digest\":\"sha256:%s\",\"size\":%d}"
                .formatted(mediaType, sha256(bytes), bytes.length);
    }

    private static Path layerBlob(Path layout) throws IOException {
        try (var blobs = Files.list(layout.resolve("blobs/sha256"))) {
            return blobs.filter(BakeCommandTest::isGzip).findFirst().orElseThrow();
        }
    }

    private static boolean isGzip(Path file) {
        try {
            return Files.readAllBytes(file)[0] == 0x1f;
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String sha256(byte[] bytes) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }
}
