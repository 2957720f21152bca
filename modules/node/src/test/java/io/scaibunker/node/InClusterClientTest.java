package io.scaibunker.node;

import static io.scaibunker.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.hazelcast.config.Config;
import com.hazelcast.config.MultiMapConfig;
import io.scaibunker.bus.EventWatch;
import io.scaibunker.bus.ScaiBunkerClient;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.PlatformException;
import io.scaibunker.model.Secret;
import io.scaibunker.testkit.Ports;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.eventbus.EventBusOptions;
import io.vertx.core.json.JsonObject;
import io.vertx.spi.cluster.hazelcast.HazelcastClusterManager;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A service that is no node of ours, in the cluster of a real control node: as a plain member, and as a lite one. */
class InClusterClientTest {
    @TempDir
    static Path dir;

    private static Fleet fleet;

    @BeforeAll
    static void start() {
        fleet = new Fleet(dir, dir, Map.of());
    }

    @AfterAll
    static void stop() {
        fleet.close();
    }

    private static Vertx member(boolean lite) {
        Config hazelcast = new Config().setClusterName("scaibunker").setLiteMember(lite);
        hazelcast.setProperty("hazelcast.partition.count", "31");
        hazelcast.getMultiMapConfig("__vertx.subs").setValueCollectionType(MultiMapConfig.ValueCollectionType.SET);
        var network = hazelcast.getNetworkConfig().setPort(Ports.free());
        network.getInterfaces().setEnabled(true).addInterface("127.0.0.1");
        network.getJoin().getAutoDetectionConfig().setEnabled(false);
        network.getJoin().getMulticastConfig().setEnabled(false);
        network.getJoin().getTcpIpConfig().setEnabled(true).addMember("127.0.0.1:" + fleet.clusterPort());
        return Vertx.builder()
                .with(new VertxOptions().setEventBusOptions(new EventBusOptions().setHost("127.0.0.1")))
                .withClusterManager(new HazelcastClusterManager(hazelcast))
                .buildClustered()
                .await();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aServiceOfTheClusterDoesWhatHttpDoes(boolean lite) {
        Vertx vertx = member(lite);
        try {
            var client = new ScaiBunkerClient(vertx, new Secret(fleet.key()), Duration.ofSeconds(15));
            String name = lite ? "by-lite" : "by-plain";
            JsonObject image = client.registerImage(new JsonObject()
                            .put("name", name)
                            .put("size_mib", 16)
                            .put(
                                    "build_source",
                                    new JsonObject().put("kind", "tar").put("path", "/srv/none.tar")))
                    .await();
            assertThat(fleet.get("/images/" + name).data().getString("id")).isEqualTo(image.getString("id"));

            List<EventWatch.Event> told = new CopyOnWriteArrayList<>();
            EventWatch watch = client.watchImage(name, told::add);
            watch.begun().await();
            client.deactivate(image.getString("id")).await();
            eventually(() -> assertThat(told.stream()
                            .filter(event -> event.event().equals("image"))
                            .map(event -> event.data().getString("status")))
                    .contains("deactivated"));
            watch.close();

            assertThat(refusal(client, "nobody-knows-it")).isEqualTo(ErrorCode.IMAGE_NOT_FOUND);
            var stranger = new ScaiBunkerClient(vertx, new Secret("sgk_" + "x".repeat(43)), Duration.ofSeconds(15));
            assertThat(refusal(stranger, name)).isEqualTo(ErrorCode.AUTH_TOKEN_INVALID);
        } finally {
            vertx.close().await();
        }
    }

    private static ErrorCode refusal(ScaiBunkerClient client, String image) {
        return catchThrowableOfType(
                        PlatformException.class, () -> client.image(image).await())
                .code();
    }
}
