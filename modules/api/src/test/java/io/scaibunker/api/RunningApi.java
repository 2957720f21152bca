package io.scaibunker.api;

import io.scaibunker.bus.Answer;
import io.scaibunker.bus.BusCodec;
import io.scaibunker.bus.Post;
import io.scaibunker.bus.Question;
import io.scaibunker.model.Digest;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.IncarnationId;
import io.scaibunker.model.PlatformException;
import io.scaibunker.model.Room;
import io.scaibunker.model.Settings;
import io.scaibunker.model.WorkerAbilities;
import io.scaibunker.model.WorkerId;
import io.scaibunker.store.Database;
import io.scaibunker.store.Migrations;
import io.scaibunker.store.SecretBox;
import io.scaibunker.store.StoreConfig;
import io.scaibunker.store.Workers;
import io.scaibunker.telemetry.Exposition;
import io.scaibunker.testkit.TestDatabase;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Tuple;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * The api room with a real database, called by real HTTP. At the other end of the bus sits a small scheduler that books
 * the first worker there is.
 */
final class RunningApi implements AutoCloseable {
    static final String BASE = "/v1/modules/scaibunker";

    record Answered(int status, JsonObject json, HttpResponse<String> whole) {
        JsonObject data() {
            return json.getJsonObject("data");
        }

        String code() {
            JsonObject error = json.getJsonObject("error");
            return error == null ? "" : error.getString("code");
        }
    }

    final TestDatabase rows = TestDatabase.copyOf("api", database -> Migrations.run(database.url()));
    final Vertx vertx = Vertx.vertx();
    final Database database = Database.open(vertx, rows.url(), StoreConfig.from(Settings.of(Map.of())));
    final SecretBox box = SecretBox.fresh();
    /** What workers find at every source but those that are nowhere. */
    static final Digest SEEN = new Digest("sha256:" + "5".repeat(64));

    final ApiVerticle verticle;
    final String superKey;
    private final Path home = home();
    private final Exposition exposition = Exposition.open();
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    RunningApi() {
        this(Map.of());
    }

    RunningApi(Map<String, String> settings) {
        BusCodec.install(vertx.eventBus());
        superKey = get(FirstKey.ensure(database, home.resolve("first-key")))
                .orElseThrow()
                .reveal();
        ApiConfig config = ApiConfig.from(Settings.of(withPort(settings)));
        verticle = new ApiVerticle(
                config,
                database,
                box,
                FakeBunker::open,
                Map.of("rooms", () -> Future.succeededFuture()),
                exposition::text,
                "127.0.0.1",
                Optional.empty());
        get(vertx.deployVerticle(verticle));
    }

    private static Map<String, String> withPort(Map<String, String> settings) {
        Map<String, String> all = new HashMap<>(settings);
        all.put("api.port", "0");
        return all;
    }

