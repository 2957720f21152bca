package io.scaibunker.scanner;

import io.scaibunker.model.Settings;
import io.scaibunker.vulns.AdvisoryDatabase;
import io.scaibunker.vulns.BuiltinScanner;
import io.scaibunker.vulns.ExternalSettings;
import io.scaibunker.vulns.GrypeScanner;
import io.scaibunker.vulns.Policy;
import io.scaibunker.vulns.Scanner;
import io.scaibunker.vulns.Severity;
import io.scaibunker.vulns.TrivyScanner;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Keys {@code scanner.*}.
 *
 * @param sweep how often pending scans and unwanted copies are looked for without a nudge
 * @param lease how long a claimed scan belongs to its claimer
 * @param slots how many scans run at once on this node
 * @param engine what scans
 * @param databaseDir OSV records in osv-scanner's layout, for the built-in engine
 * @param external where the other engines are and how far they may go
 * @param policy what of a scan's findings makes it fail
 */
public record ScannerConfig(
        Duration sweep,
        Duration lease,
        int slots,
        Engine engine,
        Path databaseDir,
        ExternalSettings external,
        Policy policy) {
    /** What scans. There is no falling back from one to another. */
    public enum Engine {
        BUILTIN,
        TRIVY,
        GRYPE
    }

    private static final int OUTPUT_BYTES = 64 << 20;

    public static ScannerConfig from(Settings all) {
        Settings settings = all.under("scanner.");
        Engine engine = settings.choice("engine", Engine.BUILTIN);
        String program = engine == Engine.GRYPE ? "grype" : "trivy";
        return new ScannerConfig(
                settings.duration("sweep", Duration.ofMinutes(2), Duration.ofMillis(50), Duration.ofHours(1)),
                settings.duration("lease", Duration.ofMinutes(10), Duration.ofSeconds(1), Duration.ofHours(6)),
                settings.integer("slots", 2, 1, 64),
                engine,
                settings.dataPath("database-dir", "vulndb"),
                new ExternalSettings(
                        settings.text("program").orElse(program),
                        settings.dataPath("program-cache", "scanner"),
                        settings.duration(
                                "program-timeout", Duration.ofMinutes(5), Duration.ofSeconds(1), Duration.ofHours(1)),
                        OUTPUT_BYTES),
                policy(settings));
    }

    private static Policy policy(Settings settings) {
        Severity threshold = settings.choice("threshold", Severity.HIGH);
        if (threshold == Severity.UNKNOWN) {
            settings.problem("threshold", "what nobody rates is below every threshold");
            threshold = Severity.HIGH;
        }
        Duration oldest = settings.duration("database-max-age", Duration.ZERO, Duration.ZERO, Duration.ofDays(3_650));
        return new Policy(
                threshold,
                settings.flag("ignore-unfixed", false),
                allowed(settings),
                settings.flag("empty-fails", false),
                oldest.isZero() ? Optional.empty() : Optional.of(oldest));
    }

    private static List<Policy.Allowance> allowed(Settings settings) {
        List<Policy.Allowance> allowed = new ArrayList<>();
        settings.pairs("allow").forEach((id, until) -> {
            try {
                allowed.add(new Policy.Allowance(
                        id, LocalDate.parse(until).atStartOfDay(ZoneOffset.UTC).toInstant()));
            } catch (DateTimeParseException e) {
                settings.problem("allow", id + "=" + until + ": allowed is a date like 2027-01-31");
            }
        });
        return allowed;
    }

    /** How long one node alone holds verdicts against its own basis: beyond its next sweep, or two would take turns. */
    Duration rematchLease() {
        Duration sweeps = sweep.multipliedBy(3);
        return lease.compareTo(sweeps) > 0 ? lease : sweeps;
    }

    /** How many verdicts are held against new advisories in one go: well within a lease. */
    int rematchPage() {
        return engine == Engine.BUILTIN ? 500 : 1;
    }

    Scanner scanner() {
        return switch (engine) {
            case BUILTIN -> new BuiltinScanner(new AdvisoryDatabase(databaseDir));
            case TRIVY -> new TrivyScanner(external);
            case GRYPE -> new GrypeScanner(external);
        };
    }
}
