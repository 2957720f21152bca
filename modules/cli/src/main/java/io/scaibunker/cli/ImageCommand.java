package io.scaibunker.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code scaibunker image}: the platform's images; and, without a platform, what is in an ext4 file. */
@Command(
        name = "image",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        synopsisSubcommandLabel = "COMMAND",
        description = "Registers images and shows how they stand; looks into baked ones.")
final class ImageCommand {
    private static final String IMAGE = "Its name or id.";

    private final Terminal terminal;

    ImageCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Command(
            name = "ls",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class,
            description = {
                "Lists the platform's images; with FILE, what is in that ext4 file.",
                "",
                "  image ls                        the images that you see",
                "  image ls debian.ext4 /etc -R    a directory of a baked image, without a platform"
            })
    int list(
            @Parameters(index = "0", arity = "0..1", paramLabel = "FILE", description = "An ext4 file.") @Nullable
                    Path file,
            @Parameters(
                            index = "1",
                            arity = "0..1",
                            defaultValue = "/",
                            paramLabel = "PATH",
                            description = "In it; default: /")
                    String path,
            @Option(
                            names = {"-R", "--recursive"},
                            description = "In FILE: and all below.")
                    boolean recursive,
            @Option(names = "--status", paramLabel = "STATUS", description = "active or deactivated.") @Nullable
                    String status,
            @Option(names = "--scope", paramLabel = "SCOPE", description = "tenant, partner or platform.") @Nullable
                    String scope,
            @Mixin Remote remote,
            @Mixin Output output)
            throws IOException {
        if (file != null) {
            ImageFile.list(terminal.out(), file, path, recursive);
        } else {
            var images = remote.api(terminal)
                    .all(Call.get("images").with("status", status).with("scope", scope));
            output.print(terminal, images, Tables.images());
        }
        return ExitCode.DONE.number();
    }

    @Command(
            name = "cat",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class,
            description = "Writes a file of an ext4 file to standard output, without a platform.")
    int cat(
            @Parameters(index = "0", paramLabel = "FILE", description = "The ext4 file.") Path file,
            @Parameters(
                            index = "1",
                            paramLabel = "PATH",
                            description = "In it; symbolic links are followed within the image.")
                    String path)
            throws IOException {
        ImageFile.cat(terminal.out(), file, path);
        return ExitCode.DONE.number();
    }

    @Command(
            name = "show",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class,
            description =
                    "One image: where it comes from, its layers, how it stands on each worker, what its scan said.")
    int show(
            @Parameters(paramLabel = "IMAGE", description = IMAGE) String image,
            @Mixin Remote remote,
            @Mixin Output output)
            throws IOException {
        var api = remote.api(terminal);
        var found = api.data(Call.get("images", image));
        if (!output.isForPeople()) {
            output.print(terminal, found, List.of());
            return ExitCode.DONE.number();
        }
        var copies = api.all(Call.get("images", found.path("id").asText(), "cache"));
        var sheet = sheet(found);
        layers(sheet, found.path("artifact"));
        output.print(terminal, found, sheet.part("COPIES", copies(copies)).lines());
        return ExitCode.DONE.number();
    }

    private Sheet sheet(JsonNode image) {
        var artifact = image.path("artifact");
        var readiness = image.path("readiness");
        return new Sheet(terminal.style())
                .line("name", image.path("name"))
                .line("id", image.path("id"))
                .line("status", image.path("status"))
                .line("description", image.path("description"))
                .line("source", Tables.source(image))
                .line("manifest", image.path("manifest_digest"))
                .line("artifact", artifact.path("digest"))
                .line(
                        "size",
                        artifact.isObject()
                                ? Text.bytes(artifact.path("allocated_bytes").asLong()) + " of "
                                        + Text.bytes(artifact.path("size_bytes").asLong()) + " used, "
                                        + artifact.path("entries").asLong() + " entries"
                                : Text.mebibytes(image.path("size_mib").asLong()))
                .line(
                        "ready on",
                        readiness.path("ready").asInt() + " of "
                                + readiness.path("targeted").asInt()
                                + " workers"
                                + (readiness.path("lost").asInt() > 0
                                        ? ", " + readiness.path("lost").asInt() + " lost"
                                        : ""))
                .line("usable since", image.path("usable_at"))
                .line("complete since", image.path("complete_at"))
                .line("scan", image.path("scan_status"))
                .line("scan reason", image.path("scan_reason"))
                .line("scope", image.path("scope"))
                .line("created", image.path("created_at"))
                .line("deactivated", image.path("deactivated_at"));
    }

    /** Left out where nobody told, or the writer knows no layers. */
    private void layers(Sheet sheet, JsonNode artifact) {
        var segments = artifact.path("segments");
        if (!segments.isEmpty()) {
            var lines = new ArrayList<>(Tables.segments().lines(segments, false, terminal.style()));
            var more = artifact.path("segments_more").asInt();
            if (more > 0) {
                lines.add("… and " + more + " more");
            }
            sheet.part("LAYERS", lines);
        }
    }

    private List<String> copies(JsonNode copies) {
        return copies.isEmpty()
                ? List.of("no group wants it anywhere: scaibunker group add GROUP --image IMAGE")
                : Tables.copies().lines(copies, false, terminal.style());
    }

