package io.scaibunker.vulns;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * Puts advisories together that speak of one vulnerability, so that it is counted once. Those that share a name are one. A bundle, an
 * erratum for several CVEs, is counted for itself only if it covers one that no other advisory here speaks of.
 */
final class Vulnerabilities {
    /**
     * Advisories for one vulnerability.
     *
     * @param members sorted by name
     */
    record Group(String id, List<String> aliases, List<Affected> members) {}

    private final Map<String, String> parents = new HashMap<>();

    private Vulnerabilities() {}

    static List<Group> group(List<Affected> matched) {
        return matched.size() == 1 ? List.of(named(matched)) : new Vulnerabilities().grouped(matched);
    }

    private List<Group> grouped(List<Affected> matched) {
        var sorted = matched.stream()
                .distinct()
                .sorted(Comparator.comparing(affected -> affected.advisory().id()))
                .toList();
        for (var affected : sorted) {
            affected.advisory().same().forEach(name -> join(affected.advisory().id(), name));
        }
        var byRoot = new LinkedHashMap<String, List<Affected>>();
        for (var affected : sorted) {
            if (affected.advisory().covers().isEmpty()) {
                byRoot.computeIfAbsent(root(affected.advisory().id()), unseen -> new ArrayList<>(1))
                        .add(affected);
            }
        }
        for (var affected : sorted) {
            var covers = affected.advisory().covers();
            if (!covers.isEmpty()) {
                var absorbed = covers.stream().allMatch(name -> byRoot.containsKey(root(name)));
                if (!absorbed) {
                    byRoot.computeIfAbsent(root(affected.advisory().id()), unseen -> new ArrayList<>(1))
                            .add(affected);
                }
            }
        }
        return byRoot.values().stream().map(Vulnerabilities::named).toList();
    }

    private void join(String left, String right) {
        var first = root(left);
        var second = root(right);
        if (!first.equals(second)) {
            parents.put(first, second);
        }
    }

    private String root(String name) {
        var at = name;
        for (var parent = parents.get(at); parent != null; parent = parents.get(at)) {
            at = parent;
        }
        return at;
    }

    /** The name is a CVE where there is one for the whole, else the first advisory's own. */
    private static Group named(List<Affected> members) {
        var names = new TreeSet<String>();
        var covered = new TreeSet<String>();
        for (var affected : members) {
            names.add(affected.advisory().id());
            names.addAll(affected.advisory().same());
            covered.addAll(affected.advisory().covers());
        }
        var id = names.stream()
                .filter(name -> name.startsWith("CVE-"))
                .findFirst()
                .orElse(members.getFirst().advisory().id());
        names.addAll(covered);
        names.remove(id);
        return new Group(id, List.copyOf(names), members);
    }
}
