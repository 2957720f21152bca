package io.scaibunker.oci;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Which hosts no tenant may make a worker call. Asked before every connection: for the registry, its mirrors, its token service,
 * and each redirect. Private and loopback addresses are allowed unless listed, because operators run registries there.
 *
 * @param deniedHosts names without ports; a name also denies all names below it
 * @param deniedNetworks in CIDR form, {@code 169.254.0.0/16}
 */
public record RegistryPolicy(Set<String> deniedHosts, List<String> deniedNetworks) {
    /** Denies the addresses where clouds keep their instances' secrets, and all else that is link-local. */
    public static final RegistryPolicy DEFAULT = new RegistryPolicy(
            Set.of(), List.of("169.254.0.0/16", "fe80::/10", "fd00:ec2::254/128", "100.100.100.200/32"));

    public RegistryPolicy {
        deniedHosts = Set.copyOf(deniedHosts);
        deniedNetworks = List.copyOf(deniedNetworks);
        deniedNetworks.forEach(Network::parse);
    }

    /** Throws UNREACHABLE when the host is denied or its name means nothing. */
    void check(String host) {
        var name = host.toLowerCase(Locale.ROOT);
        if (deniedHosts.stream().anyMatch(denied -> name.equals(denied) || name.endsWith("." + denied))) {
            throw denied(host, "by name");
        }
        for (var address : addressesOf(host)) {
            for (var network : deniedNetworks) {
                if (Network.parse(network).contains(address)) {
                    throw denied(host, "it is in " + network);
                }
            }
        }
    }

    private static SourceException denied(String host, String why) {
        return SourceException.neverReachable(
                "host " + SourceException.shown(host) + " may not be reached from here: " + why, null);
    }

    private static InetAddress[] addressesOf(String host) {
        try {
            return InetAddress.getAllByName(host);
        } catch (UnknownHostException unknown) {
            throw SourceException.neverReachable("host " + SourceException.shown(host) + " is not known", unknown);
        }
    }

    private record Network(byte[] address, int bits) {
        static Network parse(String text) {
            var slash = text.indexOf('/');
            try {
                var address = InetAddress.ofLiteral(text.substring(0, slash)).getAddress();
                var bits = Integer.parseInt(text, slash + 1, text.length(), 10);
                if (bits < 0 || bits > address.length * 8) {
                    throw new IllegalArgumentException("prefix length " + bits);
                }
                return new Network(address, bits);
            } catch (RuntimeException malformed) {
                throw new IllegalArgumentException(
                        "denied network " + SourceException.shown(text) + " is not address/bits, as in 169.254.0.0/16",
                        malformed);
            }
        }

        boolean contains(InetAddress other) {
            var bytes = other.getAddress();
            var whole = bits / 8;
            if (bytes.length != address.length || !Arrays.equals(bytes, 0, whole, address, 0, whole)) {
                return false;
            }
            var rest = bits % 8;
            return rest == 0 || ((bytes[whole] ^ address[whole]) & 0xff) >>> (8 - rest) == 0;
        }
    }
}
