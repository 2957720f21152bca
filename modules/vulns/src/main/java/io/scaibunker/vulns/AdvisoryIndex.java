package io.scaibunker.vulns;

import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** All that is known about the packages of one ecosystem, by name. Immutable: a newer database makes a new one. */
final class AdvisoryIndex {
    private static final Affected[] NOTHING = {};
    private static final Pattern PYTHON_SEPARATORS = Pattern.compile("[-_.]+");

    private final DatabaseStatus status;
    private final VersionOrder order;
    private final Map<String, Affected[]> byName;
    private final Set<Ecosystem> ecosystems;

    @Nullable
    private volatile Map<String, Rating> ratings;

    AdvisoryIndex(DatabaseStatus status, VersionOrder order, Map<String, Affected[]> byName) {
        this.status = status;
        this.order = order;
        this.byName = byName;
        this.ecosystems = byName.values().stream()
                .flatMap(Arrays::stream)
                .map(Affected::ecosystem)
                .collect(Collectors.toUnmodifiableSet());
    }

    DatabaseStatus status() {
        return status;
    }

    /** Whether anything is known of this release of the distribution; one that is not known has no findings and proves nothing. */
    boolean speaksOf(Ecosystem ecosystem) {
        return ecosystems.stream().anyMatch(known -> known.covers(ecosystem));
    }

    VersionOrder order() {
        return order;
    }

    /** What is known of a package; its name need not be in the canonical form. */
    Affected[] named(String name) {
        return byName.getOrDefault(canonicalName(status.ecosystem(), name), NOTHING);
    }

    static String canonicalName(String ecosystem, String name) {
        return ecosystem.equals("PyPI")
                ? PYTHON_SEPARATORS.matcher(name.toLowerCase(Locale.ROOT)).replaceAll("-")
                : name;
    }

    /** What any advisory here that knows this vulnerability, by its own name or another, says of its severity. */
    Optional<Rating> ratingOf(String id) {
        var known = ratings;
        if (known == null) {
            known = collectRatings();
            ratings = known;
        }
        return Optional.ofNullable(known.get(id));
    }

    private Map<String, Rating> collectRatings() {
        // An advisory may affect many packages: each is asked once.
        var advisories = Collections.<Advisory>newSetFromMap(new IdentityHashMap<>());
        for (var affected : byName.values()) {
            for (var one : affected) {
                advisories.add(one.advisory());
            }
        }
        var collected = new HashMap<String, Rating>();
        for (var advisory : advisories) {
            if (advisory.rating().known()) {
                // The worst that is said, so that the order of reading does not matter.
                collected.merge(advisory.id(), advisory.rating(), AdvisoryIndex::worse);
                advisory.same().forEach(alias -> collected.merge(alias, advisory.rating(), AdvisoryIndex::worse));
            }
        }
        return collected;
    }

    private static Rating worse(Rating left, Rating right) {
        var bySeverity = left.severity().compareTo(right.severity());
        if (bySeverity != 0) {
            return bySeverity > 0 ? left : right;
        }
        return left.source().compareTo(right.source()) <= 0 ? left : right;
    }

    /** Takes records one by one and makes the index. Not safe for use by several threads. */
    static final class Builder {
        private static final Pattern WRAPPED = Pattern.compile("^(?:DEBIAN|UBUNTU|ALPINE|AZL|OESA)-(CVE-\\d{4}-\\d+)$");

        private final String ecosystem;
        private final VersionOrder order;
        private final Ratings ratings = new Ratings();
        private final Map<Object, Object> pool = new HashMap<>();
        private final Map<List<OsvRecord.Range>, List<Span>> spansOf = new HashMap<>();
        private final Map<String, Optional<Ecosystem>> places = new HashMap<>();
        private final Map<String, List<Affected>> byName = new HashMap<>();
        private final Instant written;
        private @Nullable Instant newest;
        private int records;
        private int withdrawn;
        private int entries;
        private int commitsOnly;

        /** @param written when the newest of the files was */
        Builder(String ecosystem, VersionOrder order, Instant written) {
            this.written = written;
            this.ecosystem = ecosystem;
            this.order = order;
        }

