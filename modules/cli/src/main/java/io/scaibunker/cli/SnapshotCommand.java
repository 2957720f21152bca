package io.scaibunker.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code scaibunker snapshot}: what bunkers had written. */
@Command(
        name = "snapshot",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        synopsisSubcommandLabel = "COMMAND",
        description = "Keeps what bunkers have written; «image register --snapshot» makes an image of it.")
final class SnapshotCommand {
    private static final String SNAPSHOTS = "snapshots";

    private final Terminal terminal;

    SnapshotCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Command(
            name = "create",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class,
            description = "Keeps what a bunker has written so far; it goes on.")
    int create(
            @Parameters(paramLabel = "BUNKER", description = BunkerCommand.BUNKER) String name,
            @Option(names = "--wait", description = "Until it is taken. Exit code 11: it failed.") boolean wait,
            @Mixin Patience patience,
            @Mixin Remote remote,
            @Mixin Output output)
            throws IOException, TimeoutException {
        var api = remote.api(terminal);
        var snapshot = api.data(Call.post("bunkers", new Names(api).bunker(name), "snapshot"));
        var seen = wait ? await(terminal, api, snapshot, patience.longest()) : snapshot;
        output.print(terminal, seen, output.isForPeople() ? sheet(seen) : List.of());
        return (Text.of(seen.path("status")).equals("failed") ? ExitCode.UNSUCCESSFUL : ExitCode.DONE).number();
    }

    /** Until it is ready, or failed; where somebody watches, its state is told meanwhile. */
    static JsonNode await(Terminal terminal, Api api, JsonNode snapshot, @Nullable Duration longest)
            throws IOException, TimeoutException {
        var seen = new JsonNode[] {snapshot};
        var events = Call.get("bunkers", snapshot.path("bunker_id").asText(), "events");
        var progress = terminal.progress();
        try {
            new EventStream(api, events, longest, () -> {}).follow(event -> {
                seen[0] = api.data(Call.get(SNAPSHOTS, snapshot.path("id").asText()));
                progress.enter("snapshot " + Text.of(seen[0].path("status")));
                return !List.of("pending", "creating")
                        .contains(seen[0].path("status").asText());
            });
        } finally {
            progress.end();
        }
        return seen[0];
    }

    private List<String> sheet(JsonNode snapshot) {
        var sheet = new Sheet(terminal.style());
        for (var field : List.of("id", "status", "bunker_id", "image_name", "worker_id", "created_at")) {
            sheet.line(field.replace("_at", "").replace('_', ' '), snapshot.path(field));
        }
        sheet.line(
                "size",
                snapshot.path("size_bytes").isNumber()
                        ? Text.bytes(snapshot.path("size_bytes").asLong())
                        : "");
        sheet.line(
                "error",
                snapshot.path("error").isObject()
                        ? Text.of(snapshot.at("/error/code")) + ": " + Text.of(snapshot.at("/error/message"))
                        : "");
        return sheet.lines();
    }

    @Command(
            name = "ls",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class,
            description = "Lists snapshots.")
    int list(
            @Option(names = "--bunker", paramLabel = "ID", description = "Only of this one, by its id.") @Nullable
                    String bunker,
            @Mixin Remote remote,
            @Mixin Output output)
            throws IOException {
        var snapshots = remote.api(terminal).all(Call.get(SNAPSHOTS).with("bunker", bunker));
        output.print(terminal, snapshots, Tables.snapshots());
        return ExitCode.DONE.number();
    }

    @Command(
            name = "show",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class,
            description = "One snapshot.")
    int show(
            @Parameters(paramLabel = "SNAPSHOT", description = "Its id.") String id,
            @Mixin Remote remote,
            @Mixin Output output)
            throws IOException {
        var snapshot = remote.api(terminal).data(Call.get(SNAPSHOTS, id));
        output.print(terminal, snapshot, output.isForPeople() ? sheet(snapshot) : List.of());
        return ExitCode.DONE.number();
    }

    @Command(
            name = "rm",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class,
            description = "Keeps snapshots no longer. Those that active images are made of stay.")
    int remove(
            @Parameters(paramLabel = "SNAPSHOT", arity = "1..*", description = "Its id.") List<String> ids,
            @Mixin Remote remote)
            throws IOException {
        var api = remote.api(terminal);
        for (var id : ids) {
            api.data(Call.delete(SNAPSHOTS, id));
        }
        return ExitCode.DONE.number();
    }
}
