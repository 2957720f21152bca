package io.scaibunker.model;

import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** How durations and sizes are written in configuration, both ways. */
final class SettingText {
    static final String DURATION_EXAMPLES = "a whole number with ms, s, m, h or d, like 500ms, 30s, 2m";
    static final String SIZE_EXAMPLES = "a whole number of bytes, or with KiB, MiB, GiB or TiB, like 64MiB";

    private static final Pattern DURATION = Pattern.compile("([0-9]{1,9})(ms|s|m|h|d)");
    private static final Pattern SIZE = Pattern.compile("([0-9]{1,12})(|KiB|MiB|GiB|TiB)");
    private static final String[] SIZE_UNITS = {"", "KiB", "MiB", "GiB", "TiB"};

    private SettingText() {}

    static Optional<Duration> parseDuration(String text) {
        var matcher = DURATION.matcher(text);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        long amount = Long.parseLong(matcher.group(1));
        return Optional.of(
                switch (matcher.group(2)) {
                    case "ms" -> Duration.ofMillis(amount);
                    case "s" -> Duration.ofSeconds(amount);
                    case "m" -> Duration.ofMinutes(amount);
                    case "h" -> Duration.ofHours(amount);
                    default -> Duration.ofDays(amount);
                });
    }

    /** The shortest way to write it: {@code 2m}, not {@code 120s}. */
    static String print(Duration duration) {
        long millis = duration.toMillis();
        if (millis == 0) {
            return "0s";
        }
        if (millis % 86_400_000 == 0) {
            return millis / 86_400_000 + "d";
        }
        if (millis % 3_600_000 == 0) {
            return millis / 3_600_000 + "h";
        }
        if (millis % 60_000 == 0) {
            return millis / 60_000 + "m";
        }
        return millis % 1000 == 0 ? millis / 1000 + "s" : millis + "ms";
    }

    static Optional<Long> parseSize(String text) {
        var matcher = SIZE.matcher(text);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        long amount = Long.parseLong(matcher.group(1));
        int shift = 10 * indexOfUnit(matcher.group(2));
        return amount > Long.MAX_VALUE >> shift ? Optional.empty() : Optional.of(amount << shift);
    }

    static String printSize(long bytes) {
        int unit = 0;
        while (bytes != 0 && bytes % 1024 == 0 && unit < SIZE_UNITS.length - 1) {
            bytes /= 1024;
            unit++;
        }
        return bytes + SIZE_UNITS[unit];
    }

    /** {@code worker.lease-time} may be set by {@code SCAIBUNKER_WORKER_LEASE_TIME}. */
    static String environmentName(String key) {
        return "SCAIBUNKER_" + key.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
    }

    private static int indexOfUnit(String unit) {
        for (int i = 0; i < SIZE_UNITS.length; i++) {
            if (SIZE_UNITS[i].equals(unit)) {
                return i;
            }
        }
        throw new IllegalArgumentException(unit);
    }
}
