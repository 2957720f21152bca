package io.scaibunker.network;

import io.scaibunker.model.Ipv4Network;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;

/**
 * The two devices between the host and one bunker's namespace.
 *
 * @param host the address of the host's end, where names are answered
 * @param inside the address of the namespace's end
 */
record Link(String host, String inside) {
    static final String HOST_PREFIX = "sbv";
    static final String UP = "up0";
    static final String TAP = "tap0";
    static final String GUEST = "10.0.0.2";
    static final String GATEWAY = "10.0.0.1";
    static final int GUEST_BITS = 30;

    private static final int TRIES = 64;
    private static final Pattern INSIDE = Pattern.compile("inet ([0-9.]+) peer ([0-9.]+)/32");

    /** Takes a pair of the pool's addresses that nobody has, by making a device whose name says which. */
    static Link make(String namespace, Ipv4Network pool, int mtu) throws IOException {
        var pairs = pool.size() / 2;
        var first = ThreadLocalRandom.current().nextInt(pairs);
        NetworkException taken = null;
        for (var attempt = 0; attempt < Math.min(pairs, TRIES); attempt++) {
            var pair = (first + attempt) % pairs;
            var device = HOST_PREFIX + pair;
            var link = new Link(pool.address(2 * pair), pool.address(2 * pair + 1));
            try {
                Tool.run("""
                        link add %1$s mtu %2$d type veth peer name %3$s netns %4$s mtu %2$d
                        link set %1$s alias %4$s
                        address add %5$s peer %6$s dev %1$s
                        link set %1$s up
                        """.formatted(device, mtu, UP, namespace, link.host, link.inside), "ip", "-batch", "-");
                return link;
            } catch (NetworkException e) {
                if (!String.valueOf(e.getMessage()).contains("File exists")) {
                    throw e;
                }
                taken = e;
            }
        }
        throw new NetworkException("no free addresses in " + pool + ": " + (taken == null ? "" : taken.getMessage()));
    }

    /** The one that a namespace has, as the kernel knows it; empty where there is none. */
    static Optional<Link> find(String namespace) {
        try {
            var match = INSIDE.matcher(Tool.run("", "ip", "-n", namespace, "-o", "-4", "address", "show", "dev", UP));
            return match.find() ? Optional.of(new Link(match.group(2), match.group(1))) : Optional.empty();
        } catch (IOException none) {
            return Optional.empty();
        }
    }

    /** The namespace's end of it, and the device that the monitor takes. */
    void finish(String namespace, int owner, int mtu) throws IOException {
        Tool.run(
                """
                link set lo up
                address add %1$s peer %2$s dev %3$s
                link set %3$s up
                route add default via %2$s
                tuntap add %4$s mode tap user %5$d
                link set %4$s mtu %6$d
                address add %7$s/%8$d dev %4$s
                link set %4$s up
                """.formatted(inside, host, UP, TAP, owner, mtu, GATEWAY, GUEST_BITS),
                "ip",
                "-n",
                namespace,
                "-batch",
                "-");
    }
}
