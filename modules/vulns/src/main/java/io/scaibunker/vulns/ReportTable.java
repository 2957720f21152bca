package io.scaibunker.vulns;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** A report for people at a terminal. What comes from an image or an advisory is stripped of what a terminal would obey. */
public final class ReportTable {
    private static final List<String> HEAD = List.of("SEVERITY", "ID", "PACKAGE", "INSTALLED", "FIXED", "ECOSYSTEM");
    private static final int LONGEST = 240;

    private ReportTable() {}

    /** Writes the findings as a table, then the verdict and what it rests on. */
    public static void write(ScanReport report, Appendable out) throws IOException {
        var rows = new ArrayList<List<String>>();
        rows.add(HEAD);
        for (var finding : report.findings()) {
            rows.add(List.of(
                    finding.rating().severity().word(),
                    plain(finding.id()),
                    plain(finding.source()),
                    plain(finding.installed()),
                    finding.fixed() == null ? "-" : plain(finding.fixed()),
                    plain(finding.ecosystem())));
        }
        if (rows.size() > 1) {
            table(rows, out);
            out.append('\n');
        }
        var verdict = report.verdict();
        out.append(verdict.status().name());
        if (verdict.reason() != null) {
            out.append(' ').append(verdict.reason().name());
        }
        out.append(": ").append(plain(verdict.text())).append('\n');
        basis(report, out);
    }

    private static void table(List<List<String>> rows, Appendable out) throws IOException {
        for (var row : rows) {
            var line = new StringBuilder();
            for (var column = 0; column < row.size(); column++) {
                var at = column;
                var width = rows.stream()
                        .mapToInt(other -> other.get(at).length())
                        .max()
                        .orElse(0);
                line.append(row.get(column))
                        .append(" ".repeat(width - row.get(column).length() + 2));
            }
            out.append(line.toString().stripTrailing()).append('\n');
        }
    }

    private static void basis(ScanReport report, Appendable out) throws IOException {
        out.append("scanner: ").append(plain(report.scanner())).append('\n');
        var scanned = report.scanned();
        if (scanned.isEmpty()) {
            return;
        }
        var coverage = scanned.get().coverage();
        out.append("packages: ")
                .append(String.valueOf(coverage.packages()))
                .append(coverage.byEcosystem().entrySet().stream()
                        .map(entry -> plain(entry.getKey()) + " " + entry.getValue())
                        .collect(Collectors.joining(", ", " (", ")\n")));
        for (var database : scanned.get().database()) {
            out.append("advisories: ")
                    .append(plain(database.ecosystem()))
                    .append(' ')
                    .append(String.valueOf(database.records()))
                    .append(" records, ")
                    .append(String.valueOf(database.age(report.at()).toDays()))
                    .append(" days old, ")
                    .append(plain(database.source()))
                    .append('\n');
        }
        for (var gap : coverage.gaps()) {
            out.append("not looked at: ")
                    .append(plain(gap.path() + " " + gap.text()).strip())
                    .append('\n');
        }
        for (var note : report.notes()) {
            out.append("note: ").append(plain(note)).append('\n');
        }
    }

    private static String plain(String text) {
        var clean = text.codePoints()
                .map(point ->
                        Character.isISOControl(point) || Character.getType(point) == Character.FORMAT ? '?' : point)
                .limit(LONGEST)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append);
        return clean.toString();
    }
}
