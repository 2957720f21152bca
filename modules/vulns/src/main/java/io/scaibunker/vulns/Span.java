package io.scaibunker.vulns;

import io.scaibunker.vulns.OsvRecord.Event;
import io.scaibunker.vulns.OsvRecord.Range;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A run of affected versions: from one that is, to one that ends it.
 *
 * @param from the first one affected; null for all before the end
 * @param to where it ends; null for never
 * @param end what {@code to} is
 * @param semver compared by SemVer, whatever the ecosystem's own order
 */
record Span(@Nullable String from, @Nullable String to, End end, boolean semver) {
    /** What ends a span. */
    enum End {
        /** {@code to} is the first version that is not affected, and a remedy. */
        FIXED,
        /** {@code to} is the last version that is affected. */
        LAST_AFFECTED,
        /** {@code to} is the first version that the advisory does not speak of. */
        LIMIT,
        /** There is no end yet. */
        OPEN
    }

    boolean contains(String version, VersionOrder ecosystem) {
        var order = semver ? VersionOrder.SEMVER : ecosystem;
        if (from != null && order.compare(version, from) < 0) {
            return false;
        }
        if (to == null) {
            return true;
        }
        var toEnd = order.compare(version, to);
        return end == End.LAST_AFFECTED ? toEnd <= 0 : toEnd < 0;
    }

    /** The spans of a range, by the evaluation that the OSV schema prescribes; none for GIT ranges, which speak of commits. */
    static List<Span> of(Range range, VersionOrder ecosystem) {
        var semver = range.type().equals("SEMVER");
        if (!semver && !range.type().equals("ECOSYSTEM")) {
            return List.of();
        }
        var order = semver ? VersionOrder.SEMVER : ecosystem;
        var events = range.events().stream()
                .filter(event -> !event.kind().equals("limit"))
                .sorted((left, right) -> compare(left, right, order))
                .toList();
        var spans = new ArrayList<Span>(1);
        String open = null;
        for (var event : events) {
            if (event.kind().equals("introduced")) {
                open = open == null ? event.version() : open;
            } else if (open != null) {
                var end = event.kind().equals("fixed") ? End.FIXED : End.LAST_AFFECTED;
                add(spans, open, event.version(), end, semver, order);
                open = null;
            }
        }
        if (open != null) {
            spans.add(new Span(start(open), null, End.OPEN, semver));
        }
        return limited(spans, range, order, semver);
    }

    private static int compare(Event left, Event right, VersionOrder order) {
        var leftZero = isZero(left);
        var rightZero = isZero(right);
        if (leftZero || rightZero) {
            return Boolean.compare(rightZero, leftZero);
        }
        return order.compare(left.version(), right.version());
    }

    /** {@code introduced: "0"} is before all versions, even those that sort before 0. */
    private static boolean isZero(Event event) {
        return event.kind().equals("introduced") && event.version().equals("0");
    }

    private static @Nullable String start(String introduced) {
        return introduced.equals("0") ? null : introduced;
    }

    private static void add(List<Span> spans, String from, String to, End end, boolean semver, VersionOrder order) {
        // Fixed where it was introduced: nothing is affected.
        if (end == End.FIXED && !from.equals("0") && order.compare(from, to) >= 0) {
            return;
        }
        spans.add(new Span(start(from), to, end, semver));
    }

    /** A version must be below one of the limits, which is to be below the highest; {@code *} is no limit. */
    private static List<Span> limited(List<Span> spans, Range range, VersionOrder order, boolean semver) {
        var limits = range.events().stream()
                .filter(event -> event.kind().equals("limit"))
                .map(Event::version)
                .toList();
        if (limits.isEmpty() || limits.contains("*")) {
            return spans;
        }
        var limit = limits.stream().max(order).orElseThrow();
        return spans.stream()
                .filter(span -> span.from == null || order.compare(span.from, limit) < 0)
                .map(span -> span.to == null || order.compare(span.to, limit) >= 0
                        ? new Span(span.from, limit, End.LIMIT, semver)
                        : span)
                .toList();
    }
}
