package io.scaibunker.oci;

import static io.scaibunker.oci.SourceException.Reason.AUTH;
import static io.scaibunker.oci.SourceException.Reason.NOT_FOUND;
import static io.scaibunker.oci.SourceException.Reason.UNREACHABLE;
import static io.scaibunker.oci.SourceException.Reason.UNSUPPORTED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.scaibunker.testkit.LocalRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against a real registry, filled by skopeo and by hand. */
class RegistrySourceTest {
    private static final SourceConfig.Patience SHORT = new SourceConfig.Patience(
            Duration.ofSeconds(2), Duration.ofSeconds(2), 2, Duration.ofMillis(10), Duration.ofMillis(100));
    private static final Optional<RegistryCredential> NONE = Optional.empty();

    @TempDir
    static Path shared;

    @TempDir
    Path directory;

    static LocalRegistry open;
    static LocalRegistry closed;

    @BeforeAll
    static void start() {
        var missing = LocalRegistry.missingTools();
        assumeTrue(missing.isEmpty(), () -> "not installed: " + missing);
        open = LocalRegistry.start(shared.resolve("open"));
        closed = LocalRegistry.start(shared.resolve("closed"), "ada", "right");
    }

    @AfterAll
    static void stop() {
        if (closed != null) {
            open.close();
            closed.close();
        }
    }

    private static SourceConfig config() {
        return SourceConfig.DEFAULTS
                .withInsecureHosts(Set.of(open.host(), closed.host()))
                .withPatience(SHORT);
    }

    private static ResolvedImage resolve(
            SourceConfig config, String reference, Optional<RegistryCredential> credential) {
        return resolve(config, reference, Platform.LINUX_AMD64, credential);
    }

    private static ResolvedImage resolve(
            SourceConfig config, String reference, Platform platform, Optional<RegistryCredential> credential) {
        try (var source = new ImageSources(config).registry(reference, platform, credential)) {
            return source.resolve(ByteProgress.IGNORED);
        }
    }

    @Test
    void layersOfEverySortArriveUnderTheirDigest() throws IOException {
        var image = TestImage.ofThreeLayers();
        image.push(open, "team/app", "1");
        var blobs = new BlobDir(directory.resolve("blobs"));
        try (var source =
                new ImageSources(config()).registry(open.host() + "/team/app:1", Platform.LINUX_AMD64, NONE)) {
            var resolved = source.resolve(ByteProgress.IGNORED);
            assertThat(resolved.digest()).isEqualTo(image.manifest().digest());
            assertThat(resolved.layers())
                    .extracting(Layer::diffId)
                    .isEqualTo(image.diffIds.stream().map(Optional::of).toList());
            assertThat(resolved.layers())
                    .extracting(Layer::mediaType)
                    .containsExactly(TestImage.GZIP, TestImage.ZSTD, MediaTypes.TAR);
            assertThat(resolved.config().env()).containsExactly("PATH=/bin", "A=b");
            assertThat(resolved.config().entrypoint()).containsExactly("/bin/tini", "--");
            assertThat(resolved.config().workdir()).isEqualTo("/srv");
            assertThat(resolved.config().labels()).containsEntry("maker", "test");
            for (var layer : resolved.layers()) {
                var told = new ArrayList<Long>();
                var path = source.fetch(layer, blobs, (done, total) -> told.add(done));
                assertThat(Files.readAllBytes(path))
                        .isEqualTo(image.layers.get(layer.index()).bytes());
                assertThat(told).last().isEqualTo(layer.size());
                assertThat(source.fetch(layer, blobs, ByteProgress.IGNORED)).isEqualTo(path);
            }
        }
        try (var files = Files.list(directory.resolve("blobs"))) {
            assertThat(files).hasSize(3);
        }
    }

    @Test
    void aPinnedDigestIsFound() {
        var image = TestImage.ofOneLayer("pinned");
        open.push(image.layout(directory), "team/pinned:1");
        var digest = image.manifest().digest();
        assertThat(resolve(config(), open.host() + "/team/pinned@" + digest, NONE)
                        .digest())
                .isEqualTo(digest);
    }

    @Test
    void anIndexGivesThePlatformAskedFor() {
        var amd = TestImage.ofOneLayer("amd");
        var armV6 = TestImage.ofOneLayer("six");
        var armV7 = TestImage.ofOneLayer("seven");
        armV6.architecture = "arm";
        armV7.architecture = "arm";
        for (var image : List.of(amd, armV6, armV7)) {
            image.push(open, "many", image.manifest().digest().toString());
        }
        var index = TestImage.index(
                amd.manifest().descriptor(TestImage.platform("unknown", "unknown", "")),
                amd.manifest()
                        .descriptor(",\"artifactType\":\"application/x\"" + TestImage.platform("linux", "amd64", "")),
                armV6.manifest().descriptor(TestImage.platform("linux", "arm", "v6")),
                armV7.manifest().descriptor(TestImage.platform("linux", "arm", "v7")),
                amd.manifest().descriptor(TestImage.platform("linux", "amd64", "")));
        open.putManifest("many", "1", index.mediaType(), index.bytes());
        var reference = open.host() + "/many:1";
        assertThat(resolve(config(), reference, NONE).digest())
                .isEqualTo(amd.manifest().digest());
        assertThat(resolve(config(), reference, Platform.parse("linux/arm/v7"), NONE)
                        .digest())
                .isEqualTo(armV7.manifest().digest());
        assertThat(resolve(config(), reference, Platform.parse("linux/arm/v6"), NONE)
                        .digest())
                .isEqualTo(armV6.manifest().digest());
        Refused.with(UNSUPPORTED, () -> resolve(config(), reference, Platform.parse("linux/s390x"), NONE))
                .withMessageContaining("linux/s390x")
                .withMessageContaining("linux/arm/v6");
    }

