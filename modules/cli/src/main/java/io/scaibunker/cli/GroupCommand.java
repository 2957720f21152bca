package io.scaibunker.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code scaibunker group}: which workers hold which images. */
@Command(
        name = "group",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        synopsisSubcommandLabel = "COMMAND",
        description = "Says which workers hold which images.")
final class GroupCommand {
    private static final String GROUPS = "availability-groups";
    private static final String GROUP = "Its name or id.";

    private final Terminal terminal;

    GroupCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Command(
            name = "ls",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class,
            description = "Lists the groups.")
    int list(@Mixin Remote remote, @Mixin Output output) throws IOException {
        output.print(terminal, remote.api(terminal).all(Call.get(GROUPS)), Tables.groups());
        return ExitCode.DONE.number();
    }

    @Command(
            name = "create",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class,
            description = "Makes a group.")
    int create(
            @Parameters(paramLabel = "NAME", description = "Lower-case letters, digits, '.', '_', '-'.") String name,
            @Option(
                            names = "--all-images",
                            description = "It covers every image that its owner sees, also those to come.")
                    boolean all,
            @Option(names = "--description", paramLabel = "TEXT", description = "What it is for.") @Nullable
                    String description,
            @Option(names = "--scope", paramLabel = "SCOPE", description = "tenant (default) or platform.") @Nullable
                    String scope,
            @Option(names = "--worker", paramLabel = "WORKER", description = "Put in at once; may be repeated.")
                    @Nullable
                    List<String> workers,
            @Option(names = "--image", paramLabel = "IMAGE", description = "Put in at once; may be repeated.") @Nullable
                    List<String> images,
            @Mixin Remote remote,
            @Mixin Output output)
            throws IOException {
        var api = remote.api(terminal);
        var names = new Names(api);
        // Looked up first: what is misspelt makes no half of a group.
        var imageIds = names.images(orNone(images));
        var workerIds = names.workers(orNone(workers));
        var group = api.data(Call.post(GROUPS)
                .body(new Wishes()
                        .with("name", name)
                        .with("description", description)
                        .with("scope", scope)
                        .with("image_policy", all ? "all" : null)
                        .json()));
        group = put(api, group, imageIds, workerIds);
        output.print(terminal, group, output.isForPeople() ? sheet(api, group) : List.of());
        return ExitCode.DONE.number();
    }

    private static List<String> orNone(@Nullable List<String> given) {
        return given == null ? List.of() : given;
    }

    private static JsonNode put(Api api, JsonNode group, List<String> images, List<String> workers) throws IOException {
        var id = group.path("id").asText();
        var changed = group;
        if (!images.isEmpty()) {
            changed = api.data(Call.post(GROUPS, id, "images")
                    .body(new Wishes().with("image_ids", images).json()));
        }
        if (!workers.isEmpty()) {
            changed = api.data(Call.post(GROUPS, id, "workers")
                    .body(new Wishes().with("worker_ids", workers).json()));
        }
        return changed;
    }

    @Command(
            name = "show",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class,
            description = "One group: its images and its workers.")
    int show(
            @Parameters(paramLabel = "GROUP", description = GROUP) String name,
            @Mixin Remote remote,
            @Mixin Output output)
            throws IOException {
        var api = remote.api(terminal);
        var group = api.data(Call.get(GROUPS, new Names(api).group(name)));
        output.print(terminal, group, output.isForPeople() ? sheet(api, group) : List.of());
        return ExitCode.DONE.number();
    }

    private List<String> sheet(Api api, JsonNode group) throws IOException {
        var sheet = new Sheet(terminal.style())
                .line("name", group.path("name"))
                .line("id", group.path("id"))
                .line("description", group.path("description"))
                .line("scope", group.path("scope"))
                .line(
                        "images",
                        "all".equals(group.path("image_policy").asText()) ? "all that its owner sees" : "listed");
        if (group.has("warm")) {
            sheet.line("copies", ImageCommand.warm(group.path("warm")));
        }
        members(api, sheet, "images", group.path("image_ids"));
        members(api, sheet, "workers", group.path("worker_ids"));
        return sheet.lines();
    }

    /** By name, as people know them. */
    private static void members(Api api, Sheet sheet, String kind, JsonNode ids) throws IOException {
        if (ids.isEmpty()) {
            return;
        }
        var names = new HashMap<String, String>();
        for (var thing : api.all(Call.get(kind))) {
            names.put(thing.path("id").asText(), Text.of(thing.path("name")));
        }
        sheet.part(
                kind.toUpperCase(Locale.ROOT),
                ids.valueStream()
                        .map(id -> names.getOrDefault(id.asText(), Text.of(id)))
                        .toList());
    }

    @Command(
            name = "add",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class,
            description = "Puts images and workers into a group; the copies that this asks for are begun at once.")
    int add(
            @Parameters(paramLabel = "GROUP", description = GROUP) String name,
            @Option(names = "--image", paramLabel = "IMAGE", description = "May be repeated.") @Nullable
                    List<String> images,
            @Option(names = "--worker", paramLabel = "WORKER", description = "May be repeated.") @Nullable
                    List<String> workers,
            @Mixin Remote remote,
            @Mixin Output output)
            throws IOException {
        var api = remote.api(terminal);
        var names = new Names(api);
        requireSome(images, workers);
        var group = api.data(Call.get(GROUPS, names.group(name)));
        group = put(api, group, names.images(orNone(images)), names.workers(orNone(workers)));
        output.print(terminal, group, output.isForPeople() ? sheet(api, group) : List.of());
        return ExitCode.DONE.number();
    }

    private static void requireSome(@Nullable List<String> images, @Nullable List<String> workers) {
        if (images == null && workers == null) {
            throw new UsageException("say what: --image IMAGE or --worker WORKER");
        }
    }

    @Command(
            name = "remove",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class,
            description = "Takes images and workers out of a group; copies that nothing else wants are collected.")
    int remove(
            @Parameters(paramLabel = "GROUP", description = GROUP) String name,
            @Option(names = "--image", paramLabel = "IMAGE", description = "May be repeated.") @Nullable
                    List<String> images,
            @Option(names = "--worker", paramLabel = "WORKER", description = "May be repeated.") @Nullable
                    List<String> workers,
            @Mixin Remote remote,
            @Mixin Output output)
            throws IOException {
        var api = remote.api(terminal);
        var names = new Names(api);
        requireSome(images, workers);
        var id = names.group(name);
        var imageIds = names.images(orNone(images));
        var workerIds = names.workers(orNone(workers));
        for (var image : imageIds) {
            api.data(Call.delete(GROUPS, id, "images", image));
        }
        for (var worker : workerIds) {
            api.data(Call.delete(GROUPS, id, "workers", worker));
        }
        var group = api.data(Call.get(GROUPS, id));
        output.print(terminal, group, output.isForPeople() ? sheet(api, group) : List.of());
        return ExitCode.DONE.number();
    }

    @Command(
            name = "rm",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class,
            description = "Removes a group; copies that nothing else wants are collected.")
    int delete(@Parameters(paramLabel = "GROUP", description = GROUP) String name, @Mixin Remote remote)
            throws IOException {
        var api = remote.api(terminal);
        api.data(Call.delete(GROUPS, new Names(api).group(name)));
        return ExitCode.DONE.number();
    }
}
