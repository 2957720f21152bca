package io.scaibunker.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code scaibunker bunker}: microVMs. */
@Command(
        name = "bunker",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        synopsisSubcommandLabel = "COMMAND",
        description = "Starts microVMs from images, and works in them.")
final class BunkerCommand {
    private static final String BUNKERS = "bunkers";
    static final String BUNKER = "Its id, or the name of a living one.";
    private static final int COLUMN = 12;

    private final Terminal terminal;

    BunkerCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Command(
            name = "ls",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class,
            description = "Lists bunkers; those that have ended with --all.")
    int list(
            @Option(
                            names = {"-a", "--all"},
                            description = "Those that have ended, too.")
                    boolean all,
            @Option(names = "--status", paramLabel = "STATUS", description = "Only these: running, failed, …") @Nullable
                    String status,
            @Option(names = "--image", paramLabel = "IMAGE", description = "Only from this one.") @Nullable
                    String image,
            @Mixin Remote remote,
            @Mixin Output output)
            throws IOException {
        var bunkers = Api.JSON.createArrayNode();
        for (var bunker : remote.api(terminal)
                .all(Call.get(BUNKERS).with("status", status).with("image", image))) {
            if (all || status != null || !bunker.path("ended_at").isTextual()) {
                bunkers.add(bunker);
            }
        }
        output.print(terminal, bunkers, Tables.bunkers());
        return ExitCode.DONE.number();
    }

    @Command(
            name = "show",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class,
            description = "One bunker: how it stands, why it is where it is.")
    int show(
            @Parameters(paramLabel = "BUNKER", description = BUNKER) String name,
            @Mixin Remote remote,
            @Mixin Output output)
            throws IOException {
        var api = remote.api(terminal);
        var bunker = api.data(Call.get(BUNKERS, new Names(api).bunker(name)));
        output.print(terminal, bunker, output.isForPeople() ? sheet(terminal, bunker) : List.of());
        return ExitCode.DONE.number();
    }

    static List<String> sheet(Terminal terminal, JsonNode bunker) {
        var sheet = new Sheet(terminal.style())
                .line("name", bunker.path("name"))
                .line("id", bunker.path("id"))
                .line("status", Tables.standing(bunker));
        for (var field : List.of("lifecycle_mode", "network_profile", "image_id", "worker_id")) {
            sheet.line(field.replace('_', ' '), bunker.path(field));
        }
        sheet.line(
                "room",
                bunker.path("cpu_millicores").asLong() + " millicores, "
                        + Text.mebibytes(bunker.path("memory_mb").asLong()) + " memory, "
                        + Text.mebibytes(bunker.path("disk_mb").asLong()) + " disk");
        for (var field : List.of("created_at", "started_at", "expires_at", "ended_at")) {
            sheet.line(field.replace("_at", ""), bunker.path(field));
        }
        sheet.line("unused since", bunker.path("idle_since"));
        sheet.line("ended because", bunker.path("ended_reason"));
        sheet.line(
                "failure",
                bunker.path("failure").isObject()
                        ? Text.of(bunker.at("/failure/code")) + ": " + Text.of(bunker.at("/failure/message"))
                        : "");
        if (!bunker.path("placement").isEmpty()) {
            sheet.part(
                    "WHY THERE",
                    bunker.path("placement").properties().stream()
                            .map(reason -> padded(Text.plain(reason.getKey())) + "  "
                                    + Text.plain(
                                            reason.getValue().isValueNode()
                                                    ? reason.getValue().asText()
                                                    : reason.getValue().toString()))
                            .toList());
        }
        return sheet.lines();
    }

    private static String padded(String name) {
        return name + " ".repeat(Math.max(0, COLUMN - name.length()));
    }

    @Command(
            name = "logs",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class,
            description = "What a bunker's console has said; the last of it.")
    int logs(@Parameters(paramLabel = "BUNKER", description = BUNKER) String name, @Mixin Remote remote)
            throws IOException {
        var api = remote.api(terminal);
        var console = api.data(Call.get(BUNKERS, new Names(api).bunker(name), "logs"))
                .path("console")
                .asText();
        // Line by line: a guest may not steer the terminal that its console is read on.
        console.lines().map(Text::plain).forEach(terminal.out()::println);
        return ExitCode.DONE.number();
    }