    @Test
    void anImageForAnotherPlatformIsRefused() {
        var image = TestImage.ofOneLayer("arm");
        image.architecture = "arm64";
        image.push(open, "arm-only", "1");
        Refused.with(UNSUPPORTED, () -> resolve(config(), open.host() + "/arm-only:1", NONE))
                .withMessageContaining("linux/arm64");
    }

    @Test
    void aTagOrRepositoryThatIsNotThereIsNotFound() {
        TestImage.ofOneLayer("here").push(open, "here", "1");
        Refused.with(NOT_FOUND, () -> resolve(config(), open.host() + "/here:2", NONE))
                .withMessageContaining("here:2");
        Refused.with(NOT_FOUND, () -> resolve(config(), open.host() + "/nowhere:1", NONE));
    }

    @Test
    void whatIsNoContainerImageIsNamed() {
        var chart = TestImage.ofOneLayer("chart");
        var config = new TestImage.Blob("application/vnd.cncf.helm.config.v1+json", TestImage.text("{}"));
        chart.layers.forEach(blob -> open.putBlob("charts", blob.digest().toString(), blob.bytes()));
        open.putBlob("charts", config.digest().toString(), config.bytes());
        open.putManifest(
                "charts", "1", MediaTypes.OCI_MANIFEST, chart.manifest(config).bytes());
        Refused.with(UNSUPPORTED, () -> resolve(config(), open.host() + "/charts:1", NONE))
                .withMessageContaining("application/vnd.cncf.helm.config.v1+json");
    }

    @Test
    void aClosedRegistryLetsInWhoHasThePassword() {
        var image = TestImage.ofOneLayer("secret");
        closed.push(image.layout(directory), "secret:1");
        var reference = closed.host() + "/secret:1";
        Refused.with(AUTH, () -> resolve(config(), reference, NONE)).withMessageContaining("none are known");
        Refused.with(AUTH, () -> resolve(config(), reference, password("wrong")))
                .withMessageContaining("refuses")
                .withMessageContaining(closed.host())
                .satisfies(failure -> assertThat(failure.toString()).doesNotContain("wrong"));
        assertThat(resolve(config(), reference, password("right")).digest())
                .isEqualTo(image.manifest().digest());
    }

    @Test
    void theOperatorsFileServesUnlessTheTenantHasHisOwn() throws IOException {
        var image = TestImage.ofOneLayer("operator");
        closed.push(image.layout(directory.resolve("layout")), "operator:1");
        var reference = closed.host() + "/operator:1";
        var operator = config().withDockerConfig(dockerConfig("right"));
        assertThat(resolve(operator, reference, NONE).digest())
                .isEqualTo(image.manifest().digest());
        Refused.with(AUTH, () -> resolve(operator, reference, password("wrong")));
        var mistaken = config().withDockerConfig(dockerConfig("wrong"));
        assertThat(resolve(mistaken, reference, password("right")).digest())
                .isEqualTo(image.manifest().digest());
        Refused.with(AUTH, () -> resolve(mistaken, reference, NONE));
        Refused.with(AUTH, () -> resolve(config().withDockerConfig(directory.resolve("absent")), reference, NONE));
    }

    private static Optional<RegistryCredential> password(String password) {
        return Optional.of(new RegistryCredential.Password("ada", password));
    }

    private Path dockerConfig(String password) throws IOException {
        var auth = Base64.getEncoder().encodeToString(TestImage.text("ada:" + password));
        return Files.writeString(
                directory.resolve(password + ".json"),
                "{\"auths\":{\"%s\":{\"auth\":\"%s\"}}}".formatted(closed.host(), auth));
    }

    @Test
    void aMirrorIsAskedFirstAndItsHostWhenItFails() {
        var image = TestImage.ofOneLayer("mirrored");
        image.push(open, "mirrored", "1");
        var elsewhere = "registry.invalid";
        var mirrored = config().withMirrors(Map.of(elsewhere, List.of(open.host())));
        assertThat(resolve(mirrored, elsewhere + "/mirrored:1", NONE).digest())
                .isEqualTo(image.manifest().digest());

        var emptyMirror = config().withMirrors(Map.of(open.host(), List.of(closed.host(), elsewhere)));
        try (var source =
                new ImageSources(emptyMirror).registry(open.host() + "/mirrored:1", Platform.LINUX_AMD64, NONE)) {
            var resolved = source.resolve(ByteProgress.IGNORED);
            assertThat(source.fetch(resolved.layers().getFirst(), new BlobDir(directory), ByteProgress.IGNORED))
                    .exists();
        }
    }

    @Test
    void anUnknownHostIsUnreachable() {
        Refused.with(UNREACHABLE, () -> resolve(config(), "registry.invalid/a:1", NONE))
                .withMessageContaining("registry.invalid");
    }

    @Test
    void plainHttpNeedsTheOperatorsLeave() {
        TestImage.ofOneLayer("plain").push(open, "plain", "1");
        Refused.with(
                        UNREACHABLE,
                        () -> resolve(SourceConfig.DEFAULTS.withPatience(SHORT), open.host() + "/plain:1", NONE))
                .withMessageContaining("https")
                .matches(failure -> !failure.mayPass());
    }
}
