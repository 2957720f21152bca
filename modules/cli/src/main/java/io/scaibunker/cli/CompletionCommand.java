package io.scaibunker.cli;

import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code scaibunker completion}: what a shell, or man, needs to know of this program. */
@Command(
        name = "completion",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description = "Prints what bash and zsh need to complete commands, or the manual page.",
        footer = {
            "",
            "  source <(scaibunker completion)                                  # bash, and zsh after: autoload bashcompinit",
            "  scaibunker completion --man > ~/.local/share/man/man1/scaibunker.1"
        })
final class CompletionCommand implements Callable<Integer> {
    @Spec
    private @Nullable CommandSpec spec;

    @Option(names = "--man", description = "The manual page instead.")
    private boolean man;

    private final Terminal terminal;

    CompletionCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        if (spec == null) {
            throw new IllegalStateException("not called by picocli");
        }
        var program = spec.root().commandLine();
        terminal.out()
                .print(
                        man
                                ? ManPage.of(program, new Main.Version().getVersion()[0])
                                : AutoComplete.bash("scaibunker", program));
        return ExitCode.DONE.number();
    }
}
