package io.scaibunker.network;

import io.scaibunker.model.AllowRule;
import io.scaibunker.model.NetworkProfile;
import java.io.IOException;
import java.net.NetworkInterface;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The networks of one worker's bunkers. Blocks; safe for several threads. */
public final class Networks implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Networks.class);
    private static final Path NAMESPACES = Path.of("/run/netns");
    private static final Path ROUTES = Path.of("/proc/net/route");
    private static final Path FORWARDING = Path.of("/proc/sys/net/ipv4/ip_forward");

    /** Says, until the host is booted again, that it forwarded nothing before a worker came; for all workers of the host. */
    private static final Path NOT_A_ROUTER = Path.of("/run/scaibunker-not-a-router");

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_-]{0,63}");
    private static final int USUAL_MTU = 1500;

    /** Text of our own; what it is told comes on its standard input. A new namespace may forward or not, as the host does. */
    private static final String FORWARD_AND_FILTER = "echo 1 >/proc/sys/net/ipv4/ip_forward && exec nft -f -";

    private final NetworkSettings settings;
    private final Map<String, NameServer> servers = new ConcurrentHashMap<>();
    private final Resolver resolver;

    private Networks(NetworkSettings settings, Resolver resolver) {
        this.settings = settings;
        this.resolver = resolver;
    }

    public static Networks open(NetworkSettings settings) {
        return new Networks(settings, Resolver.open(settings.nameServers()));
    }

    /** Finds out what works here, by connecting a namespace with nobody in it. */
    public NetworkAbility probe(String name) {
        try {
            prepareHost();
            try {
                connect(name, new Rules(true, List.of(), 1), 0);
            } finally {
                down(name);
            }
            return new NetworkAbility(
                    List.of(
                            NetworkProfile.ISOLATED,
                            NetworkProfile.REGISTRY,
                            NetworkProfile.ALLOWLISTED,
                            NetworkProfile.UNRESTRICTED),
                    "network namespaces with NAT, IPv4 only");
        } catch (IOException | RuntimeException e) {
            return NetworkAbility.isolatedOnly("no networks: " + e.getMessage());
        }
    }

    private void prepareHost() throws IOException {
        if (!Files.isWritable(FORWARDING)) {
            throw new NetworkException("this needs root");
        }
        if (!Files.exists(Path.of("/dev/net/tun"))) {
            throw new NetworkException("this host has no /dev/net/tun");
        }
        var forwards = !Files.readString(FORWARDING).strip().equals("0");
        if (!forwards) {
            Files.writeString(NOT_A_ROUTER, "");
        }
        Tool.run(Filter.ofHost(settings.pool(), !Files.exists(NOT_A_ROUTER)), "nft", "-f", "-");
        if (!forwards) {
            Files.writeString(FORWARDING, "1");
            log.info("this host now forwards packets, for bunkers alone");
        }
    }

    /** Empty for a profile without a network. */
    public Optional<Rules> rules(NetworkProfile profile, List<AllowRule> allowlist, int bandwidthMbit) {
        return Rules.of(profile, allowlist, bandwidthMbit, settings);
    }

    /**
     * Connects a new bunker; what one of the same name had before is gone.
     *
     * @param owner the user that the monitor runs as
     */
    public BunkerNetwork up(String name, Rules rules, int owner) throws IOException {
        down(name);
        try {
            var link = connect(name, rules, owner);
            serve(name, link, rules);
            return description(name);
        } catch (IOException | RuntimeException e) {
            down(name);
            throw e;
        }
    }

    /** Serves a bunker that an earlier run of the worker has connected; what it may reach is as it was left. */
    public void adopt(String name, Rules rules) throws IOException {
        var link =
                Link.find(checked(name)).orElseThrow(() -> new NetworkException("namespace " + name + " is not there"));
        serve(name, link, rules);
    }

    private Link connect(String name, Rules rules, int owner) throws IOException {
        var mtu = mtu();
        Tool.run("", "ip", "netns", "add", checked(name));
        var link = Link.make(name, settings.pool(), mtu);
        link.finish(name, owner, mtu);
        Tool.run(Filter.ofBunker(rules, link, settings), "ip", "netns", "exec", name, "sh", "-c", FORWARD_AND_FILTER);
        limit(name, rules.bandwidthMbit());
        return link;
    }

    /** What goes to the guest waits before {@code tap0}, what it sends before {@code up0}. */
    private static void limit(String name, int mbit) throws IOException {
        if (mbit > 0) {
            // A burst is what 10 ms carry, and never less than a few of the packets that segmentation leaves together.
            var burst = Math.max(128 * 1024, mbit * 1250);
            var line = "qdisc add dev %s root tbf rate %dmbit burst %d latency 100ms\n";
            Tool.run(
                    line.formatted(Link.TAP, mbit, burst) + line.formatted(Link.UP, mbit, burst),
                    "tc",
                    "-n",
                    name,
                    "-batch",
                    "-");
        }
    }

    private void serve(String name, Link link, Rules rules) throws IOException {
        var server = NameServer.open(link, rules, settings, resolver, new OpenedHosts(name));
        var before = servers.put(name, server);
        if (before != null) {
            before.close();
        }
    }

    private static BunkerNetwork description(String name) throws IOException {
        return new BunkerNetwork(
                NAMESPACES.resolve(name), Link.TAP, Link.GUEST + "/" + Link.GUEST_BITS, Link.GATEWAY, mtu());
    }

    /** Removes what a bunker had, if anything. */
    public void down(String name) throws IOException {
        var server = servers.remove(checked(name));
        if (server != null) {
            server.close();
        }
        if (Files.exists(NAMESPACES.resolve(name))) {
            Tool.run("", "ip", "netns", "delete", name);
        }
    }

    private static String checked(String name) {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("value: " + name + " (expected: " + NAME + ")");
        }
        return name;
    }

    /** Of the device with the default route. */
    private static int mtu() throws IOException {
        for (var line : Files.readAllLines(ROUTES)) {
            var columns = line.split("\\s+");
            if (columns.length > 7 && columns[1].equals("00000000") && columns[7].equals("00000000")) {
                var device = NetworkInterface.getByName(columns[0]);
                return device == null ? USUAL_MTU : Math.min(USUAL_MTU, device.getMTU());
            }
        }
        return USUAL_MTU;
    }

    /** Names are not answered any more; bunkers that run stay connected. */
    @Override
    public void close() {
        servers.values().forEach(NameServer::close);
        servers.clear();
        resolver.close();
    }
}
