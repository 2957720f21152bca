package io.scaibunker.model;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * One entry of a bunker's list of what it may reach: {@code example.org}, {@code *.example.org} (all below it, not itself),
 * {@code 198.51.100.7} or {@code 198.51.100.0/24}; each with {@code :443} behind it for that port alone.
 *
 * @param host a name in lower case, without the {@code *.}; empty for a network
 * @param below whether the names below {@code host} are meant
 * @param network empty for a name
 * @param port 0 for all
 */
public record AllowRule(String host, boolean below, Optional<Ipv4Network> network, int port) {
    private static final int NAME_MAX = 253;
    private static final Pattern NAME =
            Pattern.compile("(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?");
    private static final Pattern PORT = Pattern.compile("[1-9][0-9]{0,4}");
    private static final String EXPECTED =
            "expected: a host name, *.name, a public IPv4 address or network, each with or without :port";

    /** @throws IllegalArgumentException with a sentence about what is wrong and what is expected */
    public static AllowRule parse(String text) {
        var colon = text.lastIndexOf(':');
        var host = (colon < 0 ? text : text.substring(0, colon)).toLowerCase(Locale.ROOT);
        var port = colon < 0 ? 0 : port(text, text.substring(colon + 1));
        return Ipv4Network.parse(host)
                .map(network -> ofNetwork(text, network, port))
                .orElseGet(() -> ofName(text, host, port));
    }

    private static int port(String text, String digits) {
        if (!PORT.matcher(digits).matches() || Integer.parseInt(digits) > 65_535) {
            throw wrong(text);
        }
        return Integer.parseInt(digits);
    }

    private static AllowRule ofNetwork(String text, Ipv4Network network, int port) {
        if (!network.isPublic()) {
            throw new IllegalArgumentException(
                    "value: " + shown(text)
                            + " (expected: public addresses; private, loopback, link-local and multicast ones are never reached)");
        }
        return new AllowRule("", false, Optional.of(network), port);
    }

    private static AllowRule ofName(String text, String given, int port) {
        var below = given.startsWith("*.");
        var name = below ? given.substring(2) : given;
        if (name.length() > NAME_MAX || !NAME.matcher(name).matches()) {
            throw wrong(text);
        }
        return new AllowRule(name, below, Optional.empty(), port);
    }

    private static IllegalArgumentException wrong(String text) {
        return new IllegalArgumentException("value: " + shown(text) + " (" + EXPECTED + ")");
    }

    private static String shown(String text) {
        return text.length() <= 80 ? text : text.substring(0, 80) + "…";
    }

    /** @param name in lower case, without a dot at its end */
    public boolean names(String name) {
        if (network.isPresent()) {
            return false;
        }
        return below ? name.length() > host.length() + 1 && name.endsWith("." + host) : name.equals(host);
    }
}
