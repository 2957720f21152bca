package io.scaibunker.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code scaibunker image register}. */
@Command(
        name = "register",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        sortOptions = false,
        description = "Registers an image; the workers of the groups that cover it make their copies at once.",
        footer = {
            "",
            "Examples:",
            "  scaibunker image register debian --ref docker.io/library/debian:12-slim --size-mib 1024 --wait",
            "  scaibunker image register tools --tar /srv/images/tools.tar.zst --size-mib 4096 --label team=data"
        })
final class RegisterCommand implements Callable<Integer> {
    static final class Source {
        @Option(names = "--ref", required = true, paramLabel = "REF", description = "An image in a registry.")
        private @Nullable String ref;

        @Option(
                names = "--tar",
                required = true,
                paramLabel = "PATH",
                description = "A file or OCI layout on the workers, below one of their worker.tar-roots.")
        private @Nullable String tar;
    }

    @Parameters(paramLabel = "NAME", description = "Lower-case letters, digits, '.', '_', '-'.")
    private String name = "";

    @ArgGroup(multiplicity = "1")
    private Source source = new Source();

    @Option(
            names = "--size-mib",
            required = true,
            paramLabel = "N",
            description = "Size of the file system: what the image holds must fit.")
    private Integer sizeMib = 0;

    @Option(
            names = "--platform",
            paramLabel = "OS/ARCH",
            description = "Of an image for several; default: linux/amd64.")
    private @Nullable String platform;

    @Option(names = "--description", paramLabel = "TEXT", description = "What it is for.")
    private @Nullable String description;

    @Option(
            names = "--cpu",
            paramLabel = "MILLICORES",
            description = "What its bunkers get unless told; default: 1000.")
    private @Nullable Integer cpu;

    @Option(names = "--memory", paramLabel = "MB", description = "The same; default: 512.")
    private @Nullable Integer memory;

    @Option(names = "--disk", paramLabel = "MB", description = "The same; default: 1024.")
    private @Nullable Integer disk;

    @Option(
            names = "--scope",
            paramLabel = "SCOPE",
            description = "Who sees it: tenant (default), partner or platform.")
    private @Nullable String scope;

    @Option(names = "--lazy", description = "Bunkers may be placed where it is not yet; they wait for their copy.")
    private boolean lazy;

    @Option(names = "--label", paramLabel = "NAME=VALUE", description = "May be repeated.")
    private @Nullable Map<String, String> labels;

    @Option(
            names = "--dry-run",
            description =
                    "Only tell what would happen: what is at the source, whether it fits, which workers would hold it.")
    private boolean dryRun;

    @Option(names = "--wait", description = "Until all targeted copies are ready. Exit code 11: on some it failed.")
    private boolean wait;

    @Mixin
    private Patience patience = new Patience();

    @Mixin
    private Remote remote = new Remote();

    @Mixin
    private Output output = new Output();

    private final Terminal terminal;

    RegisterCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException, TimeoutException {
        var api = remote.api(terminal);
        if (dryRun) {
            return rehearse(api);
        }
        var image = api.data(Call.post("images").body(wish().json()));
        if (wait) {
            var watch = new ImageWatch(terminal, api, image.path("id").asText(), ImageWatch.Until.COMPLETE);
            var well = watch.run(patience);
            output.print(terminal, watch.outcome(), List.of());
            return (well ? ExitCode.DONE : ExitCode.UNSUCCESSFUL).number();
        }
        output.print(terminal, image, List.of(told(image)));
        return ExitCode.DONE.number();
    }

    private int rehearse(Api api) throws IOException {
        var told = api.data(Call.post("images").with("dry_run", true).body(wish().json()));
        output.print(terminal, told, rehearsed(told));
        var well = told.path("source").path("error").isNull()
                && !"exceeds".equals(told.path("cap").path("verdict").asText());
        return (well ? ExitCode.DONE : ExitCode.UNSUCCESSFUL).number();
    }

    private static List<String> rehearsed(JsonNode told) {
        var lines = new ArrayList<String>();
        var source = told.path("source");
        if (source.path("error").isNull()) {
            lines.add("source   " + Text.of(source.path("digest")));
            lines.add("layers   "
                    + (source.path("layers").size() + source.path("more_layers").asInt())
                    + ", " + Text.bytes(source.path("size_bytes").asLong()) + " as stored");
        } else {
            lines.add("source   " + Text.of(source.path("error").path("code")) + ": "
                    + Text.of(source.path("error").path("message")));
        }
        var cap = told.path("cap");
        var needed = cap.path("needed_bytes");
        lines.add("cap      " + cap.path("size_mib").asInt() + " MiB: "
                + Text.of(cap.path("verdict")).replace('_', ' ')
                + (needed.isNumber() ? ", it needs " + Text.bytes(needed.asLong()) : ""));
        var names = new ArrayList<String>();
        told.path("workers").forEach(worker -> names.add(Text.of(worker.path("worker_name"))));
        var more = told.path("more_workers").asInt();
        lines.add("workers  "
                + (names.isEmpty() ? "none: no group covers it" : String.join(", ", names))
                + (more > 0 ? " and " + more + " more" : ""));
        return lines;
    }

    private Wishes wish() {
        var from = source.ref != null
                ? new Wishes().with("kind", "oci").with("ref", source.ref).with("platform", platform)
                : new Wishes().with("kind", "tar").with("path", source.tar);
        return new Wishes()
                .with("name", name)
                .with("build_source", from.json())
                .with("size_mib", sizeMib)
                .with("description", description)
                .with("default_cpu_millicores", cpu)
                .with("default_memory_mb", memory)
                .with("default_disk_mb", disk)
                .with("scope", scope)
                .with("lazy_pull", lazy)
                .with("labels", labels);
    }

    private static String told(JsonNode image) {
        var warm = image.path("warm");
        var told = Text.of(image.path("name")) + " " + Text.of(image.path("id")) + "  " + ImageCommand.warm(warm);
        var nowhere = warm.path("queued").asInt()
                        + warm.path("ready").asInt()
                        + warm.path("skipped").asInt()
                == 0;
        return nowhere
                ? told + System.lineSeparator() + "  no group wants it anywhere: scaibunker group add GROUP --image "
                        + Text.of(image.path("name"))
                : told;
    }
}