    @Command(
            name = "watch",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class,
            description =
                    "Shows live how an image gets to its workers, until it is there. Exit code 11: on some it failed.")
    int watch(
            @Parameters(paramLabel = "IMAGE", description = IMAGE) String image,
            @Option(
                            names = "--until",
                            paramLabel = "WHEN",
                            defaultValue = "complete",
                            description =
                                    "complete: all targeted copies are ready (default); usable: one is; never: until Ctrl-C.")
                    ImageWatch.Until until,
            @Mixin Patience patience,
            @Mixin Remote remote,
            @Mixin Output output)
            throws IOException, TimeoutException {
        return follow(remote.api(terminal), image, until, patience, output);
    }

    private int follow(Api api, String image, ImageWatch.Until until, Patience patience, Output output)
            throws IOException, TimeoutException {
        var watch = new ImageWatch(terminal, api, image, until);
        var well = watch.run(patience);
        if (!output.isForPeople()) {
            output.print(terminal, watch.outcome(), List.of());
        }
        return (well ? ExitCode.DONE : ExitCode.UNSUCCESSFUL).number();
    }

    @Command(
            name = "warm",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class,
            description = "Asks again for the copies that are missing, failed or evicted.")
    int warm(
            @Parameters(paramLabel = "IMAGE", description = IMAGE) String image,
            @Option(names = "--worker", paramLabel = "WORKER", description = "Only there; may be repeated.") @Nullable
                    List<String> workers,
            @Option(names = "--wait", description = "Until all are there.") boolean wait,
            @Mixin Patience patience,
            @Mixin Remote remote,
            @Mixin Output output)
            throws IOException, TimeoutException {
        var api = remote.api(terminal);
        var ids = workers == null ? null : new Names(api).workers(workers);
        var warmed = api.data(Call.post("images", image, "warm")
                .body(new Wishes().with("worker_ids", ids).json()));
        if (wait) {
            return follow(api, image, ImageWatch.Until.COMPLETE, patience, output);
        }
        output.print(terminal, warmed, List.of(warm(warmed.path("warm"))));
        return ExitCode.DONE.number();
    }

    static String warm(JsonNode warm) {
        return warm.path("queued").asInt() + " queued, " + warm.path("ready").asInt() + " ready, "
                + warm.path("failed").asInt() + " failed, "
                + warm.path("skipped").asInt() + " skipped";
    }

    @Command(
            name = "scan",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class,
            description = "What is known to be wrong with an image. Exit code 11: its scan failed.")
    int scan(
            @Parameters(paramLabel = "IMAGE", description = IMAGE) String image,
            @Option(names = "--again", description = "Ask for a new scan first.") boolean again,
            @Option(names = "--wait", description = "Until there is a verdict.") boolean wait,
            @Option(
                            names = "--severity",
                            paramLabel = "SEVERITY",
                            description = "Only these findings: unknown, negligible, low, medium, high or critical.")
                    @Nullable
                    String severity,
            @Mixin Patience patience,
            @Mixin Remote remote,
            @Mixin Output output)
            throws IOException, TimeoutException {
        var api = remote.api(terminal);
        if (again) {
            api.data(Call.post("images", image, "scan"));
        }
        if (wait) {
            awaitScan(api, image, patience);
        }
        var verdict = new Verdict(api, image, severity);
        output.print(terminal, verdict.whole(), verdict.lines(terminal.style()));
        return (verdict.failed() ? ExitCode.UNSUCCESSFUL : ExitCode.DONE).number();
    }

    private void awaitScan(Api api, String image, Patience patience) throws IOException, TimeoutException {
        var progress = terminal.progress();
        try {
            new EventStream(api, Call.get("images", image, "events"), patience.longest(), () -> {}).follow(event -> {
                if (!event.kind().equals("snapshot") && !event.kind().equals("scan")) {
                    return false;
                }
                var status = api.data(Call.get("images", image, "scan").with("limit", 1))
                        .path("scan_status");
                progress.enter("scan " + Text.of(status));
                return !"pending".equals(status.asText());
            });
        } finally {
            progress.end();
        }
    }

    @Command(
            name = "sbom",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class,
            description = "Writes what an image holds, as a CycloneDX bill of materials.")
    int bill(
            @Parameters(paramLabel = "IMAGE", description = IMAGE) String image,
            @Option(names = "--out", paramLabel = "FILE", description = "Default: standard output.") @Nullable Path out,
            @Mixin Remote remote)
            throws IOException {
        var answer = remote.api(terminal).open(Call.get("images", image, "sbom"), "application/vnd.cyclonedx+json");
        try (var body = answer.body()) {
            if (out == null) {
                body.transferTo(terminal.out());
                terminal.out().flush();
            } else {
                Files.copy(body, out, StandardCopyOption.REPLACE_EXISTING);
            }
        }
        return ExitCode.DONE.number();
    }

    @Command(
            name = "deactivate",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class,
            description = "Retires images: no new bunkers, running ones stay, the copies are collected.")
    int deactivate(
            @Parameters(paramLabel = "IMAGE", arity = "1..*", description = IMAGE) List<String> images,
            @Mixin Remote remote,
            @Mixin Output output)
            throws IOException {
        var api = remote.api(terminal);
        var gone = Api.JSON.createArrayNode();
        for (var image : images) {
            gone.add(api.data(Call.post("images", image, "deactivate")));
        }
        output.print(terminal, gone, Tables.images());
        return ExitCode.DONE.number();
    }
}
