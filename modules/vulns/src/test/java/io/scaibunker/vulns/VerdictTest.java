package io.scaibunker.vulns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.scaibunker.vulns.Inventory.Gap;
import io.scaibunker.vulns.Policy.Allowance;
import io.scaibunker.vulns.ScanOutcome.Broken;
import io.scaibunker.vulns.ScanOutcome.NothingToScan;
import io.scaibunker.vulns.ScanOutcome.Scanned;
import io.scaibunker.vulns.Verdict.Status;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class VerdictTest {
    private static final Instant NOW = Instant.parse("2026-01-10T00:00:00Z");
    private static final Policy STRICT_AGE =
            new Policy(Severity.HIGH, false, List.of(), false, Optional.of(Duration.ofDays(7)));

    /** Every combination of what proves and what fails; only the one row with all proofs and no findings passes. */
    @Test
    void thereIsOneWayToPass() {
        int passed = 0;
        for (boolean packages : List.of(true, false)) {
            for (boolean gap : List.of(true, false)) {
                for (String database : List.of("none", "empty", "old", "good")) {
                    for (boolean high : List.of(true, false)) {
                        for (boolean emptyFails : List.of(true, false)) {
                            List<DatabaseStatus> databases = switch (database) {
                                case "none" -> List.of();
                                case "empty" -> List.of(database(0, 1));
                                case "old" -> List.of(database(10, 30));
                                default -> List.of(database(10, 1));
                            };
                            Scanned scanned = new Scanned(
                                    "builtin",
                                    databases,
                                    coverage(packages ? 5 : 0, gap ? ScanReason.DB_MISSING : null),
                                    high ? List.of(finding(Severity.HIGH, "2")) : List.of(),
                                    List.of());
                            Policy policy = new Policy(
                                    Severity.HIGH, false, List.of(), emptyFails, Optional.of(Duration.ofDays(7)));
                            Verdict verdict = Verdict.of(scanned, policy, NOW);
                            ScanReason expected = high
                                    ? ScanReason.FINDINGS
                                    : gap
                                            ? ScanReason.DB_MISSING
                                            : !packages
                                                    ? (emptyFails ? ScanReason.NO_PACKAGES : null)
                                                    : switch (database) {
                                                        case "none" -> ScanReason.DB_MISSING;
                                                        case "empty" -> ScanReason.DB_CORRUPT;
                                                        case "old" -> ScanReason.DB_STALE;
                                                        default -> null;
                                                    };
                            assertThat(verdict.reason()).as("%s", verdict).isEqualTo(expected);
                            assertThat(verdict.status())
                                    .isEqualTo(
                                            expected != null
                                                    ? Status.FAILED
                                                    : packages ? Status.PASSED : Status.SKIPPED);
                            passed += verdict.status() == Status.PASSED ? 1 : 0;
                        }
                    }
                }
            }
        }
        assertThat(passed)
                .as(
                        "with packages, a good database, no gap and nothing high; what the policy says of the empty is no matter")
                .isEqualTo(2);
    }

    @ParameterizedTest
    @EnumSource(ScanReason.class)
    void nothingThatBrokeEverPasses(ScanReason reason) {
        for (Policy policy : List.of(
                Policy.DEFAULT,
                STRICT_AGE,
                new Policy(
                        Severity.CRITICAL,
                        true,
                        List.of(new Allowance("CVE-1", Instant.MAX)),
                        false,
                        Optional.empty()))) {
            if (reason == ScanReason.FINDINGS) {
                assertThatThrownBy(() -> new Broken("x", reason, "y")).isInstanceOf(IllegalArgumentException.class);
            } else {
                Verdict broken = Verdict.of(new Broken("x", reason, "why"), policy, NOW);
                assertThat(broken.status()).isEqualTo(Status.FAILED);
                assertThat(broken.reason()).isEqualTo(reason);
                assertThat(broken.text()).isEqualTo("why");
            }
            Verdict gap = Verdict.of(
                    new Scanned("x", List.of(database(10, 1)), coverage(5, reason), List.of(), List.of()), policy, NOW);
            assertThat(gap.status()).isEqualTo(Status.FAILED);
        }
    }

    @Test
    void onlyWhereThereIsNothingToScanItIsSkipped() {
        Verdict verdict = Verdict.of(new NothingToScan("the image is empty by nature"), Policy.DEFAULT, NOW);
        assertThat(verdict.status()).isEqualTo(Status.SKIPPED);
        assertThat(verdict.reason()).isNull();
    }

    @Test
    void nobodyElseCanMakeAVerdict() {
        assertThat(Verdict.class.getDeclaredConstructors())
                .allMatch(one -> java.lang.reflect.Modifier.isPrivate(one.getModifiers()));
        assertThat(Arrays.stream(Verdict.class.getDeclaredMethods())
                        .filter(method -> method.getReturnType() == Verdict.class
                                && !java.lang.reflect.Modifier.isPrivate(method.getModifiers())))
                .hasSize(1);
    }

    @ParameterizedTest
    @CsvSource({
        // threshold, ignore unfixed, severity, fixed, allowed until (days from now, 0 for not allowed), fails
        "HIGH, false, CRITICAL, 2, 0, true",
        "HIGH, false, HIGH, , 0, true",
        "HIGH, true, HIGH, , 0, false",
        "HIGH, true, HIGH, 2, 0, true",
        "HIGH, false, MEDIUM, 2, 0, false",
        "HIGH, false, UNKNOWN, 2, 0, false",
        "NEGLIGIBLE, false, UNKNOWN, 2, 0, false",
        "CRITICAL, false, HIGH, 2, 0, false",
        "LOW, false, NEGLIGIBLE, 2, 0, false",
        "HIGH, false, HIGH, 2, 1, false",
        "HIGH, false, HIGH, 2, -1, true",
    })
    void policySaysWhatIsMinded(
            Severity threshold, boolean ignoreUnfixed, Severity severity, String fixed, int days, boolean fails) {
        List<Allowance> allowed =
                days == 0 ? List.of() : List.of(new Allowance("GHSA-1", NOW.plus(Duration.ofDays(days))));
        Policy policy = new Policy(threshold, ignoreUnfixed, allowed, false, Optional.empty());
        Verdict verdict = Verdict.of(
                new Scanned(
                        "x", List.of(database(10, 1)), coverage(5, null), List.of(finding(severity, fixed)), List.of()),
                policy,
                NOW);
        assertThat(verdict.status()).isEqualTo(fails ? Status.FAILED : Status.PASSED);
        assertThat(verdict.counts()).containsEntry(severity, 1).hasSize(Severity.values().length);
        assertThat(verdict.fixable()).isEqualTo(fixed == null ? 0 : 1);
    }

    static Finding finding(Severity severity, String fixed) {
        return new Finding(
                "CVE-1",
                List.of("GHSA-1"),
                "Debian:12",
                "p",
                "s",
                "1",
                fixed,
                new Rating(severity, "test", null),
                "var/lib/dpkg/status");
    }

    static DatabaseStatus database(int records, int days) {
        return new DatabaseStatus(
                "Debian", "Debian/all.zip", records, 0, 0, records, 0, NOW.minus(Duration.ofDays(days)));
    }

    static Coverage coverage(int packages, ScanReason gap) {
        List<Gap> gaps = new ArrayList<>();
        if (gap != null) {
            gaps.add(new Gap(gap, "", "something"));
        }
        return new Coverage(packages, new TreeMap<>(), gaps);
    }
}
