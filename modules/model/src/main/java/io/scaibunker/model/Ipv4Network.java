package io.scaibunker.model;

import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A range of IPv4 addresses; one address is a range of itself.
 *
 * @param address the first one
 * @param bits how many of its bits all have in common
 */
public record Ipv4Network(int address, int bits) {
    private static final Pattern FORM =
            Pattern.compile("([0-9]{1,3})\\.([0-9]{1,3})\\.([0-9]{1,3})\\.([0-9]{1,3})(?:/([0-9]{1,2}))?");

    /** What is nobody's on the internet: a bunker that may reach some network still reaches none of these. */
    public static final List<Ipv4Network> NOT_PUBLIC = List.of(
            of("0.0.0.0/8"),
            of("10.0.0.0/8"),
            of("100.64.0.0/10"),
            of("127.0.0.0/8"),
            of("169.254.0.0/16"),
            of("172.16.0.0/12"),
            of("192.0.0.0/24"),
            of("192.168.0.0/16"),
            of("224.0.0.0/3"));

    public Ipv4Network {
        if (bits < 0 || bits > 32 || (address & ~mask(bits)) != 0) {
            throw new IllegalArgumentException(
                    "value: " + text(address) + "/" + bits + " (expected: a network's first address)");
        }
    }

    /** @throws IllegalArgumentException naming what is expected */
    public static Ipv4Network of(String text) {
        return parse(text)
                .orElseThrow(() -> new IllegalArgumentException(
                        "value: " + text + " (expected: address or address/bits, as in 192.0.2.0/24)"));
    }

    /** Empty where it is none; decimal, without leading zeros that some read as octal. */
    public static Optional<Ipv4Network> parse(String text) {
        var match = FORM.matcher(text);
        if (!match.matches()) {
            return Optional.empty();
        }
        var address = 0;
        for (var part = 1; part <= 4; part++) {
            var number = Integer.parseInt(match.group(part));
            if (number > 255 || !match.group(part).equals(Integer.toString(number))) {
                return Optional.empty();
            }
            address = address << 8 | number;
        }
        var bits = match.group(5) == null ? 32 : Integer.parseInt(match.group(5));
        return bits > 32 || (address & ~mask(bits)) != 0
                ? Optional.empty()
                : Optional.of(new Ipv4Network(address, bits));
    }

    /** Whether the two have an address in common. */
    public boolean overlaps(Ipv4Network other) {
        var common = mask(Math.min(bits, other.bits));
        return (address & common) == (other.address & common);
    }

    /** Whether all of its addresses are public ones. */
    public boolean isPublic() {
        return NOT_PUBLIC.stream().noneMatch(this::overlaps);
    }

    /** The one {@code number} behind the first. */
    public String address(int number) {
        return text(address + number);
    }

    /** How many there are; a network of all of them counts one too few. */
    public int size() {
        return bits == 0 ? Integer.MAX_VALUE : (int) Math.min(Integer.MAX_VALUE, 1L << (32 - bits));
    }

    @Override
    public String toString() {
        return bits == 32 ? text(address) : text(address) + "/" + bits;
    }

    private static String text(int address) {
        return (address >>> 24) + "." + (address >>> 16 & 255) + "." + (address >>> 8 & 255) + "." + (address & 255);
    }

    private static int mask(int bits) {
        return bits == 0 ? 0 : -1 << (32 - bits);
    }
}
