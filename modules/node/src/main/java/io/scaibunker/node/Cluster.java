package io.scaibunker.node;

import com.hazelcast.cluster.MembershipEvent;
import com.hazelcast.cluster.MembershipListener;
import com.hazelcast.config.Config;
import com.hazelcast.config.JavaSerializationFilterConfig;
import com.hazelcast.config.JoinConfig;
import com.hazelcast.config.ListenerConfig;
import com.hazelcast.config.MultiMapConfig;
import com.hazelcast.config.ServerSocketEndpointConfig;
import com.hazelcast.config.XmlConfigBuilder;
import io.scaibunker.model.PlatformException;
import io.scaibunker.telemetry.Exposition;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.eventbus.EventBusOptions;
import io.vertx.core.http.ClientAuth;
import io.vertx.micrometer.MicrometerMetricsFactory;
import io.vertx.micrometer.MicrometerMetricsOptions;
import io.vertx.spi.cluster.hazelcast.HazelcastClusterManager;
import io.vertx.tracing.opentelemetry.OpenTelemetryTracingFactory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Joins the cluster: Hazelcast knows who is there and who listens to what; the event bus talks directly from node to
 * node.
 *
 * <p>Hazelcast's free edition knows neither TLS nor passwords: whoever reaches its port is a member. So it binds to one
 * address only, speaks the members' protocol only (a plain client could otherwise read everything), and takes no class
 * by deserialization but its own and Vert.x's. The network must do the rest; the event bus can have mutual TLS.
 */
record Cluster(Vertx vertx, HazelcastClusterManager manager) {
    private static final Logger LOG = LoggerFactory.getLogger(Cluster.class);
    private static final int PING_MILLIS = 2_000;

    /**
     * Blocks until this node is a member.
     *
     * @param exposition where Vert.x measures itself
     * @param traces where it tells what it does for requests
     *
     * @throws StartException when it cannot become one
     */
    static Cluster join(ClusterConfig config, Exposition exposition, Optional<Traces> traces) {
        var manager = new HazelcastClusterManager(hazelcast(config));
        try {
            var builder = Vertx.builder()
                    .with(new VertxOptions()
                            .setPreferNativeTransport(true)
                            .setEventBusOptions(bus(config))
                            .setMetricsOptions(new MicrometerMetricsOptions().setEnabled(true)))
                    .withMetrics(new MicrometerMetricsFactory(exposition.registry()))
                    .withClusterManager(manager);
            traces.ifPresent(some -> builder.withTracer(new OpenTelemetryTracingFactory(some.api())));
            var vertx = builder.buildClustered().await();
            LOG.info(
                    "in cluster {} of {}",
                    config.name(),
                    nodes(manager.getNodes().size()));
            return new Cluster(vertx, manager);
        } catch (RuntimeException e) {
            throw new StartException(
                    "cannot join cluster " + config.name() + " as " + config.host() + ":" + config.port()
                            + ", bus port " + config.busPort() + ": " + e.getMessage(),
                    e);
        }
    }

    /** Fails while this node is out of the cluster, as during the merge after a split. */
    Future<?> check() {
        return manager.isActive()
                ? Future.succeededFuture()
                : Future.failedFuture(PlatformException.unavailable("the cluster", null));
    }

    private static String nodes(int count) {
        return count == 1 ? "1 node" : count + " nodes";
    }

    /** Says who comes and goes: the first thing to look at when work stands still. */
    private static final class Register implements MembershipListener {
        @Override
        public void memberAdded(MembershipEvent event) {
            if (!event.getMember().localMember()) {
                LOG.info(
                        "joined by {}: {}",
                        event.getMember().getAddress(),
                        nodes(event.getMembers().size()));
            }
        }

        @Override
        public void memberRemoved(MembershipEvent event) {
            LOG.warn(
                    "left by {}: {}",
                    event.getMember().getAddress(),
                    nodes(event.getMembers().size()));
        }
    }

    private static EventBusOptions bus(ClusterConfig config) {
        var bus = new EventBusOptions()
                .setHost(config.host())
                .setPort(config.busPort())
                .setConnectTimeout(PING_MILLIS)
                .setClusterPingInterval(PING_MILLIS)
                .setClusterPingReplyInterval(PING_MILLIS);
        config.tls().ifPresent(tls -> {
            tls.applyTo(bus);
            bus.setTrustAll(false).setClientAuth(ClientAuth.REQUIRED);
        });
        return bus;
    }

    static Config hazelcast(ClusterConfig config) {
        var hazelcast = config.file().map(Cluster::read).orElseGet(() -> network(config));
        hazelcast.setClusterName(config.name());
        hazelcast.setProperty("hazelcast.logging.type", "slf4j");
        hazelcast.setProperty("hazelcast.phone.home.enabled", "false");
        hazelcast.setProperty("hazelcast.socket.bind.any", "false");
        hazelcast.setProperty("hazelcast.heartbeat.interval.seconds", "1");
        hazelcast.setProperty(
                "hazelcast.max.no.heartbeat.seconds",
                Long.toString(config.silence().toSeconds()));
        hazelcast.setProperty("hazelcast.merge.first.run.delay.seconds", "10");
        hazelcast.setProperty("hazelcast.merge.next.run.delay.seconds", "10");
        hazelcast.setProperty("hazelcast.wait.seconds.before.join", "0");
        hazelcast.setProperty("hazelcast.partition.count", "31");
        hazelcast
                .getMultiMapConfig("__vertx.subs")
                .setBackupCount(1)
                .setValueCollectionType(MultiMapConfig.ValueCollectionType.SET);
        hazelcast.getMapConfig("__vertx.haInfo").setBackupCount(1);
        hazelcast.getMapConfig("__vertx.nodeInfo").setBackupCount(1);
        hazelcast.addListenerConfig(new ListenerConfig(new Register()));
        hazelcast.getSerializationConfig().setJavaSerializationFilterConfig(onlyKnownClasses());
        return hazelcast;
    }

    private static Config network(ClusterConfig config) {
        var hazelcast = new Config();
        var endpoint = new ServerSocketEndpointConfig();
        endpoint.setPort(config.port()).setPortAutoIncrement(false);
        endpoint.getInterfaces().setEnabled(true).addInterface(config.host());
        var network = hazelcast.getAdvancedNetworkConfig().setEnabled(true);
        network.setMemberEndpointConfig(endpoint);
        join(network.getJoin(), config);
        return hazelcast;
    }

    private static void join(JoinConfig join, ClusterConfig config) {
        join.getAutoDetectionConfig().setEnabled(false);
        join.getMulticastConfig().setEnabled(false);
        var members = join.getTcpIpConfig().setEnabled(true);
        members.addMember(config.host() + ":" + config.port());
        config.members().forEach(members::addMember);
    }

    private static JavaSerializationFilterConfig onlyKnownClasses() {
        var filter = new JavaSerializationFilterConfig();
        filter.setDefaultsDisabled(true);
        filter.getWhitelist().addPrefixes("com.hazelcast.", "io.vertx.", "java.lang.", "java.util.", "[");
        return filter;
    }

    private static Config read(Path file) {
        try (var xml = Files.newInputStream(file)) {
            return new XmlConfigBuilder(xml).build();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read cluster.config=" + file, e);
        }
    }
}
