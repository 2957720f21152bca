package io.scaibunker.node;

import io.scaibunker.bus.FleetPass;
import io.scaibunker.model.Secret;
import io.scaibunker.model.Settings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * How this node meets the others.
 *
 * @param host the address that others reach this node at; nothing else is bound
 * @param port Hazelcast's own port
 * @param busPort the event bus's port; 0 takes a free one
 * @param members {@code host:port} of some other members; one that lives is enough
 * @param silence how long a member may be silent until it is taken for dead
 * @param joinToken what members show each other; unset where one node hosts all
 * @param file a Hazelcast configuration of one's own; network and join are then its affair
 */
record ClusterConfig(
        String name,
        String host,
        int port,
        int busPort,
        List<String> members,
        Duration silence,
        Optional<Path> file,
        Optional<FleetPass.Tls> tls,
        Optional<Secret> joinToken) {

    static ClusterConfig from(Settings all) {
        var settings = all.under("cluster.");
        return new ClusterConfig(
                settings.text("name", "scaibunker"),
                settings.text("host", "127.0.0.1"),
                settings.integer("port", 5701, 1, 65535),
                settings.integer("bus-port", 5801, 0, 65535),
                settings.list("members", List.of()),
                settings.duration("silence", Duration.ofSeconds(10), Duration.ofSeconds(3), Duration.ofMinutes(5)),
                settings.path("config"),
                tls(settings),
                settings.secret("join-token"));
    }

    private static Optional<FleetPass.Tls> tls(Settings settings) {
        var certificate = settings.path("tls-certificate");
        var key = settings.path("tls-key");
        var authority = settings.path("tls-authority");
        if (certificate.isPresent() && key.isPresent() && authority.isPresent()) {
            return Optional.of(new FleetPass.Tls(certificate.get(), key.get(), authority.get()));
        }
        if (certificate.isPresent() || key.isPresent() || authority.isPresent()) {
            settings.problem("tls-certificate", "tls-certificate, tls-key and tls-authority go together: all or none");
        }
        return Optional.empty();
    }
}
