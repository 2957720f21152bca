package io.scaibunker.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Locale;

/** How values read on a terminal. */
final class Text {
    private static final String NOTHING = "-";
    private static final long MINUTE = 60;
    private static final long HOUR = 3600;
    private static final long DAY = 86_400;
    private static final double STEP = 1000;
    private static final double BINARY_STEP = 1024;
    private static final int BAR = 20;
    private static final int FULL = 100;
    private static final String[] BINARY_UNITS = {"MiB", "GiB", "TiB"};
    private static final String[] UNITS = {"B", "kB", "MB", "GB", "TB", "PB"};

    private Text() {}

    /** Names and messages may hold what steers a terminal. */
    static String plain(String text) {
        return text.replaceAll("\\p{Cntrl}", "?");
    }

    static String of(JsonNode value) {
        return value.isMissingNode() || value.isNull() ? NOTHING : plain(value.asText());
    }

    /** As {@code 1.2 GB}; powers of ten. */
    static String bytes(double bytes) {
        var value = bytes;
        var unit = 0;
        while (value >= STEP - 0.5 && unit < UNITS.length - 1) {
            value /= STEP;
            unit++;
        }
        var format = unit == 0 || value >= 100 ? "%.0f %s" : "%.1f %s";
        return String.format(Locale.ROOT, format, value, UNITS[unit]);
    }

    /** As {@code 1.5 GiB}: rooms are given in powers of two. */
    static String mebibytes(long mebibytes) {
        var value = (double) mebibytes;
        var unit = 0;
        while (value >= BINARY_STEP && unit < BINARY_UNITS.length - 1) {
            value /= BINARY_STEP;
            unit++;
        }
        var isWhole = value == Math.rint(value);
        return String.format(Locale.ROOT, isWhole ? "%.0f %s" : "%.1f %s", value, BINARY_UNITS[unit]);
    }

    /** As {@code [#####...............]  25 %}. */
    static String bar(int percent) {
        var share = Math.clamp(percent, 0, FULL);
        var filled = share * BAR / FULL;
        return String.format(Locale.ROOT, "[%s%s] %3d %%", "#".repeat(filled), ".".repeat(BAR - filled), share);
    }

    /** How long ago; {@code -} for never. */
    static String age(JsonNode time, Instant now) {
        try {
            return time.isTextual() ? span(Duration.between(Instant.parse(time.asText()), now)) : NOTHING;
        } catch (DateTimeParseException _) {
            return of(time);
        }
    }

    /** As {@code 3m12s}: the two largest units. */
    static String span(Duration duration) {
        var seconds = Math.max(0, duration.toSeconds());
        if (seconds < MINUTE) {
            return seconds + "s";
        }
        if (seconds < HOUR) {
            return pair(seconds / MINUTE, "m", seconds % MINUTE, "s");
        }
        return seconds < DAY
                ? pair(seconds / HOUR, "h", seconds % HOUR / MINUTE, "m")
                : pair(seconds / DAY, "d", seconds % DAY / HOUR, "h");
    }

    private static String pair(long large, String unit, long small, String smallUnit) {
        return small == 0 ? large + unit : large + unit + small + smallUnit;
    }
}
