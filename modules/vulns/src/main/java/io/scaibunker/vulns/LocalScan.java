package io.scaibunker.vulns;

import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;

/** One scan from end to end, without a server: what a command line needs. */
public final class LocalScan {
    /** How a report is written. */
    public enum Form {
        TABLE,
        JSON,
        SARIF
    }

    private final Scanner scanner;
    private final Policy policy;
    private final InstantSource clock;

    public LocalScan(Scanner scanner, Policy policy, InstantSource clock) {
        this.scanner = scanner;
        this.policy = policy;
        this.clock = clock;
    }

    /** Scans; whatever goes wrong is in the report. */
    public ScanReport scan(Inventory inventory) {
        return ScanReport.of(scanner.scan(inventory), policy, clock.instant());
    }

    /** Writes a report, in UTF-8 and with a new line at its end; does not close the stream. */
    public static void write(ScanReport report, Form form, OutputStream out) throws IOException {
        switch (form) {
            case JSON -> ReportJson.write(report, out);
            case SARIF -> ReportSarif.write(report, out);
            case TABLE -> {
                var writer = new OutputStreamWriter(out, StandardCharsets.UTF_8);
                ReportTable.write(report, writer);
                writer.flush();
            }
        }
        if (form != Form.TABLE) {
            out.write('\n');
        }
        out.flush();
    }
}
