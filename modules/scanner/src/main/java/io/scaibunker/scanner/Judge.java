package io.scaibunker.scanner;

import io.scaibunker.model.ScanStatus;
import io.scaibunker.store.Scans;
import io.scaibunker.store.Scans.Ground;
import io.scaibunker.store.Scans.Outdated;
import io.scaibunker.vulns.Inventory;
import io.scaibunker.vulns.InventoryJson;
import io.scaibunker.vulns.Policy;
import io.scaibunker.vulns.ReportJson;
import io.scaibunker.vulns.ScanException;
import io.scaibunker.vulns.ScanOutcome;
import io.scaibunker.vulns.ScanReason;
import io.scaibunker.vulns.ScanReport;
import io.scaibunker.vulns.Scanner;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Optional;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/** Turns an inventory into a verdict. Blocks. Whether something passes is decided by {@link io.scaibunker.vulns.Verdict} alone. */
final class Judge {
    static final int TRIES = 8;

    private static final Duration FIRST_PAUSE = Duration.ofMinutes(2);
    private static final Duration LONGEST_PAUSE = Duration.ofHours(1);

    private final Scanner scanner;
    private final Policy policy;
    private final InstantSource clock;

    Judge(Scanner scanner, Policy policy, InstantSource clock) {
        this.scanner = scanner;
        this.policy = policy;
        this.clock = clock;
    }

    /**
     * A verdict, and what it found.
     *
     * @param findings in the API's words; empty where nothing was looked at, which is not the same as none
     */
    record Judged(Scans.Verdict verdict, Optional<JsonArray> findings) {}

    /** The same verdict as before, by what is known now; or another one. */
    sealed interface Compared {
        /** @param database what is known now */
        record Same(JsonArray database) implements Compared {}

        record Other(Judged judged) implements Compared {}
    }

    /** For a row of inventories, by one basis. For one thread. */
    Judge forMany() {
        return new Judge(scanner.forMany(), policy, clock);
    }

    /** By what it is judged now, in one line; another one may bring another verdict. */
    String basis() {
        Instant now = clock.instant();
        StringJoiner basis = new StringJoiner("; ")
                .add(scanner.basis())
                .add(policy.threshold().word())
                .add(policy.ignoreUnfixed() ? "fixed only" : "all")
                .add(policy.emptyFails() ? "something" : "anything");
        policy.allowed().stream()
                .filter(allowance -> now.isBefore(allowance.until()))
                .forEach(allowance -> basis.add(allowance.id()));
        // What is too old tomorrow need not be today.
        policy.oldest().ifPresent(oldest -> basis.add(oldest + " on " + LocalDate.ofInstant(now, ZoneOffset.UTC)));
        return basis.toString();
    }

    /** @param attempts how often it was tried, this time counted */
    Judged judge(byte[] inventory, int attempts) {
        String basis = basis();
        return judged(report(inventory), basis, attempts);
    }

    Compared compare(Outdated old, String basis) {
        ScanReport report = report(old.inventory());
        return old.reportDigest().equals(Optional.of(report.digest()))
                ? new Compared.Same(summary(report).getJsonArray("database"))
                : new Compared.Other(judged(report, basis, 1));
    }

    private ScanReport report(byte[] packed) {
        ScanOutcome outcome;
        try {
            Inventory inventory = InventoryJson.unpack(packed);
            outcome = scanner.scan(inventory);
        } catch (ScanException known) {
            outcome = new ScanOutcome.Broken("none", known.reason(), String.valueOf(known.getMessage()));
        } catch (IOException | RuntimeException unreadable) {
            outcome = new ScanOutcome.Broken(
                    "none", ScanReason.INVENTORY_INCOMPLETE, "what the image holds cannot be read");
        }
        return ScanReport.of(outcome, policy, clock.instant());
    }

    private static Judged judged(ScanReport report, String basis, int attempts) {
        var verdict = report.verdict();
        ScanReason reason = verdict.reason();
        boolean looked = report.outcome() instanceof ScanOutcome.Scanned;
        return new Judged(
                new Scans.Verdict(
                        switch (verdict.status()) {
                            case PASSED -> ScanStatus.PASSED;
                            case FAILED -> ScanStatus.FAILED;
                            case SKIPPED -> ScanStatus.SKIPPED;
                        },
                        reason == null ? null : reason.name(),
                        verdict.text(),
                        report.scanner(),
                        new Ground(basis, summary(report), report.digest()),
                        looked || reason == null || !worthRetrying(reason) ? null : pause(attempts)),
                looked ? Optional.of(json(report).getJsonArray("findings")) : Optional.empty());
    }

    private static boolean worthRetrying(ScanReason reason) {
        return switch (reason) {
            case SCANNER_MISSING, SCANNER_FAILED, TIMEOUT, BAD_OUTPUT, DB_CORRUPT, INTERNAL -> true;
            case FINDINGS,
                    DB_MISSING,
                    DB_STALE,
                    UNSUPPORTED_OS,
                    RPMDB_FORMAT,
                    INVENTORY_INCOMPLETE,
                    NO_PACKAGES,
                    TOO_LARGE -> false;
        };
    }

    /** 2 minutes, doubling to an hour; null when it was tried often enough. */
    static @Nullable Duration pause(int attempts) {
        if (attempts >= TRIES) {
            return null;
        }
        Duration pause = FIRST_PAUSE.multipliedBy(1L << Math.min(attempts - 1, 10));
        return pause.compareTo(LONGEST_PAUSE) < 0 ? pause : LONGEST_PAUSE;
    }

    private static JsonObject summary(ScanReport report) {
        return json(report, ReportJson::writeSummary);
    }

    private static JsonObject json(ScanReport report) {
        return json(report, ReportJson::write);
    }

    private interface Writing {
        void write(ScanReport report, ByteArrayOutputStream out) throws IOException;
    }

    private static JsonObject json(ScanReport report, Writing writing) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            writing.write(report, out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return Buffer.buffer(out.toByteArray()).toJsonObject();
    }
}
