package io.scaibunker.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.scaibunker.bus.FleetPass;
import io.scaibunker.telemetry.Exposition;
import io.scaibunker.testkit.Ports;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.ReplyException;
import io.vertx.core.net.SelfSignedCertificate;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ClusterTest {
    private static Cluster join(ClusterConfig config) {
        return Cluster.join(config, Exposition.open(), Optional.empty());
    }

    private final int port = Ports.free();

    @Test
    void nodesWithCertificatesOfOneAuthorityTalkAndAStrangerDoesNot() {
        var ours = SelfSignedCertificate.create("node");
        var strange = SelfSignedCertificate.create("stranger");
        var first = join(config(port, ours)).vertx();
        var second = join(config(Ports.free(), ours)).vertx();
        var stranger = join(config(Ports.free(), strange)).vertx();
        try {
            first.eventBus()
                    .<String>consumer("room", message -> message.reply("heard " + message.body()))
                    .completion()
                    .await();

            assertThat(ask(second)).isEqualTo("heard hello");
            assertThatThrownBy(() -> ask(stranger)).isInstanceOf(ReplyException.class);
        } finally {
            stranger.close().await();
            second.close().await();
            first.close().await();
        }
    }

    @Test
    void theFilesForOtherWaysToMeetAreTakenAsTheyAre() {
        var tcp = Cluster.hazelcast(config(Checkout.ROOT.resolve("conf/hazelcast-tcp.xml")));
        assertThat(tcp.getAdvancedNetworkConfig().getJoin().getTcpIpConfig().isEnabled())
                .isTrue();
        var kubernetes = Cluster.hazelcast(config(Checkout.ROOT.resolve("conf/hazelcast-kubernetes.xml")));
        assertThat(kubernetes
                        .getAdvancedNetworkConfig()
                        .getJoin()
                        .getKubernetesConfig()
                        .isEnabled())
                .isTrue();
        for (var both : List.of(tcp, kubernetes)) {
            assertThat(both.getClusterName()).isEqualTo("test");
            var join = both.getAdvancedNetworkConfig().getJoin();
            assertThat(join.getMulticastConfig().isEnabled()).isFalse();
            assertThat(join.getAutoDetectionConfig().isEnabled()).isFalse();
            assertThat(both.getAdvancedNetworkConfig().getEndpointConfigs()).hasSize(1);
        }
    }

    @Test
    void nodesMeetByTheFileWithAddresses() {
        var file = Checkout.ROOT.resolve("conf/hazelcast-tcp.xml");
        var first = join(config(file)).vertx();
        var second = join(config(file)).vertx();
        try {
            first.eventBus()
                    .<String>consumer("room", message -> message.reply("heard " + message.body()))
                    .completion()
                    .await();
            assertThat(ask(second)).isEqualTo("heard hello");
        } finally {
            second.close().await();
            first.close().await();
        }
    }

    private static ClusterConfig config(Path file) {
        return new ClusterConfig(
                "test",
                "127.0.0.1",
                5701,
                0,
                List.of(),
                Duration.ofSeconds(10),
                Optional.of(file),
                Optional.empty(),
                Optional.empty());
    }

    @Test
    void aPortInUseIsSaid() {
        var first = join(config(port, null)).vertx();
        try {
            assertThatThrownBy(() -> join(config(port, null)))
                    .isInstanceOf(StartException.class)
                    .hasMessageContaining("127.0.0.1:" + port);
        } finally {
            first.close().await();
        }
    }

    private static Object ask(Vertx vertx) {
        var soon = new DeliveryOptions().setSendTimeout(3_000);
        return vertx.eventBus().request("room", "hello", soon).await().body();
    }

    private ClusterConfig config(int ownPort, SelfSignedCertificate certificate) {
        var tls = Optional.ofNullable(certificate)
                .map(found -> new FleetPass.Tls(
                        Path.of(found.certificatePath()),
                        Path.of(found.privateKeyPath()),
                        Path.of(found.certificatePath())));
        return new ClusterConfig(
                "test",
                "127.0.0.1",
                ownPort,
                0,
                List.of("127.0.0.1:" + port),
                Duration.ofSeconds(10),
                Optional.empty(),
                tls,
                Optional.empty());
    }
}
