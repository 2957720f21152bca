package io.scaibunker.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.scaibunker.vulns.AdvisoryDatabase;
import io.scaibunker.vulns.AdvisoryImport;
import io.scaibunker.vulns.AdvisorySync;
import io.scaibunker.vulns.DatabaseStatus;
import io.scaibunker.vulns.ScanException;
import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code scaibunker vulndb}: keeps the advisories that scans go by. */
@Command(
        name = "vulndb",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        synopsisSubcommandLabel = "COMMAND",
        description =
                "Keeps OSV advisories in a directory, in osv-scanner's layout, for scans here and for scanner.database-dir.",
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0:done", "1:some could not be had or read; what was there stays", "2:the command line is wrong"
        })
final class VulndbCommand {
    /** Where a node keeps them, too. */
    static final Path DEFAULT = Path.of(System.getProperty("scaibunker.home", ""), "var", "vulndb");

    /** What images commonly hold. */
    private static final List<String> COMMON = List.of(
            "Debian",
            "Ubuntu",
            "Alpine",
            "AlmaLinux",
            "Rocky Linux",
            "PyPI",
            "npm",
            "Maven",
            "Go",
            "RubyGems",
            "crates.io");

    private static final Duration TIMEOUT = Duration.ofSeconds(60);
    private static final int INCOMPLETE = 1;

    private final Terminal terminal;

    VulndbCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Command(
            name = "sync",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class,
            description = "Fetches what has changed from OSV's public bucket, or from a mirror of it.")
    int sync(
            @Parameters(
                            paramLabel = "ECOSYSTEM",
                            arity = "0..*",
                            description =
                                    "As OSV names them, without releases; default: those that are here already, or"
                                            + " else what images commonly hold.")
                    @Nullable
                    List<String> ecosystems,
            @Option(names = "--db", paramLabel = "DIR", description = "Default: var/vulndb of this checkout.") @Nullable
                    Path database,
            @Option(names = "--from", paramLabel = "URL", description = "A mirror of the bucket.") @Nullable URI bucket)
            throws IOException {
        var directory = orDefault(database);
        var here = new AdvisoryDatabase(directory).ecosystems();
        var asked = ecosystems != null && !ecosystems.isEmpty() ? ecosystems : here.isEmpty() ? COMMON : here;
        var failed = 0;
        var from = bucket == null ? AdvisorySync.PUBLIC : bucket;
        var progress = terminal.progress();
        try (var sync = new AdvisorySync(directory, from, TIMEOUT)) {
            for (var ecosystem : asked) {
                try {
                    progress.enter(ecosystem);
                    var told = sync.ecosystem(ecosystem, progress::bytes)
                            .map(VulndbCommand::line)
                            .orElse(ecosystem + ": unchanged");
                    progress.end();
                    terminal.out().println(told);
                } catch (IOException unfit) {
                    progress.end();
                    failed++;
                    terminal.err()
                            .println("scaibunker vulndb sync: " + ecosystem + " from " + from + ": " + reason(unfit));
                }
            }
        }
        return failed == 0 ? ExitCode.DONE.number() : INCOMPLETE;
    }

    @Command(
            name = "import",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class,
            description =
                    "Takes advisories from a directory in osv-scanner's layout, or from a zip of one: no network.")
    int take(
            @Parameters(paramLabel = "SOURCE", description = "The directory or zip.") Path source,
            @Option(names = "--db", paramLabel = "DIR", description = "Default: var/vulndb of this checkout.") @Nullable
                    Path database) {
        try {
            new AdvisoryImport(orDefault(database))
                    .from(source)
                    .forEach(taken -> terminal.out().println(line(taken)));
            return ExitCode.DONE.number();
        } catch (IOException unfit) {
            terminal.err().println("scaibunker vulndb import: " + reason(unfit));
            return INCOMPLETE;
        }
    }

    @Command(
            name = "status",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class,
            description = "Says what is here, and how old it is.")
    int status(
            @Option(names = "--db", paramLabel = "DIR", description = "Default: var/vulndb of this checkout.") @Nullable
                    Path database,
            @Option(names = "--json", description = "Print one JSON object.") boolean json)
            throws IOException {
        try {
            var known = new AdvisoryDatabase(orDefault(database));
            var status = known.status();
            if (json) {
                terminal.out().println(json(known.version(), status));
            } else {
                status.forEach(one -> terminal.out().println(line(one)));
                if (status.isEmpty()) {
                    terminal.out().println("there are no advisories in " + orDefault(database));
                }
            }
            return ExitCode.DONE.number();
        } catch (ScanException unfit) {
            terminal.err().println("scaibunker vulndb status: " + reason(unfit));
            return INCOMPLETE;
        }
    }

    private static Path orDefault(@Nullable Path given) {
        return given == null ? DEFAULT : given;
    }

    private static String reason(IOException unfit) {
        return unfit instanceof ScanException known
                ? known.reason() + ": " + known.getMessage()
                : Failure.of(unfit).message();
    }

    private static String line(DatabaseStatus one) {
        return String.format(
                Locale.ROOT,
                "%s: %d records, %d of them withdrawn, %d unreadable; %d affected packages; newest %s, %d days old",
                one.ecosystem(),
                one.records(),
                one.withdrawn(),
                one.unreadable(),
                one.entries(),
                one.newest(),
                one.age(Instant.now()).toDays());
    }

    private static String json(String version, List<DatabaseStatus> status) throws IOException {
        var out = new StringWriter();
        try (JsonGenerator json = new ObjectMapper().createGenerator(out)) {
            json.writeStartObject();
            json.writeStringField("version", version);
            json.writeArrayFieldStart("ecosystems");
            for (var one : status) {
                json.writeStartObject();
                json.writeStringField("ecosystem", one.ecosystem());
                json.writeStringField("source", one.source());
                json.writeNumberField("records", one.records());
                json.writeNumberField("withdrawn", one.withdrawn());
                json.writeNumberField("unreadable", one.unreadable());
                json.writeNumberField("affected", one.entries());
                json.writeStringField("newest", one.newest().toString());
                json.writeNumberField("age_days", one.age(Instant.now()).toDays());
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeEndObject();
        }
        return out.toString();
    }
}
