package io.scaibunker.cli;

import io.scaibunker.layers.LayerLimits;
import io.scaibunker.vulns.AdvisoryDatabase;
import io.scaibunker.vulns.BillOfMaterials;
import io.scaibunker.vulns.BuiltinScanner;
import io.scaibunker.vulns.ExternalSettings;
import io.scaibunker.vulns.GrypeScanner;
import io.scaibunker.vulns.ImageInventory;
import io.scaibunker.vulns.Inventory;
import io.scaibunker.vulns.LayersInventory;
import io.scaibunker.vulns.LocalScan;
import io.scaibunker.vulns.Policy;
import io.scaibunker.vulns.Scanner;
import io.scaibunker.vulns.Severity;
import io.scaibunker.vulns.TrivyScanner;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code scaibunker scan}. */
@Command(
        name = "scan",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description = "Looks for known vulnerabilities in an image, or in a baked one, without a server.",
        sortOptions = false,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:passed: all of it was looked at and nothing is minded; or skipped: it holds no packages",
            "1:findings at or above the threshold",
            "2:it cannot be told: no advisories, something unread, no such image, a wrong command line",
            "130, 143:ended by Ctrl-C or SIGTERM"
        },
        footer = {
            "",
            "Examples:",
            "  scaibunker vulndb sync Debian PyPI",
            "  scaibunker scan --source docker.io/library/debian:12-slim",
            "  scaibunker scan --ext4 debian.ext4 --db /srv/osv --json | jq .counts"
        })
final class ScanCommand implements Callable<Integer> {
    private static final int UNKNOWN = 2;

    /** What scans. */
    enum Engine {
        BUILTIN,
        TRIVY,
        GRYPE
    }

    static final class What {
        @Option(
                names = "--source",
                required = true,
                paramLabel = "SOURCE",
                converter = RegistryOptions.SourceConverter.class,
                description = RegistryOptions.SOURCES)
        private @Nullable BakeSource source;

        @Option(names = "--ext4", required = true, paramLabel = "FILE", description = "A baked image.")
        private @Nullable Path ext4;
    }

    static final class Form {
        @Option(names = "--table", description = "Print for people; the default.")
        private boolean table;

        @Option(names = "--json", description = "Print one JSON object.")
        private boolean json;

        @Option(names = "--sarif", description = "Print SARIF 2.1.0, for code hosts.")
        private boolean sarif;

        LocalScan.Form form() {
            if (json) {
                return LocalScan.Form.JSON;
            }
            return sarif && !table ? LocalScan.Form.SARIF : LocalScan.Form.TABLE;
        }
    }

    @Spec
    private @Nullable CommandSpec spec;

    @ArgGroup(multiplicity = "1")
    private What what = new What();

    @Option(
            names = "--db",
            paramLabel = "DIR",
            description = "Advisories, as vulndb keeps them; default: var/vulndb of this checkout.")
    private Path database = VulndbCommand.DEFAULT;

    @ArgGroup
    private Form form = new Form();

    @Option(
            names = "--threshold",
            paramLabel = "SEVERITY",
            description = "The least severity that fails: negligible, low, medium, high (default) or critical.")
    private Severity threshold = Severity.HIGH;

    @Option(names = "--ignore-unfixed", description = "Let through what no version repairs yet.")
    private boolean ignoreUnfixed;

    @Option(
            names = "--allow",
            paramLabel = "ID=DATE",
            description = "Let a vulnerability through until the beginning of a day (UTC); may be repeated.")
    private Map<String, LocalDate> allowed = new LinkedHashMap<>();

    @Option(names = "--empty-fails", description = "Fail for an image without any package that is known.")
    private boolean emptyFails;

    @Option(
            names = "--max-age",
            paramLabel = "DAYS",
            description = "How old the newest advisory of an ecosystem may be; default: any age.")
    private @Nullable Integer maxAge;

    @Option(
            names = "--engine",
            paramLabel = "ENGINE",
            description = "builtin (default), trivy or grype; these are given the bill of materials.")
    private Engine engine = Engine.BUILTIN;

    @Option(names = "--program", paramLabel = "FILE", description = "Trivy or Grype; default: wherever PATH has it.")
    private @Nullable String program;

    @Option(names = "--cache", paramLabel = "DIR", description = "The cache of Trivy or Grype, with its database.")
    private @Nullable Path cache;

    @Option(names = "--sbom", paramLabel = "FILE", description = "Write what the image holds, as CycloneDX, too.")
    private @Nullable Path bill;

    @Mixin
    private RegistryOptions registries = new RegistryOptions();

    private final Terminal terminal;

    ScanCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        try {
            var inventory = inventory();
            if (bill != null) {
                try (var out = new BufferedOutputStream(Files.newOutputStream(bill))) {
                    BillOfMaterials.write(inventory, name(), out);
                }
            }
            var report = new LocalScan(scanner(), policy(), InstantSource.system()).scan(inventory);
            LocalScan.write(report, form.form(), terminal.out());
            return report.exitCode();
        } catch (CancellationException stopped) {
            return ExitCode.INTERRUPTED.number();
        } catch (ParameterException wrong) {
            throw wrong;
        } catch (IOException | RuntimeException unseen) {
            var failure = Failure.of(unseen);
            terminal.err().println("scaibunker scan: " + failure.message());
            if (failure.code() == ExitCode.FAILED) {
                unseen.printStackTrace(terminal.err());
            }
            return UNKNOWN;
        }
    }

    private Inventory inventory() throws IOException {
        if (what.ext4 != null) {
            return ImageInventory.read(what.ext4);
        }
        if (what.source == null) {
            throw new IllegalStateException("picocli asks for one of the two");
        }
        var progress = form.form() == LocalScan.Form.TABLE ? terminal.progress() : Progress.NONE;
        var near = Path.of(System.getProperty("java.io.tmpdir"));
        try (var source = new LocalSource(registries.of(what.source), near, progress);
                var _ = new Interruption(source::cancel)) {
            return LayersInventory.read(source.fetch(source.resolve(), "reading"), LayerLimits.DEFAULT);
        } finally {
            progress.end();
        }
    }

    private String name() {
        return what.ext4 != null ? what.ext4.toString() : String.valueOf(what.source);
    }

    private Scanner scanner() {
        if (engine == Engine.BUILTIN) {
            return new BuiltinScanner(new AdvisoryDatabase(database));
        }
        if (cache == null) {
            throw wrong("--engine " + engine + " needs its --cache");
        }
        var name = engine == Engine.TRIVY ? "trivy" : "grype";
        var settings = ExternalSettings.of(program == null ? name : program, cache);
        return engine == Engine.TRIVY ? new TrivyScanner(settings) : new GrypeScanner(settings);
    }

    private Policy policy() {
        if (threshold == Severity.UNKNOWN) {
            throw wrong("--threshold unknown: what nobody rates is below every threshold");
        }
        return new Policy(
                threshold,
                ignoreUnfixed,
                allowed.entrySet().stream()
                        .map(one -> new Policy.Allowance(
                                one.getKey(),
                                one.getValue().atStartOfDay(ZoneOffset.UTC).toInstant()))
                        .toList(),
                emptyFails,
                Optional.ofNullable(maxAge).map(Duration::ofDays));
    }

    private ParameterException wrong(String message) {
        if (spec == null) {
            throw new IllegalStateException(message);
        }
        return new ParameterException(spec.commandLine(), message);
    }
}
