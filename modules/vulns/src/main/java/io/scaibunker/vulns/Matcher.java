package io.scaibunker.vulns;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Holds inventories against one snapshot of the advisories. Remembers what it answered, for images share their bases: keep one for a
 * row of inventories. Not safe for use by several threads.
 */
public final class Matcher {
    private static final int MOST_REMEMBERED = 200_000;

    private static final Comparator<Source> BY_PLACE = Comparator.comparing((Source source) -> source.ecosystem.base())
            .thenComparing(source -> source.ecosystem.release())
            .thenComparing(Source::name)
            .thenComparing(Source::path)
            .thenComparing(Source::version);

    private final AdvisorySnapshot advisories;
    private final Map<Question, List<Affected>> answers = new HashMap<>();
    private final Map<Source, List<Finding>> findings = new HashMap<>();

    private record Question(Ecosystem ecosystem, String name, String version, String stream) {}

    /** What findings are counted by. The names are those of the packages made from it, for rpm is asked by both. */
    private record Source(
            Ecosystem ecosystem, String name, String version, List<String> packages, String path, String stream) {}

    /** What makes two packages come from one source; those of the system lie where their database says. */
    private record Place(Ecosystem ecosystem, String name, String version, String path, String stream) {}

    public Matcher(AdvisorySnapshot advisories) {
        this.advisories = advisories;
    }

    /**
     * All findings in an inventory: the worst first, then by ecosystem, source, path and name. What has no advisories in the snapshot
     * has no findings: see {@link Coverage}.
     */
    public List<Finding> match(Inventory inventory) {
        var bySeverity = new EnumMap<Severity, List<Finding>>(Severity.class);
        for (var source : sources(inventory)) {
            for (var finding : remembered(findings, source, this::findings)) {
                bySeverity
                        .computeIfAbsent(finding.rating().severity(), unseen -> new ArrayList<>())
                        .add(finding);
            }
        }
        var found = new ArrayList<Finding>();
        for (var severity : List.of(Severity.values()).reversed()) {
            found.addAll(bySeverity.getOrDefault(severity, List.of()));
        }
        return List.copyOf(found);
    }

    /** Sorted, so that findings need not be. */
    private List<Source> sources(Inventory inventory) {
        var bySource = new HashMap<Place, List<String>>();
        for (var component : inventory.components()) {
            if (advisories.index(component.ecosystem().base()).isPresent()) {
                var path = component.kind().ofSystem() ? "" : component.path();
                var place = new Place(
                        component.ecosystem(),
                        component.sourceName(),
                        component.sourceVersion(),
                        path,
                        component.stream());
                bySource.computeIfAbsent(place, unseen -> new ArrayList<>(1)).add(component.name());
            }
        }
        var systemPaths = new HashMap<Ecosystem, String>();
        inventory.components().stream()
                .filter(component -> component.kind().ofSystem())
                .forEach(component -> systemPaths.putIfAbsent(component.ecosystem(), component.path()));
        var sources = new ArrayList<Source>(bySource.size());
        bySource.forEach((place, names) -> sources.add(new Source(
                place.ecosystem,
                place.name,
                place.version,
                names.size() == 1 ? names : names.stream().distinct().sorted().toList(),
                place.path.isEmpty() ? systemPaths.getOrDefault(place.ecosystem, "") : place.path,
                place.stream)));
        sources.sort(BY_PLACE);
        return sources;
    }

    private List<Finding> findings(Source source) {
        var index = advisories.index(source.ecosystem.base()).orElseThrow();
        var matched = new ArrayList<>(affected(source, source.name));
        if (index.order() == VersionOrder.RPM) {
            // Errata of Red Hat's family name the packages that were built, not their source.
            source.packages.stream()
                    .filter(name -> !name.equals(source.name))
                    .forEach(name -> matched.addAll(affected(source, name)));
        }
        if (matched.isEmpty()) {
            return List.of();
        }
        return Vulnerabilities.group(matched).stream()
                .map(group -> finding(group, source, order(index, source.version)))
                .sorted(Comparator.comparing(Finding::id))
                .toList();
    }

    private List<Affected> affected(Source source, String name) {
        return remembered(answers, new Question(source.ecosystem, name, source.version, source.stream), this::affected);
    }

    private List<Affected> affected(Question question) {
        var index = advisories.index(question.ecosystem.base()).orElseThrow();
        var order = order(index, question.version);
        var found = new ArrayList<Affected>(0);
        for (var affected : index.named(question.name)) {
            if (affected.ecosystem().covers(question.ecosystem)
                    && (index.order() != VersionOrder.RPM || comparable(affected, question))
                    && affected.contains(question.version, order)) {
                found.add(affected);
            }
        }
        return found;
    }

    private static VersionOrder order(AdvisoryIndex index, String version) {
        return index.order() == VersionOrder.RPM && RpmModules.isModular(version)
                ? VersionOrder.RPM_MODULE
                : index.order();
    }

    /** Builds of a module and others are different packages of one name, and so are those of several streams. */
    private static boolean comparable(Affected affected, Question question) {
        var example = affected.example();
        return example == null
                || (RpmModules.isModular(example) == RpmModules.isModular(question.version)
                        && RpmModules.sameStream(question.stream, question.version, example));
    }

    private static <K, V> V remembered(Map<K, V> known, K key, java.util.function.Function<K, V> ask) {
        var value = known.get(key);
        if (value == null) {
            if (known.size() >= MOST_REMEMBERED) {
                known.clear();
            }
            value = ask.apply(key);
            known.put(key, value);
        }
        return value;
    }

    private Finding finding(Vulnerabilities.Group group, Source source, VersionOrder order) {
        String fixed = null;
        for (var affected : group.members()) {
            var fix = affected.fixFor(source.version, order);
            // Where advisories differ, the one that asks for more is taken.
            fixed = fix != null && (fixed == null || order.compare(fix, fixed) > 0) ? fix : fixed;
        }
        return new Finding(
                group.id(),
                group.aliases(),
                source.ecosystem.toString(),
                source.packages.getFirst(),
                source.name,
                source.version,
                fixed,
                rating(group),
                source.path);
    }

    /** What the advisories say themselves, the first by name; else what others say of the same vulnerability. */
    private Rating rating(Vulnerabilities.Group group) {
        for (var affected : group.members()) {
            if (affected.rating().known()) {
                return affected.rating();
            }
        }
        var names = new ArrayList<String>();
        names.add(group.id());
        names.addAll(group.aliases());
        Rating worst = Rating.NONE;
        for (var name : names) {
            var said = advisories.ratingOf(name);
            // A bundle covers several: the worst of them counts.
            if (said.isPresent() && said.get().severity().compareTo(worst.severity()) > 0) {
                worst = said.get().saidBy(name);
            }
        }
        return worst;
    }
}
