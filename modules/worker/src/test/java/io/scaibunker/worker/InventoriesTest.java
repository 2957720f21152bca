package io.scaibunker.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.scaibunker.bus.Answer.Turn;
import io.scaibunker.bus.Answer.WantedCopy;
import io.scaibunker.bus.FleetPass;
import io.scaibunker.bus.InventoryClient;
import io.scaibunker.bus.Question.Copy;
import io.scaibunker.model.BuildSource;
import io.scaibunker.model.CachePhase;
import io.scaibunker.model.CacheStatus;
import io.scaibunker.model.Digest;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.PlatformException;
import io.scaibunker.model.Secret;
import io.scaibunker.oci.ImageSources;
import io.scaibunker.oci.SourceConfig;
import io.scaibunker.vulns.Component;
import io.scaibunker.vulns.InventoryJson;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.grpc.server.GrpcServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What real copies hold, asked for by real gRPC. */
class InventoriesTest {
    private static final int PACKAGES = 20_000;
    private static final Digest UNKNOWN = new Digest("sha256:" + "9".repeat(64));

    @TempDir
    Path directory;

    private final Vertx vertx = Vertx.vertx();
    private Path roots;
    private WorkerFiles files;
    private CopyLedger ledger;
    private ImageBaker baker;
    private String address;

    @BeforeEach
    void open() throws Exception {
        roots = Files.createDirectories(directory.resolve("roots"));
        files = WorkerFiles.open(directory.resolve("worker"));
        ledger = CopyLedger.open(files.copies());
        Inventories inventories = new Inventories(files.inventories(), ledger);
        ImageSources sources = new ImageSources(SourceConfig.DEFAULTS.withTarRoots(List.of(roots)));
        baker = new ImageBaker(
                files,
                ledger,
                inventories,
                BlobCache.open(files.blobs(), 0),
                sources,
                SnapshotShelf.open(files.snapshots(), ledger),
                new Throttle(0, () -> false),
                WorkerConfig.Baker.NATIVE);
        GrpcServer grpc = GrpcServer.server(vertx);
        new InventoryServer(inventories, new Bench(vertx, 1, 1, 1), new Membership(FleetPass.of(new Secret("token"))))
                .enrol(grpc);
        HttpServer server = vertx.createHttpServer()
                .requestHandler(grpc)
                .listen(0, "127.0.0.1")
                .await();
        address = "127.0.0.1:" + server.actualPort();
    }

    @AfterEach
    void close() {
        vertx.close().await();
    }

    @Test
    void whatACopyHoldsIsToldToMembersOnly() throws Exception {
        Copy copy = bake(PACKAGES);
        byte[] packed = client("token").read(address, copy.artifactDigest()).await();
        assertThat(packed).hasSizeGreaterThan(2 * 64 * 1024);
        assertThat(InventoryJson.unpack(packed).components())
                .hasSize(PACKAGES)
                .first()
                .extracting(Component::ecosystem)
                .hasToString("Debian:12");
        assertUnavailable("wrong", copy.artifactDigest());
        assertUnavailable("token", UNKNOWN);
    }

    @Test
    void whatWasLostIsMadeAgainFromTheCopy() throws Exception {
        Copy copy = bake(3);
        byte[] packed = client("token").read(address, copy.artifactDigest()).await();
        Path kept = onlyFile();
        Files.delete(kept);
        assertThat(client("token").read(address, copy.artifactDigest()).await()).isEqualTo(packed);
        assertThat(kept).exists();
    }

    @Test
    void whatCopiesHeldThatAreGoneIsForgotten() throws Exception {
        bake(3);
        Path first = onlyFile();
        ledger.all().keySet().forEach(this::remove);
        Copy second = bake(4);
        baker.tidy();
        assertThat(first).doesNotExist();
        assertThat(onlyFile().getFileName().toString())
                .startsWith(second.artifactDigest().hex());
    }

    private void assertUnavailable(String token, Digest artifact) {
        assertThatThrownBy(() -> client(token).read(address, artifact).await())
                .isInstanceOfSatisfying(
                        PlatformException.class,
                        told -> assertThat(told.code()).isEqualTo(ErrorCode.SERVICE_UNAVAILABLE));
    }

    private InventoryClient client(String token) {
        return new InventoryClient(
                vertx, FleetPass.of(new Secret(token)), Duration.ofSeconds(2), Duration.ofSeconds(20));
    }

    private void remove(ImageId image) {
        try {
            ledger.remove(image);
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private Path onlyFile() throws Exception {
        try (var kept = Files.list(files.inventories())) {
            List<Path> all = kept.toList();
            assertThat(all).hasSize(1);
            return all.getFirst();
        }
    }

    private Copy bake(int packages) throws Exception {
        StringBuilder status = new StringBuilder();
        for (int index = 0; index < packages; index++) {
            status.append("Package: p")
                    .append(Integer.toHexString(index * 0x9e3779b1))
                    .append("\nStatus: install ok installed\nVersion: 1.")
                    .append(index)
                    .append("\n\n");
        }
        Map<String, String> content = new LinkedHashMap<>();
        content.put("etc/os-release", "ID=debian\nVERSION_ID=12\n");
        content.put("var/lib/dpkg/status", status.toString());
        Path tar = Tars.of(roots.resolve(packages + ".tar"), content);
        WantedCopy wanted = new WantedCopy(
                ImageId.fresh(),
                1,
                CacheStatus.PENDING,
                true,
                new BuildSource.Tar(tar.toString()),
                32,
                null,
                null,
                false);
        Turn ours = new Turn(Turn.Kind.BAKE, null, List.of());
        BakeJob job =
                new BakeJob(wanted, Optional.empty(), UnaryOperator.identity(), () -> ours, new BakeJob.Listener() {
                    @Override
                    public void phase(CachePhase phase) {}

                    @Override
                    public void bytes(CachePhase phase, String source, long done, long total) {}
                });
        return baker.bake(job).orElseThrow();
    }
}
