package io.scaibunker.api;

import static io.scaibunker.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.scaibunker.bus.EventWatch;
import io.scaibunker.bus.EventWatch.Event;
import io.scaibunker.bus.ScaiBunkerClient;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.PlatformException;
import io.scaibunker.model.Secret;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The typed client against the real room: every operation has a method, and answers and refusals are those of HTTP. */
class ClientTest {
    private static RunningApi api;

    @BeforeAll
    static void start() {
        api = new RunningApi();
        api.startScheduler();
    }

    @AfterAll
    static void stop() {
        api.close();
    }

    private static ScaiBunkerClient client(String key) {
        return new ScaiBunkerClient(api.vertx, new Secret(key), Duration.ofSeconds(10));
    }

    /** Listens where the client would call, so that calling every method shows which operations they are. */
    @Test
    void everyOperationOfTheContractHasAMethod() throws Exception {
        Contract contract = RunningApi.get(Contract.read(api.vertx));
        Set<String> operations = contract.entries().stream()
                .filter(entry -> !entry.isLive())
                .map(Contract.Entry::id)
                .collect(Collectors.toCollection(TreeSet::new));
        Set<String> called = new TreeSet<>();
        var bus = io.vertx.core.Vertx.vertx();
        try {
            for (String operation : operations) {
                bus.eventBus().<JsonObject>consumer(ScaiBunkerClient.addressOf(operation), message -> {
                    called.add(operation);
                    message.fail(1, "only counted");
                });
            }
            ScaiBunkerClient counted = new ScaiBunkerClient(bus, new Secret("k"), Duration.ofSeconds(5));
            List<EventWatch> watches = new ArrayList<>();
            for (Method method : ScaiBunkerClient.class.getDeclaredMethods()) {
                boolean typed = java.lang.reflect.Modifier.isPublic(method.getModifiers())
                        && !Set.of("call", "data", "page", "addressOf").contains(method.getName());
                if (typed) {
                    Object result = method.invoke(
                            counted,
                            Arrays.stream(method.getParameterTypes())
                                    .map(ClientTest::any)
                                    .toArray());
                    if (result instanceof EventWatch watch) {
                        watches.add(watch);
                    } else {
                        RunningApi.get(((Future<?>) result).otherwiseEmpty());
                    }
                }
            }
            eventually(() -> assertThat(called).isEqualTo(operations));
            watches.forEach(EventWatch::close);
        } finally {
            RunningApi.get(bus.close());
        }
    }

    private static Object any(Class<?> type) {
        if (type == String.class) {
            return "x";
        }
        if (type == JsonObject.class) {
            return new JsonObject();
        }
        if (type == boolean.class) {
            return true;
        }
        return type == List.class ? List.of("x") : (java.util.function.Consumer<Event>) event -> {};
    }

    @Test
    void answersAndRefusalsAreThoseOfHttp() {
        World world = new World(api);
        ScaiBunkerClient all = client(api.superKey);
        assertThat(RunningApi.get(all.image(world.image)).getString("id")).isEqualTo(world.image);
        assertThat(RunningApi.get(all.copies(world.image, new JsonObject())).rows())
                .hasSize(1);
        assertThat(RunningApi.get(all.collectGarbage(world.worker.toString(), true))
                        .getLong("kept_bytes"))
                .isEqualTo(7);
        var first = RunningApi.get(all.images(new JsonObject().put("limit", 1)));
        assertThat(first.rows()).hasSize(1);
        assertThat(RunningApi.get(all.images(new JsonObject().put("limit", 1).put("cursor", first.next())))
                        .rows())
                .isNotEqualTo(first.rows());

        ScaiBunkerClient stranger = client(api.key(api.tenant("far" + world.number, "far"), "tenant_viewer"));
        assertThat(refusal(stranger.image(world.image))).isEqualTo(ErrorCode.IMAGE_NOT_FOUND);
        assertThat(refusal(stranger.warm(world.image))).isEqualTo(ErrorCode.AUTHZ_PERMISSION_DENIED);
        assertThat(refusal(stranger.drainWorker(world.worker.toString()))).isEqualTo(ErrorCode.AUTHZ_PERMISSION_DENIED);
        assertThat(refusal(stranger.watchImage(world.image, event -> {}).begun()))
                .isEqualTo(ErrorCode.IMAGE_NOT_FOUND);
        assertThat(refusal(client("sgk_no").image(world.image))).isEqualTo(ErrorCode.AUTH_TOKEN_INVALID);
    }

    private static ErrorCode refusal(Future<?> asked) {
        return catchThrowableOfType(PlatformException.class, () -> RunningApi.get(asked))
                .code();
    }

    @Test
    void aWatcherByBusIsToldWhatAWatcherByHttpIs() {
        String image = api.register("by-bus", api.superKey);
        List<Event> told = new CopyOnWriteArrayList<>();
        try (EventWatch watch = client(api.superKey).watchImage(image, told::add)) {
            RunningApi.get(watch.begun());
            eventually(() -> assertThat(told).hasSize(1));
            assertThat(told.getFirst().event()).isEqualTo("snapshot");
            for (int i = 0; i < 200; i++) {
                api.rows.execute("UPDATE scans SET generation = generation + 1 WHERE image_id = '"
                        + io.scaibunker.model.ImageId.parse(image).value() + "'");
            }
            eventually(() -> assertThat(told).hasSize(201));
            assertThat(told.stream().map(Event::id)).isSorted().doesNotHaveDuplicates();
        }
        api.rows.execute("UPDATE scans SET generation = generation + 1");
        assertThat(told).hasSize(201);
    }

    @Test
    void aRevokedKeyEndsAWatchByBus() {
        String admin = api.key(api.tenant("revoked-by-bus", "revoked-by-bus"), "tenant_admin");
        List<Event> told = new CopyOnWriteArrayList<>();
        String image = api.register("revoked-by-bus", admin);
        try (EventWatch watch = client(admin).watchImage(image, told::add)) {
            RunningApi.get(watch.begun());
            eventually(() -> assertThat(told).hasSize(1));
            String key = RunningApi.get(client(admin).apiKeys(new JsonObject()))
                    .rows()
                    .getFirst()
                    .getString("id");
            RunningApi.get(client(admin).revokeApiKey(key));
            eventually(() -> assertThat(told.getLast().event()).isEqualTo("end"));
            assertThat(told.getLast().data().getString("code")).isEqualTo("AUTH_TOKEN_INVALID");
        }
    }
}
