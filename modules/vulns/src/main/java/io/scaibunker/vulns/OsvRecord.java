package io.scaibunker.vulns;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What of one OSV record matters here, as it was read; {@link AdvisoryIndex} makes the compact form. */
final class OsvRecord {
    /** A severity as written: its type and a vector or a word. */
    record Scored(String type, String score) {}

    /** One event of a range: introduced, fixed, last_affected or limit. */
    record Event(String kind, String version) {}

    /** A range of versions: SEMVER, ECOSYSTEM or GIT. */
    record Range(String type, List<Event> events) {}

    /** One package that is affected. */
    static final class Entry {
        String ecosystem = "";
        String name = "";
        final List<Range> ranges = new ArrayList<>(1);
        final List<String> versions = new ArrayList<>(0);
        final List<Scored> severities = new ArrayList<>(0);

        @Nullable
        String severityWord;

        String severityWordSource = "";
    }

    String id = "";
    String modified = "";
    boolean withdrawn;
    String summary = "";

    @Nullable
    String databaseSeverity;

    final List<String> aliases = new ArrayList<>();
    final List<String> upstream = new ArrayList<>();
    final List<String> related = new ArrayList<>();
    final List<Scored> severities = new ArrayList<>(1);
    final List<Entry> affected = new ArrayList<>();

    /** Of the family of Red Hat: their severity is the first word of the summary, and their CVEs may be called related. */
    boolean isErratum() {
        return id.startsWith("ALSA-")
                || id.startsWith("RLSA-")
                || id.startsWith("RXSA-")
                || id.startsWith("RHSA-")
                || id.startsWith("ELSA-");
    }
}
