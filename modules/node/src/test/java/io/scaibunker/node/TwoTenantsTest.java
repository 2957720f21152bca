package io.scaibunker.node;

import static io.scaibunker.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.scaibunker.bus.BunkerAccessClient;
import io.scaibunker.bus.ExecCommand;
import io.scaibunker.bus.ExecOutput;
import io.scaibunker.bus.FleetPass;
import io.scaibunker.bus.InventoryClient;
import io.scaibunker.model.BunkerId;
import io.scaibunker.model.Digest;
import io.scaibunker.model.PlatformException;
import io.scaibunker.model.Secret;
import io.scaibunker.testkit.ApiClient;
import io.scaibunker.testkit.LocalRegistry;
import io.scaibunker.testkit.SampleImages;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One private image at a registry, two tenants, one worker: what is shared, and what is not. */
class TwoTenantsTest {
    private static final Duration BAKE = Duration.ofSeconds(90);

    @TempDir
    Path dir;

    @Test
    void oneArtifactIsSharedWithWhoMayHaveItAndNothingElseIs() throws Exception {
        for (String program : List.of("docker-registry", "htpasswd")) {
            if (!SampleImages.hasProgram(program)) {
                System.out.println(
                        "skipped: " + program + " is missing (Debian packages docker-registry, apache2-utils)");
            }
            assumeTrue(SampleImages.hasProgram(program), program + " is missing");
        }
        Path tree = Files.createDirectories(dir.resolve("tree"));
        SampleImages.bulk(tree.resolve("secret"), 4, 5);
        Path layer = SampleImages.tar(tree, dir.resolve("layer.tar"));
        try (LocalRegistry registry = LocalRegistry.start(dir.resolve("registry"), "ada", "right");
                Fleet fleet = new Fleet(dir, dir, Map.of())) {
            SampleImages.push(registry, "private/app", "1", List.of(layer));
            fleet.startWorker("one", Map.of("worker.insecure-registries", registry.host()));
            try (ApiClient first = tenant(fleet, "first");
                    ApiClient second = tenant(fleet, "second")) {
                share(fleet, registry, first, second);
                assertStrangersAreRefused(fleet);
            }
        }
    }

    private void share(Fleet fleet, LocalRegistry registry, ApiClient first, ApiClient second) {
        credential(first, registry, "right");
        JsonObject ofFirst = register(first, registry);
        awaitRow(first, "ready", "");
        String digest =
                first.get("/images/app").data().getJsonObject("artifact").getString("digest");
        long pulled = registry.givenBytes();
        assertThat(pulled).isGreaterThan(4 << 20);

        // The copy lies on the very worker, but who may not have it at the registry does not get it here.
        JsonObject ofSecond = register(second, registry);
        awaitRow(second, "failed", "SOURCE_AUTH");
        credential(second, registry, "wrong");
        second.post("/images/app/warm", new JsonObject()).data();
        awaitRow(second, "failed", "SOURCE_AUTH");
        JsonObject refused = second.get("/images/app").data();
        assertThat(refused.getValue("artifact")).isNull();
        assertThat(refused.getValue("manifest_digest")).isNull();
        assertThat(second.get("/images/app").body().encode()).doesNotContain(digest);

        credential(second, registry, "right");
        second.post("/images/app/warm", new JsonObject()).data();
        awaitRow(second, "ready", "");
        assertThat(second.get("/images/app").data().getJsonObject("artifact").getString("digest"))
                .isEqualTo(digest);
        long more = registry.givenBytes() - pulled;
        System.out.printf(
                "two tenants, one artifact: %d bytes of blobs for the first, %d for the second%n", pulled, more);
        // The image's configuration, by which it proved its rights; of no layer anything.
        assertThat(more).isLessThan(1 << 10);

        assertForeign(first, ofSecond.getString("id"));
        assertForeign(second, ofFirst.getString("id"));
        assertThat(fleet.get("/images/" + ofFirst.getString("id")).status()).isEqualTo(200);
    }