        void add(OsvRecord record) {
            records++;
            modified(record.modified);
            if (record.withdrawn) {
                withdrawn++;
                return;
            }
            Advisory advisory = null;
            for (var entry : record.affected) {
                var where = places.computeIfAbsent(entry.ecosystem, Ecosystem::parse)
                        .filter(parsed -> parsed.base().equals(ecosystem))
                        .orElse(null);
                if (where != null && !entry.name.isEmpty()) {
                    advisory = advisory == null ? advisory(record) : advisory;
                    add(entry, pooled(where), advisory);
                }
            }
        }

        private void add(OsvRecord.Entry entry, Ecosystem where, Advisory advisory) {
            // The packages of one advisory mostly have the same ranges.
            var spans = spansOf.computeIfAbsent(entry.ranges, this::spans);
            var exceptions = entry.versions.stream()
                    .filter(version -> spans.stream().noneMatch(span -> span.contains(version, order)))
                    .sorted(order)
                    .map(this::pooled)
                    .toList();
            if (spans.isEmpty() && exceptions.isEmpty()) {
                commitsOnly++;
                return;
            }
            entries++;
            var rating = ratings.ofAffected(entry);
            byName.computeIfAbsent(canonicalName(ecosystem, entry.name), unseen -> new ArrayList<>(1))
                    .add(new Affected(advisory, where, spans, exceptions, rating == null ? null : pooled(rating)));
        }

        private List<Span> spans(List<OsvRecord.Range> ranges) {
            var spans = new ArrayList<Span>(1);
            for (var range : ranges) {
                Span.of(range, order).forEach(span -> spans.add(pooled(span)));
            }
            return pooled(List.copyOf(spans));
        }

        private Advisory advisory(OsvRecord record) {
            var same = new ArrayList<>(record.aliases);
            var wrapped = WRAPPED.matcher(record.id);
            if (wrapped.matches()) {
                same.add(wrapped.group(1));
            }
            var others = new ArrayList<>(record.upstream);
            if (record.isErratum()) {
                record.related.stream().filter(id -> id.startsWith("CVE-")).forEach(others::add);
            }
            var covered = others.stream()
                    .filter(id -> id.startsWith("CVE-"))
                    .distinct()
                    .sorted()
                    .toList();
            if (covered.size() == 1 && !record.isErratum()) {
                same.addAll(covered);
            }
            // Records for one CVE each repeat it as upstream; what covers several is a bundle, and an erratum always
            // is.
            var bundle = covered.size() > 1 || record.isErratum();
            var names = same.stream()
                    .filter(id -> !id.equals(record.id))
                    .distinct()
                    .map(this::pooled)
                    .toList();
            return new Advisory(
                    record.id,
                    names,
                    bundle ? covered.stream().map(this::pooled).toList() : List.of(),
                    pooled(ratings.of(record)));
        }

        @SuppressWarnings("unchecked")
        private <T> T pooled(T value) {
            var known = pool.putIfAbsent(value, value);
            return known == null ? value : (T) known;
        }

        AdvisoryIndex build(String source, int unreadable) {
            var compact = HashMap.<String, Affected[]>newHashMap(byName.size());
            byName.forEach((name, affected) -> compact.put(pooled(name), affected.toArray(NOTHING)));
            var status = new DatabaseStatus(
                    ecosystem,
                    source,
                    records,
                    withdrawn,
                    unreadable,
                    entries,
                    commitsOnly,
                    newest == null ? written : newest);
            return new AdvisoryIndex(status, order, compact);
        }

        /** A record cannot be newer than the file that holds it; some say so, and some give the first day of the calendar. */
        private void modified(String text) {
            try {
                var time = text.isEmpty() ? Instant.MIN : Instant.parse(text);
                var believable = time.isAfter(Instant.EPOCH) && !time.isAfter(written.plus(Duration.ofDays(1)));
                newest = believable && (newest == null || time.isAfter(newest)) ? time : newest;
            } catch (DateTimeParseException odd) {
                // One record less that tells how old the whole is.
            }
        }
    }
}
