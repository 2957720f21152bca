package io.scaibunker.cli;

import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code scaibunker context}: the platforms that one is signed in to. */
@Command(
        name = "context",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        synopsisSubcommandLabel = "COMMAND",
        description = "The platforms that you are signed in to, and which of them is in use.")
final class ContextCommand {
    private final Terminal terminal;

    ContextCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Command(
            name = "ls",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class,
            description = "Lists them; * marks the one in use. Keys are not shown.")
    int list(@Mixin Output output) throws IOException {
        var contexts = Contexts.ofUser(terminal.environment());
        var current = contexts.current().orElse("");
        var rows = Api.JSON.createArrayNode();
        for (var context : contexts.all()) {
            rows.addObject()
                    .put("name", context.name())
                    .put("url", context.url().toString())
                    .put("in_use", context.name().equals(current));
        }
        output.print(
                terminal,
                rows,
                new Table()
                        .column("", row -> row.path("in_use").asBoolean() ? "*" : " ")
                        .column("NAME", "name")
                        .column("URL", "url"));
        return ExitCode.DONE.number();
    }

    @Command(
            name = "use",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class,
            description = "Uses another one from now on.")
    int use(@Parameters(paramLabel = "NAME", description = "As ls shows it.") String name) throws IOException {
        Contexts.ofUser(terminal.environment()).use(name);
        return ExitCode.DONE.number();
    }

    @Command(
            name = "rm",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class,
            description = "Forgets one, and its key. The key stays good: scaibunker key revoke ends that.")
    int remove(@Parameters(paramLabel = "NAME", description = "As ls shows it.") String name) throws IOException {
        Contexts.ofUser(terminal.environment()).remove(name);
        return ExitCode.DONE.number();
    }
}
