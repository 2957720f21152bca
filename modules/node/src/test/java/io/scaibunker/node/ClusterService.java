package io.scaibunker.node;

import com.hazelcast.config.Config;
import com.hazelcast.config.MultiMapConfig;
import io.scaibunker.bus.CommandOutput;
import io.scaibunker.bus.ScaiBunkerClient;
import io.scaibunker.model.Secret;
import io.scaibunker.testkit.Ports;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.eventbus.EventBusOptions;
import io.vertx.core.json.JsonObject;
import io.vertx.spi.cluster.hazelcast.HazelcastClusterManager;
import java.time.Duration;
import java.util.List;

/** A service that is no node of ours, as a member of its cluster. As a program of its own it runs one command, for ever. */
final class ClusterService {
    private ClusterService() {}

    static Vertx join(int clusterPort, boolean lite) {
        Config hazelcast = new Config().setClusterName("scaibunker").setLiteMember(lite);
        hazelcast.setProperty("hazelcast.partition.count", "31");
        hazelcast.getMultiMapConfig("__vertx.subs").setValueCollectionType(MultiMapConfig.ValueCollectionType.SET);
        var network = hazelcast.getNetworkConfig().setPort(Ports.free());
        network.getInterfaces().setEnabled(true).addInterface("127.0.0.1");
        network.getJoin().getAutoDetectionConfig().setEnabled(false);
        network.getJoin().getMulticastConfig().setEnabled(false);
        network.getJoin().getTcpIpConfig().setEnabled(true).addMember("127.0.0.1:" + clusterPort);
        return Vertx.builder()
                .with(new VertxOptions().setEventBusOptions(new EventBusOptions().setHost("127.0.0.1")))
                .withClusterManager(new HazelcastClusterManager(hazelcast))
                .buildClustered()
                .await();
    }

    /** The cluster's port, a key, a bunker, and the words of the command; its output goes to ours. */
    public static void main(String[] words) {
        Vertx vertx = join(Integer.parseInt(words[0]), true);
        var client = new ScaiBunkerClient(vertx, new Secret(words[1]), Duration.ofSeconds(30));
        JsonObject command = new JsonObject()
                .put("command", List.of(words).subList(3, words.length))
                .put("timeout_s", 600);
        client.execStreaming(words[2], command, new CommandOutput() {
                    @Override
                    public void stdout(String text) {
                        System.out.print(text);
                        System.out.flush();
                    }

                    @Override
                    public void stderr(String text) {
                        stdout(text);
                    }
                })
                .end()
                .onComplete(over -> System.exit(1));
    }
}
