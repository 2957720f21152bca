package io.scaibunker.layers;

import io.scaibunker.layers.LayerException.Reason;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The records of a PAX header: {@code length key=value\n}. They are cut by their length and by nothing else, for a value may
 * hold any byte. Keys are text of one byte a character.
 */
final class PaxRecords {
    static final PaxRecords NONE = new PaxRecords(List.of());

    /** One key with its value. */
    record Pair(String key, byte[] value) {
        String text() {
            return new String(value, StandardCharsets.ISO_8859_1);
        }
    }

    private final List<Pair> pairs;

    private PaxRecords(List<Pair> pairs) {
        this.pairs = pairs;
    }

    static PaxRecords parse(byte[] data, String place) throws LayerException {
        var pairs = new ArrayList<Pair>();
        for (var start = 0; start < data.length && data[start] != 0; ) {
            var space = find(data, start, data.length, ' ', place);
            var end = start + length(data, start, space, place);
            if (end > data.length || end <= space + 1 || data[end - 1] != '\n') {
                throw bad(place);
            }
            var equals = find(data, space + 1, end, '=', place);
            var key = new String(data, space + 1, equals - space - 1, StandardCharsets.ISO_8859_1);
            pairs.add(new Pair(key, Arrays.copyOfRange(data, equals + 1, end - 1)));
            start = end;
        }
        return new PaxRecords(pairs);
    }

    private static int length(byte[] data, int start, int end, String place) throws LayerException {
        var length = 0;
        if (end == start || end - start > 8) {
            throw bad(place);
        }
        for (var index = start; index < end; index++) {
            if (data[index] < '0' || data[index] > '9') {
                throw bad(place);
            }
            length = length * 10 + data[index] - '0';
        }
        return length;
    }

    private static int find(byte[] data, int start, int end, char wanted, String place) throws LayerException {
        for (var index = start; index < end; index++) {
            if (data[index] == wanted) {
                return index;
            }
        }
        throw bad(place);
    }

    private static LayerException bad(String place) {
        return new LayerException(Reason.CORRUPT, "PAX header is broken, " + place);
    }

    /** These records and then those of {@code later}, which win. */
    PaxRecords and(PaxRecords later) {
        if (pairs.isEmpty()) {
            return later;
        }
        var all = new ArrayList<>(pairs);
        all.addAll(later.pairs);
        return new PaxRecords(all);
    }

    /** All records, in their order; sparse files use some keys over and over. */
    List<Pair> pairs() {
        return pairs;
    }

    /** The last value of a key; an empty one stands for none. */
    byte @Nullable [] value(String key) {
        byte[] last = null;
        for (var pair : pairs) {
            if (pair.key().equals(key)) {
                last = pair.value();
            }
        }
        return last == null || last.length == 0 ? null : last;
    }

    /** A whole number that is not negative, or {@code otherwise} where there is none. */
    long number(String key, long otherwise, String place) throws LayerException {
        var value = value(key);
        return value == null ? otherwise : decimal(new String(value, StandardCharsets.ISO_8859_1), key, place);
    }

    static long decimal(String text, String key, String place) throws LayerException {
        if (text.isEmpty() || text.length() > 18 || !text.chars().allMatch(digit -> digit >= '0' && digit <= '9')) {
            throw new LayerException(Reason.CORRUPT, "PAX " + key + " is no number that can be, " + place);
        }
        return Long.parseLong(text);
    }

    int size() {
        return pairs.stream()
                .mapToInt(pair -> pair.key().length() + pair.value().length)
                .sum();
    }
}