    @Command(
            name = "files",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class,
            description = "Lists a directory of a bunker.")
    int files(
            @Parameters(index = "0", paramLabel = "BUNKER:PATH", description = "Where.") BunkerPath place,
            @Mixin Remote remote,
            @Mixin Output output)
            throws IOException {
        var api = remote.api(terminal);
        var listing = api.data(Call.get(BUNKERS, new Names(api).bunker(place.bunker()), "files", "list")
                .with("path", place.path()));
        output.print(terminal, listing.path("entries"), Tables.files());
        if (listing.path("truncated").asBoolean()) {
            terminal.err().println("there are more than can be shown");
        }
        return ExitCode.DONE.number();
    }

    @Command(
            name = "rm",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class,
            description = "Ends bunkers.")
    int remove(
            @Parameters(paramLabel = "BUNKER", arity = "1..*", description = BUNKER) List<String> names,
            @Option(
                            names = "--snapshot",
                            description =
                                    "Each ends when a snapshot of it is taken; its id is printed. Not at all if that fails.")
                    boolean snapshot,
            @Option(names = "--wait", description = "Until they have ended. Exit code 11: a snapshot failed.")
                    boolean wait,
            @Mixin Patience patience,
            @Mixin Remote remote)
            throws IOException, TimeoutException {
        var api = remote.api(terminal);
        for (var name : names) {
            var id = new Names(api).bunker(name);
            var bunker = api.data(Call.delete(BUNKERS, id).with("snapshot", snapshot ? true : null));
            if (snapshot) {
                var kept = bunker.path("snapshot_id").asText();
                terminal.out().println(Text.plain(kept));
                if (wait && !isReady(api, kept, patience)) {
                    return ExitCode.UNSUCCESSFUL.number();
                }
            }
            if (wait) {
                await(terminal, api, id, List.of("terminated", "failed"), patience.longest());
            }
        }
        return ExitCode.DONE.number();
    }

    private boolean isReady(Api api, String snapshot, Patience patience) throws IOException, TimeoutException {
        var seen = SnapshotCommand.await(terminal, api, api.data(Call.get("snapshots", snapshot)), patience.longest());
        var ready = seen.path("status").asText().equals("ready");
        if (!ready) {
            terminal.err().println(Text.of(seen.at("/error/code")) + ": " + Text.of(seen.at("/error/message")));
        }
        return ready;
    }

    @Command(
            name = "pause",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class,
            description = "Holds a bunker still; its memory stays.")
    int pause(
            @Parameters(paramLabel = "BUNKER", description = BUNKER) String name,
            @Mixin Remote remote,
            @Mixin Output output)
            throws IOException {
        return order(name, "pause", remote, output);
    }

    @Command(
            name = "resume",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class,
            description = "Lets a paused bunker go on.")
    int resume(
            @Parameters(paramLabel = "BUNKER", description = BUNKER) String name,
            @Mixin Remote remote,
            @Mixin Output output)
            throws IOException {
        return order(name, "resume", remote, output);
    }

    private int order(String name, String order, Remote remote, Output output) throws IOException {
        var api = remote.api(terminal);
        var bunker = api.data(Call.post(BUNKERS, new Names(api).bunker(name), order));
        output.print(terminal, bunker, output.isForPeople() ? sheet(terminal, bunker) : List.of());
        return ExitCode.DONE.number();
    }

    /** Until a bunker has come to one of these states; where somebody watches, its state is told meanwhile. */
    static void await(Terminal terminal, Api api, String id, List<String> states, @Nullable Duration longest)
            throws IOException, TimeoutException {
        var progress = terminal.progress();
        try {
            new EventStream(api, Call.get(BUNKERS, id, "events"), longest, () -> {}).follow(event -> {
                var bunker = switch (event.kind()) {
                    case "snapshot" -> event.data().path("bunker");
                    case "bunker" -> event.data();
                    default -> MissingNode.getInstance();
                };
                if (bunker.path("status").isTextual()) {
                    progress.enter("bunker " + Text.of(bunker.path("status")));
                }
                return states.contains(bunker.path("status").asText());
            });
        } finally {
            progress.end();
        }
    }
}