    private static ApiClient tenant(Fleet fleet, String name) {
        String tenant =
                outside(fleet, "/v1/tenants", new JsonObject().put("name", name).put("partner", name));
        JsonObject admin =
                new JsonObject().put("name", name).put("tenant_id", tenant).put("role", "tenant_admin");
        String user = outside(fleet, "/v1/users", admin);
        JsonObject wanted = new JsonObject().put("name", "k").put("user_id", user);
        String key = made(fleet, "/v1/api-keys", wanted).getString("key");
        ApiClient client = new ApiClient(fleet.addresses().subList(0, 1), () -> key, Duration.ofSeconds(60));
        String group = client.post(
                        "/availability-groups",
                        new JsonObject().put("name", "all").put("image_policy", "all"))
                .data()
                .getString("id");
        JsonObject workers = new JsonObject().put("worker_ids", new JsonArray(List.of(fleet.workerId("one"))));
        client.post("/availability-groups/" + group + "/workers", workers).data();
        return client;
    }

    private static String outside(Fleet fleet, String path, JsonObject body) {
        return made(fleet, path, body).getString("id");
    }

    /** Of a call beside the module's own paths. */
    private static JsonObject made(Fleet fleet, String path, JsonObject body) {
        HttpRequest request = HttpRequest.newBuilder(
                        URI.create("http://" + fleet.addresses().getFirst() + path))
                .header("Authorization", "Bearer " + fleet.key())
                .POST(HttpRequest.BodyPublishers.ofString(body.encode()))
                .build();
        JsonObject envelope;
        try (HttpClient http = HttpClient.newHttpClient()) {
            envelope = new JsonObject(
                    http.send(request, HttpResponse.BodyHandlers.ofString()).body());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        return Objects.requireNonNull(envelope.getJsonObject("data"), envelope::encode);
    }

    private static void credential(ApiClient client, LocalRegistry registry, String password) {
        JsonObject credential = new JsonObject().put("username", "ada").put("password", password);
        assertThat(client.bytes(
                                "PUT",
                                "/registry-credentials/" + registry.host(),
                                credential.toBuffer().getBytes())
                        .statusCode())
                .isEqualTo(200);
    }

    private static JsonObject register(ApiClient client, LocalRegistry registry) {
        return client.post(
                        "/images",
                        new JsonObject()
                                .put("name", "app")
                                .put("size_mib", 16)
                                .put(
                                        "build_source",
                                        new JsonObject()
                                                .put("kind", "oci")
                                                .put("ref", registry.host() + "/private/app:1")))
                .data();
    }

    private static void awaitRow(ApiClient client, String status, String error) {
        eventually(
                "the row is " + status,
                BAKE,
                () -> client.get("/images/app/cache").list().getJsonObject(0),
                row -> row.getString("status").equals(status) && code(row).equals(error));
    }

    private static String code(JsonObject row) {
        JsonObject error = row.getJsonObject("error");
        return error == null ? "" : error.getString("code");
    }

    private static void assertForeign(ApiClient stranger, String image) {
        for (String path : List.of("", "/cache", "/events", "/history", "/scan", "/sbom")) {
            int status = stranger.get("/images/" + image + path).status();
            assertThat(status).as(path).isEqualTo(404);
        }
        assertThat(stranger.post("/images/" + image + "/warm", new JsonObject()).status())
                .isEqualTo(404);
        assertThat(stranger.get("/images").list()).hasSize(1);
    }

    /** Whoever reaches a worker's port without the fleet's word is told nothing. */
    private static void assertStrangersAreRefused(Fleet fleet) {
        var row = fleet.database()
                .rows(
                        "SELECT w.grpc_address AS address, (SELECT digest FROM artifacts LIMIT 1) AS digest FROM workers w")
                .getFirst();
        String worker = Objects.requireNonNull(row.get("address")).toString();
        Digest digest = new Digest(Objects.requireNonNull(row.get("digest")).toString());
        Vertx vertx = Vertx.vertx();
        try {
            FleetPass stranger = FleetPass.of(new Secret("a word of a stranger"));
            var inventories = new InventoryClient(vertx, stranger, Duration.ofSeconds(3), Duration.ofSeconds(20));
            assertThat(refusal(inventories.read(worker, digest))).contains("not a member of this fleet");
            var bunkers = new BunkerAccessClient(vertx, stranger, Duration.ofSeconds(3));
            ExecCommand command = ExecCommand.console(BunkerId.fresh(), Duration.ofSeconds(5));
            assertThat(refusal(bunkers.open(worker, command, ExecOutput.NONE).compose(call -> call.end())))
                    .contains("not a member of this fleet");
        } finally {
            vertx.close().await();
        }
    }

    private static String refusal(Future<?> asked) {
        return catchThrowableOfType(PlatformException.class, asked::await).text();
    }
}
