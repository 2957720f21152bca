package io.scaibunker.vulns;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One package of one advisory: which versions of it are affected. There are many of these, so what can be is shared. */
final class Affected {
    private static final String[] NO_VERSIONS = {};

    private final Advisory advisory;
    private final Ecosystem ecosystem;
    private final List<Span> spans;
    private final String[] versions;

    @Nullable
    private final Rating rating;

    /** @param versions those that no span has, in the ecosystem's order */
    Affected(Advisory advisory, Ecosystem ecosystem, List<Span> spans, List<String> versions, @Nullable Rating rating) {
        this.advisory = advisory;
        this.ecosystem = ecosystem;
        this.spans = spans;
        this.versions = versions.isEmpty() ? NO_VERSIONS : versions.toArray(NO_VERSIONS);
        this.rating = rating;
    }

    Advisory advisory() {
        return advisory;
    }

    Ecosystem ecosystem() {
        return ecosystem;
    }

    Rating rating() {
        return rating == null ? advisory.rating() : rating;
    }

    /** A version of it that the advisory names, to tell which of several builds it speaks of; null if it names none. */
    @Nullable
    String example() {
        for (var span : spans) {
            if (span.to() != null) {
                return span.to();
            }
        }
        return versions.length > 0 ? versions[0] : null;
    }

    boolean contains(String version, VersionOrder order) {
        for (var span : spans) {
            if (span.contains(version, order)) {
                return true;
            }
        }
        return versions.length > 0 && Arrays.binarySearch(versions, version, order) >= 0;
    }

    /** The version that repairs the one given, if there is one: the end of its span, or else the next fix above it. */
    @Nullable
    String fixFor(String version, VersionOrder order) {
        String fix = null;
        for (var span : spans) {
            if (span.end() == Span.End.FIXED && span.to() != null) {
                if (span.contains(version, order)) {
                    return span.to();
                }
                var above = (span.semver() ? VersionOrder.SEMVER : order).compare(span.to(), version) > 0;
                fix = above && (fix == null || order.compare(span.to(), fix) < 0) ? span.to() : fix;
            }
        }
        return fix;
    }
}
