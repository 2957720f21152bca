package io.scaibunker.network;

import java.io.IOException;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/** The addresses that one bunker's filter lets through because a name has led to them. */
final class OpenedHosts {
    /** Each opening is a process on the host; a page of many names is opened at once, a loop over names is not. */
    private static final int IN_A_ROW = 100;

    private static final int PER_SECOND = 20;

    private final Pace pace = new Pace(IN_A_ROW, PER_SECOND, System.nanoTime());
    private final String namespace;

    /** Until when, by the process's clock; what an earlier process opened is not known here and is opened again. */
    private final Map<String, Long> until = new HashMap<>();

    OpenedHosts(String namespace) {
        this.namespace = namespace;
    }

    /**
     * Lets the guest begin connections to these addresses for so long; returns when it may.
     *
     * @param ports 0 for all
     */
    synchronized void open(Collection<String> addresses, Set<Integer> ports, int seconds) throws IOException {
        var now = System.nanoTime();
        var end = now + seconds * 1_000_000_000L;
        until.values().removeIf(time -> time - now <= 0);
        var wanted = new LinkedHashSet<String>();
        for (var address : addresses) {
            ports.forEach(port -> wanted.add(port == 0 ? address : address + " . " + port));
        }
        // A minute's grace is in what was asked for: what was opened a moment ago need not be opened again.
        wanted.removeIf(element -> until.getOrDefault(element, now) - end > -30_000_000_000L);
        if (wanted.isEmpty()) {
            return;
        }
        if (until.size() + wanted.size() > Filter.ADDRESSES_MAX) {
            throw new NetworkException("more than " + Filter.ADDRESSES_MAX + " addresses at once");
        }
        if (!pace.mayGo(now)) {
            throw new NetworkException("names are asked for faster than " + PER_SECOND + " a second");
        }
        Tool.run(words(wanted, seconds), "ip", "netns", "exec", namespace, "nft", "-f", "-");
        wanted.forEach(element -> until.put(element, end));
    }

    /** What is there already keeps its old time, so it is taken out in between; all of it is one transaction. */
    private static String words(Set<String> elements, int seconds) {
        var words = new StringBuilder();
        for (var element : elements) {
            var set = " element inet " + Filter.TABLE + (element.contains(" . ") ? " services" : " hosts");
            words.append("add").append(set).append(" { ").append(element).append(" timeout 1s }\n");
            words.append("delete").append(set).append(" { ").append(element).append(" }\n");
            words.append("add")
                    .append(set)
                    .append(" { ")
                    .append(element)
                    .append(" timeout ")
                    .append(seconds)
                    .append("s }\n");
        }
        return words.toString();
    }
}
