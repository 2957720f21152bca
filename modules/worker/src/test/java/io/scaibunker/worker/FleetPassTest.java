package io.scaibunker.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.scaibunker.bus.FleetPass;
import io.scaibunker.bus.InventoryClient;
import io.scaibunker.model.Digest;
import io.scaibunker.model.Secret;
import io.scaibunker.model.WorkerId;
import io.scaibunker.testkit.Authority;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.grpc.server.GrpcServer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who is served by a worker that has a certificate: a member with one of the same authority, and nobody else. */
class FleetPassTest {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final Secret TOKEN = new Secret("a word among members");
    private static final String NONE = "sha256:" + "9".repeat(64);

    @TempDir
    static Path ours;

    @TempDir
    static Path theirs;

    private static Authority authority;
    private static FleetPass.Tls node;
    private static FleetPass.Tls stranger;

    @TempDir
    Path directory;

    private final Vertx vertx = Vertx.vertx();
    private String address;

    @BeforeAll
    static void makeCertificates() {
        authority = Authority.in(ours, "fleet");
        node = tls(authority.issue("node"), authority);
        // Believes us, and shows what another authority gave.
        stranger = tls(Authority.in(theirs, "other").issue("stranger"), authority);
    }

    private static FleetPass.Tls tls(Authority.Certificate shown, Authority believed) {
        return new FleetPass.Tls(shown.certificate(), shown.key(), believed.certificate());
    }

    @BeforeEach
    void serve() throws IOException {
        address = serve(node);
    }

    private String serve(FleetPass.Tls shown) throws IOException {
        FleetPass pass = new FleetPass(TOKEN, Optional.of(shown));
        CopyLedger ledger = CopyLedger.open(directory);
        GrpcServer grpc = GrpcServer.server(vertx);
        Membership membership = new Membership(pass);
        Bench bench = new Bench(vertx, 1, 1, 1);
        new ExchangeServer(
                        WorkerId.fresh(),
                        vertx,
                        new Shelf(ledger),
                        new Uploads(1),
                        new Throttle(0, () -> false),
                        bench,
                        membership)
                .enrol(grpc);
        new InventoryServer(new Inventories(directory, ledger), bench, membership).enrol(grpc);
        HttpServer server = vertx.createHttpServer(
                        pass.server().setHost("127.0.0.1").setPort(0))
                .requestHandler(grpc)
                .listen()
                .await();
        return "127.0.0.1:" + server.actualPort();
    }

    @AfterEach
    void close() {
        vertx.close().await();
    }

    private String answer(Secret token, Optional<FleetPass.Tls> shown) {
        var client = new ExchangeClient(vertx, new FleetPass(token, shown), LIMIT, LIMIT);
        try {
            client.table(address, NONE, server -> {});
            return "served";
        } catch (IOException refused) {
            return String.valueOf(refused.getMessage());
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        } finally {
            client.close().await();
        }
    }

    @Test
    void aMemberIsServed() {
        assertThat(answer(TOKEN, Optional.of(node))).startsWith("NOT_FOUND");
        // One that has moved on to another certificate of the same authority.
        assertThat(answer(TOKEN, Optional.of(tls(authority.issue("another"), authority))))
                .startsWith("NOT_FOUND");
        var inventories = new InventoryClient(vertx, new FleetPass(TOKEN, Optional.of(node)), LIMIT, LIMIT);
        assertThatThrownBy(() -> inventories.read(address, new Digest(NONE)).await())
                .hasMessageContaining("is not on this worker");
    }

    @Test
    void aStrangerDoesNotGetAsFarAsBeingRefused() {
        for (var shown : List.of(Optional.<FleetPass.Tls>empty(), Optional.of(stranger))) {
            assertThat(answer(TOKEN, shown)).doesNotContain("NOT_FOUND", "UNAUTHENTICATED", "served");
        }
        var inventories = new InventoryClient(vertx, new FleetPass(TOKEN, Optional.of(stranger)), LIMIT, LIMIT);
        assertThatThrownBy(() -> inventories.read(address, new Digest(NONE)).await())
                .hasMessageNotContaining("worker answered");
    }

    @Test
    void aCertificateWithoutTheWordIsNotEnough() {
        assertThat(answer(new Secret("guessed"), Optional.of(node))).startsWith("UNAUTHENTICATED");
    }

    @Test
    void whoPretendsToBeAWorkerIsNotTalkedTo() throws IOException {
        address = serve(stranger);
        assertThat(answer(TOKEN, Optional.of(node))).doesNotContain("NOT_FOUND", "UNAUTHENTICATED", "served");
    }
}
