package io.scaibunker.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code scaibunker worker}: the hosts that bunkers run on. */
@Command(
        name = "worker",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        synopsisSubcommandLabel = "COMMAND",
        description = "Shows the hosts that bunkers run on, and takes them out of service.")
final class WorkerCommand {
    private static final String WORKERS = "workers";
    private static final String WORKER = "Its name or id.";
    private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(1);

    private final Terminal terminal;

    WorkerCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Command(
            name = "ls",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class,
            description = "Lists the workers: what they can hold, what is taken, when they were heard last.")
    int list(@Mixin Remote remote, @Mixin Output output) throws IOException {
        output.print(terminal, remote.api(terminal).all(Call.get(WORKERS)), Tables.workers());
        return ExitCode.DONE.number();
    }

    @Command(
            name = "show",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class,
            description = "One worker.")
    int show(
            @Parameters(paramLabel = "WORKER", description = WORKER) String name,
            @Mixin Remote remote,
            @Mixin Output output)
            throws IOException {
        var api = remote.api(terminal);
        var worker = api.data(Call.get(WORKERS, new Names(api).worker(name)));
        output.print(terminal, worker, output.isForPeople() ? sheet(worker) : List.of());
        return ExitCode.DONE.number();
    }

    private List<String> sheet(JsonNode worker) {
        var sheet = new Sheet(terminal.style())
                .line("name", worker.path("name"))
                .line("id", worker.path("id"))
                .line("status", Tables.standing(worker))
                .line("heard", worker.path("last_heartbeat"))
                .line("driver", worker.path("driver"))
                .line("acceleration", worker.path("acceleration"))
                .line("zone", worker.path("zone"))
                .line("cache", Text.bytes(worker.path("cache_bytes").asLong()))
                .line("cache quota", Tables.cacheUse(worker));
        for (var what : List.of("capacity", "allocated")) {
            var room = worker.path(what);
            sheet.line(
                    what,
                    room.path("cpu_millicores").asLong() + " millicores, "
                            + Text.mebibytes(room.path("memory_mb").asLong()) + " memory, "
                            + Text.mebibytes(room.path("disk_mb").asLong()) + " disk");
        }
        sheet.line("networks", words(worker.at("/capabilities/network_profiles")))
                .line("enforced", words(worker.at("/capabilities/enforced")));
        for (var what : List.of("labels", "versions")) {
            worker.path(what).properties().forEach(one -> sheet.line(Text.plain(one.getKey()), one.getValue()));
        }
        var reasons = worker.at("/capabilities/reasons");
        if (!reasons.isEmpty()) {
            sheet.part(
                    "WHY",
                    reasons.properties().stream()
                            .map(reason -> Text.plain(reason.getKey()) + ": " + Text.of(reason.getValue()))
                            .toList());
        }
        return sheet.lines();
    }

    private static String words(JsonNode list) {
        return list.valueStream().map(Text::of).collect(Collectors.joining(", "));
    }

    @Command(
            name = "drain",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class,
            description = "No new bunkers there; running ones stay.")
    int drain(
            @Parameters(paramLabel = "WORKER", arity = "1..*", description = WORKER) List<String> names,
            @Option(
                            names = "--deadline",
                            paramLabel = "SECONDS",
                            description = "After so long those that still run are ended; default: never.")
                    @Nullable
                    Integer deadline,
            @Option(names = "--wait", description = "Until no bunkers are there any more.") boolean wait,
            @Mixin Patience patience,
            @Mixin Remote remote,
            @Mixin Output output)
            throws IOException, TimeoutException {
        var api = remote.api(terminal);
        var drained = each(api, names, "drain", new Wishes().with("deadline_s", deadline));
        output.print(terminal, wait ? empty(api, drained, patience.longest()) : drained, Tables.workers());
        return ExitCode.DONE.number();
    }

    /** There is no stream of a worker's events: it is asked now and then. */
    private JsonNode empty(Api api, JsonNode drained, @Nullable Duration longest) throws IOException, TimeoutException {
        var end = longest == null ? Long.MAX_VALUE : System.nanoTime() + longest.toNanos();
        var progress = terminal.progress();
        try {
            while (true) {
                var seen = Api.JSON.createArrayNode();
                for (var worker : drained) {
                    seen.add(api.data(Call.get(WORKERS, worker.path("id").asText())));
                }
                var bunkers = seen.valueStream()
                        .mapToInt(worker -> worker.path("bunkers").asInt())
                        .sum();
                if (bunkers == 0) {
                    return seen;
                }
                progress.enter(bunkers + " bunkers still there");
                Patience.pause(BETWEEN_LOOKS, end);
            }
        } finally {
            progress.end();
        }
    }

    @Command(
            name = "resume",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class,
            description = "Takes bunkers again.")
    int resume(
            @Parameters(paramLabel = "WORKER", arity = "1..*", description = WORKER) List<String> names,
            @Mixin Remote remote,
            @Mixin Output output)
            throws IOException {
        output.print(terminal, each(remote.api(terminal), names, "resume", new Wishes()), Tables.workers());
        return ExitCode.DONE.number();
    }

    private static JsonNode each(Api api, List<String> names, String order, Wishes wishes) throws IOException {
        var changed = Api.JSON.createArrayNode();
        for (var id : new Names(api).workers(names)) {
            var call = Call.post(WORKERS, id, order);
            changed.add(api.data(wishes.json().isEmpty() ? call : call.body(wishes.json())));
        }
        return changed;
    }

    @Command(
            name = "gc",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class,
            description = "Collects the copies that nothing wants; says what goes, and why the rest stays.")
    int collect(
            @Parameters(paramLabel = "WORKER", description = WORKER) String name,
            @Option(names = "--dry-run", description = "Only say.") boolean dryRun,
            @Mixin Remote remote,
            @Mixin Output output)
            throws IOException {
        var api = remote.api(terminal);
        var garbage =
                api.data(Call.post(WORKERS, new Names(api).worker(name), "gc").with("dry_run", dryRun ? true : null));
        if (!output.isForPeople()) {
            output.print(terminal, garbage, List.of());
            return ExitCode.DONE.number();
        }
        output.print(terminal, garbage.path("items"), Tables.garbage());
        terminal.out()
                .println((dryRun ? "would free " : "freed ")
                        + Text.bytes(garbage.path("freed_bytes").asLong()) + ", "
                        + Text.bytes(garbage.path("kept_bytes").asLong()) + " stay");
        return ExitCode.DONE.number();
    }

    @Command(
            name = "rm",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class,
            description = "Forgets a worker that is lost or drained.")
    int remove(@Parameters(paramLabel = "WORKER", description = WORKER) String name, @Mixin Remote remote)
            throws IOException {
        var api = remote.api(terminal);
        api.data(Call.delete(WORKERS, new Names(api).worker(name)));
        return ExitCode.DONE.number();
    }
}
