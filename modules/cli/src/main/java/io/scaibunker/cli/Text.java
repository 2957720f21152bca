package io.scaibunker.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jline.utils.WCWidth;

/** How values read on a terminal. */
final class Text {
    private static final String NOTHING = "-";
    /** Controls, those of eight bits among them; marks that turn the direction of writing, or cannot be seen; ends of lines. */
    private static final Pattern STEERING = Pattern.compile("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]");

    private static final long MINUTE = 60;
    private static final long HOUR = 3600;
    private static final long DAY = 86_400;
    private static final double STEP = 1000;
    private static final double BINARY_STEP = 1024;
    static final int BAR = 20;
    private static final int FULL = 100;
    private static final String[] BINARY_UNITS = {"MiB", "GiB", "TiB"};
    private static final String[] UNITS = {"B", "kB", "MB", "GB", "TB", "PB"};

    private Text() {}

    /** Names and messages may hold what steers a terminal, or makes it show something else than what is there. */
    static String plain(String text) {
        return STEERING.matcher(text.replace('\t', ' ')).replaceAll("?");
    }

    /**
     * A line that may be coloured, cut to the columns that a terminal has: a longer one would be two of the terminal's, and
     * whoever goes back by lines would miss the beginning.
     */
    static String clipped(String line, int columns) {
        if (width(line) <= columns) {
            return line;
        }
        var clipped = new StringBuilder();
        var room = columns - 1;
        for (var at = 0; at < line.length(); ) {
            var colour = colourAt(line, at);
            if (colour > 0) {
                clipped.append(line, at, at + colour);
                at += colour;
                continue;
            }
            var point = line.codePointAt(at);
            room -= WCWidth.wcwidth(point);
            if (room < 0) {
                break;
            }
            clipped.appendCodePoint(point);
            at += Character.charCount(point);
        }
        return clipped.append('…')
                .append(line.indexOf('\u001b') < 0 ? "" : "\u001b[0m")
                .toString();
    }

    /** How many columns it takes. */
    static int width(String line) {
        var width = 0;
        for (var at = 0; at < line.length(); ) {
            var colour = colourAt(line, at);
            if (colour > 0) {
                at += colour;
            } else {
                var point = line.codePointAt(at);
                width += Math.max(0, WCWidth.wcwidth(point));
                at += Character.charCount(point);
            }
        }
        return width;
    }

    /** @return how long the word for a colour is that begins there; 0 for none */
    private static int colourAt(String line, int at) {
        return line.startsWith("\u001b[", at) ? line.indexOf('m', at) + 1 - at : 0;
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
        return String.format(Locale.ROOT, "%s %3d %%", bar(percent, BAR), Math.clamp(percent, 0, FULL));
    }

    /** A bar of so many signs between its ends. */
    static String bar(int percent, int width) {
        var filled = Math.clamp(percent, 0, FULL) * width / FULL;
        return "[" + "#".repeat(filled) + ".".repeat(width - filled) + "]";
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
