package io.scaibunker.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;

/** The program {@code scaibunker}, all of it that is not a node. */
@Command(
        name = "scaibunker",
        mixinStandardHelpOptions = true,
        description = "Turns container images into file systems that microVMs boot from.",
        versionProvider = Main.Version.class)
public final class Main {
    /** Set by the launcher, who knows whether standard error is a terminal. */
    private static final String LIVE = "scaibunker.live";

    private Main() {}

    public static void main(String[] arguments) {
        var code = run(new Terminal(System.out, System.err, Boolean.getBoolean(LIVE)), arguments);
        System.out.flush();
        System.err.flush();
        // After a signal the process is on its way out already, with the code that tells of the signal.
        if (code != ExitCode.INTERRUPTED.number()) {
            // No waiting for threads of libraries: whatever had to be closed is closed.
            Runtime.getRuntime().halt(code);
        }
    }

    /** One command, start to end. */
    static int run(Terminal terminal, String... arguments) {
        var out = new PrintWriter(terminal.out(), true, UTF_8);
        var err = new PrintWriter(terminal.err(), true, UTF_8);
        return new CommandLine(new Main())
                .addSubcommand(new BakeCommand(terminal))
                .addSubcommand(new ImageCommand(terminal))
                .addSubcommand(new ScanCommand(terminal))
                .addSubcommand(new VulndbCommand(terminal))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setAbbreviatedOptionsAllowed(false)
                .setOut(out)
                .setErr(err)
                .setUsageHelpAutoWidth(false)
                .setUsageHelpWidth(110)
                .setParameterExceptionHandler((wrong, _) -> misused(wrong))
                .setExecutionExceptionHandler((thrown, command, _) -> failed(thrown, command))
                .execute(arguments);
    }

    private static int misused(ParameterException wrong) {
        var command = wrong.getCommandLine();
        var name = command.getCommandSpec().qualifiedName();
        command.getErr().println(name + ": " + wrong.getMessage() + "; see " + name + " --help");
        return ExitCode.USAGE.number();
    }

    private static int failed(Exception thrown, CommandLine command) {
        if (thrown instanceof ParameterException wrong) {
            return misused(wrong);
        }
        var failure = Failure.of(thrown);
        command.getErr().println(command.getCommandSpec().qualifiedName() + ": " + failure.message());
        if (failure.code() == ExitCode.FAILED) {
            // Whoever mends it needs to know where.
            thrown.printStackTrace(command.getErr());
        }
        return failure.code().number();
    }

    static final class Version implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            var version = Main.class.getPackage().getImplementationVersion();
            return new String[] {"scaibunker " + (version == null ? "(not from a jar)" : version)};
        }
    }
}