    private static Path home() {
        try {
            return Files.createTempDirectory("api-test");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static <T> T get(Future<T> future) {
        return future.timeout(20, TimeUnit.SECONDS).await();
    }

    // --- the other rooms ---

    void startScheduler() {
        Post post = new Post(vertx);
        post.serve(Question.PlaceBunker.ADDRESS, Question.PlaceBunker.class, this::place);
        get(post.open());
    }

    private Future<Answer.Placement> place(Question.PlaceBunker order) {
        return Workers.list(database.client(), Optional.empty(), 1)
                .compose(workers -> workers.isEmpty()
                        ? Future.succeededFuture(new Answer.Refused(
                                ErrorCode.NO_SUITABLE_WORKER, "no worker is there", List.of(), 3, false))
                        : insert(order, workers.getFirst().id())
                                .map(new Answer.Placed(
                                        order.bunkerId(), workers.getFirst().id())));
    }

    private Future<?> insert(Question.PlaceBunker order, WorkerId worker) {
        return database.client()
                .preparedQuery("""
                        INSERT INTO bunkers (id, tenant_id, user_id, name, image_id, worker_id, cpu_millicores, memory_mb,
                               disk_mb, wish, placement)
                        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '{"reason": "the first there is"}')
                        """)
                .execute(Tuple.of(
                                order.bunkerId().value(),
                                order.tenantId().value(),
                                order.userId().value(),
                                order.name(),
                                order.imageId().value())
                        .addUUID(worker.value())
                        .addInteger(order.room().cpuMillicores())
                        .addInteger(order.room().memoryMb())
                        .addInteger(order.room().diskMb())
                        .addValue(new JsonObject(order.wish())));
    }

    /** A worker, as rows and bus know it; its cache holds some layers. */
    WorkerId worker(String name) {
        WorkerId id = WorkerId.fresh();
        Post ears = new Post(vertx);
        ears.serve(
                Question.GarbageAsked.addressOf(id),
                Question.GarbageAsked.class,
                asked -> Future.succeededFuture(new Answer.Garbage(
                        0, 0, 7, List.of(new Answer.CacheItem("layers", null, null, 7, false, "for the next")), 0)));
        ears.serve(
                Question.SourceLooked.addressOf(id),
                Question.SourceLooked.class,
                asked -> asked.source().toString().contains("nowhere")
                        ? Future.failedFuture(
                                new PlatformException(ErrorCode.SOURCE_NOT_FOUND, "there is no such image"))
                        : Future.succeededFuture(
                                new Answer.SourceSeen(SEEN, 3 << 20, List.of(new Answer.SeenLayer(SEEN, 3 << 20)), 0)));
        get(ears.open());
        IncarnationId run = IncarnationId.fresh();
        Workers.Beat beat = new Workers.Beat(
                id,
                run,
                name,
                new Room(1_000_000, 1_000_000, 1 << 30),
                0,
                "127.0.0.1:1",
                "qemu",
                "tcg",
                "a",
                Map.of(),
                Map.of("node", "1"),
                WorkerAbilities.UNKNOWN,
                Optional.empty());
        get(Workers.beat(database.client(), beat));
        get(Workers.beat(database.client(), beat));
        return id;
    }

    // --- calls ---

    Answered get(String path, String key) {
        return call("GET", path, key, Optional.empty(), Map.of());
    }

    Answered post(String path, String key, JsonObject body) {
        return call("POST", path, key, Optional.of(body.encode()), Map.of());
    }

    Answered delete(String path, String key) {
        return call("DELETE", path, key, Optional.empty(), Map.of());
    }

    /** Of a call whose answer is no envelope. */
    int status(String method, String path, String key) {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + verticle.port() + path))
                .timeout(Duration.ofSeconds(20))
                .method(method, HttpRequest.BodyPublishers.noBody())
                .header("Authorization", "Bearer " + key)
                .build();
        try {
            return client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    Answered call(String method, String path, String key, Optional<String> body, Map<String, String> headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + verticle.port() + path))
                .timeout(Duration.ofSeconds(20))
                .method(
                        method,
                        body.map(HttpRequest.BodyPublishers::ofString).orElseGet(HttpRequest.BodyPublishers::noBody));
        if (!key.isEmpty()) {
            request.header("Authorization", "Bearer " + key);
        }
        headers.forEach(request::header);
        try {
            HttpResponse<String> answer = client.send(request.build(), HttpResponse.BodyHandlers.ofString());
            return new Answered(answer.statusCode(), new JsonObject(answer.body()), answer);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    // --- who calls ---

    /** A tenant beside the default one, of another partner. */
    String tenant(String name, String partner) {
        return post("/v1/tenants", superKey, new JsonObject().put("name", name).put("partner", partner))
                .data()
                .getString("id");
    }

    /** A user's key. */
    String key(String tenantId, String role, String... grants) {
        JsonObject user = new JsonObject()
                .put("name", "u" + System.nanoTime())
                .put("tenant_id", tenantId)
                .put("role", role)
                .put("grants", List.of(grants));
        String userId = post("/v1/users", superKey, user).data().getString("id");
        return post("/v1/api-keys", superKey, new JsonObject().put("name", "k").put("user_id", userId))
                .data()
                .getString("key");
    }

    static JsonObject image(String name) {
        return new JsonObject()
                .put("name", name)
                .put("build_source", new JsonObject().put("kind", "oci").put("ref", "registry.example/" + name + ":1"))
                .put("size_mib", 64);
    }

    String register(String name, String key) {
        return post(BASE + "/images", key, image(name)).data().getString("id");
    }

    @Override
    public void close() {
        get(vertx.close());
        exposition.close();
        rows.close();
        try {
            Files.deleteIfExists(home.resolve("first-key"));
            Files.delete(home);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
