package io.scaibunker.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.PrintWriter;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;

/** The program {@code scaibunker}, all of it that is not a node. */
@Command(
        name = "scaibunker",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        description = {
            "Turns container images into microVMs across a fleet: registers images, shows how they get to the workers,",
            "starts bunkers from them and works in these. Without a platform: bakes, looks into and scans images here."
        },
        footer = {"", "Each command has a --help. scaibunker login comes first, for all that calls a platform."},
        versionProvider = Main.Version.class)
public final class Main {
    /** Set by the launcher, who knows whether standard error, and standard output, is a terminal. */
    private static final String LIVE = "scaibunker.live";

    private static final String SHOWN = "scaibunker.shown";
    private static final String COMPLETION = "completion";

    /** What commands that call a platform end with; others list their own. */
    private static final Map<String, String> EXIT_CODES = new TreeMap<>(Map.of(
            " 0", "done",
            " 1", "a mistake of this program",
            " 2", "the command line, or a value in it, is wrong",
            " 3", "there is nothing of this name",
            " 6", "this machine: a file that cannot be read or written",
            " 7", "not signed in, or not allowed",
            " 8", "the platform says no as things stand",
            " 9", "the platform does not answer, or cannot serve now",
            "10", "it took longer than --timeout",
            "11", "what was waited for ended badly"));

    private Main() {}

    public static void main(String[] arguments) {
        var code = run(
                new Terminal(
                        System.in,
                        System.out,
                        System.err,
                        Boolean.getBoolean(LIVE),
                        Boolean.getBoolean(SHOWN),
                        System.getenv()),
                arguments);
        System.out.flush();
        System.err.flush();
        if (code == ExitCode.INTERRUPTED.number()) {
            // After a signal the process is on its way out already, with the code that tells of it: this waits for
            // that. What
            // was interrupted inside of a bunker has the same code, and no signal.
            System.exit(code);
        }
        // No waiting for threads of libraries: whatever had to be closed is closed.
        Runtime.getRuntime().halt(code);
    }

    /** One command, start to end. */
    static int run(Terminal terminal, String... arguments) {
        var commands = commands(terminal);
        var first = arguments.length == 0 ? "" : arguments[0];
        // To read what all commands take is most of a start's work: where one is named, that one is enough.
        if (first.equals("--version") || first.equals("-V")) {
            commands.clear();
        } else if (commands.containsKey(first) && !first.equals(COMPLETION)) {
            commands.keySet().retainAll(Set.of(first));
        }
        return program(terminal, commands.values()).execute(arguments);
    }

    /** All commands there are. */
    static CommandLine program(Terminal terminal) {
        return program(terminal, commands(terminal).values());
    }

    private static Map<String, Supplier<Object>> commands(Terminal terminal) {
        var commands = new LinkedHashMap<String, Supplier<Object>>();
        commands.put("login", () -> new LoginCommand(terminal));
        commands.put("context", () -> new ContextCommand(terminal));
        commands.put(
                "image",
                () -> new CommandLine(new ImageCommand(terminal)).addSubcommand(new RegisterCommand(terminal)));
        commands.put("group", () -> new GroupCommand(terminal));
        commands.put("worker", () -> new WorkerCommand(terminal));
        commands.put(
                "bunker",
                () -> new CommandLine(new BunkerCommand(terminal))
                        .addSubcommand(new CreateCommand(terminal))
                        .addSubcommand(new ExecCommand(terminal))
                        .addSubcommand(new ShellCommand(terminal))
                        .addSubcommand(new CopyCommand(terminal)));
        commands.put("snapshot", () -> new SnapshotCommand(terminal));
        commands.put("events", () -> new EventsCommand(terminal));
        commands.put("credential", () -> new CredentialCommand(terminal));
        commands.put("quota", () -> new QuotaCommand(terminal));
        commands.put("tenant", () -> new AccessCommands.TenantCommand(terminal));
        commands.put("user", () -> new AccessCommands.UserCommand(terminal));
        commands.put("key", () -> new AccessCommands.KeyCommand(terminal));
        commands.put("bake", () -> new BakeCommand(terminal));
        commands.put("scan", () -> new ScanCommand(terminal));
        commands.put("vulndb", () -> new VulndbCommand(terminal));
        commands.put(COMPLETION, () -> new CompletionCommand(terminal));
        return commands;
    }

    private static CommandLine program(Terminal terminal, Collection<Supplier<Object>> commands) {
        var out = new PrintWriter(terminal.out(), true, UTF_8);
        var err = new PrintWriter(terminal.err(), true, UTF_8);
        var program = new CommandLine(new Main());
        commands.forEach(command -> program.addSubcommand(command.get()));
        program.registerConverter(BunkerPath.class, new BunkerPath.Converter());
        tellExitCodes(program);
        return program.setCaseInsensitiveEnumValuesAllowed(true)
                .setAbbreviatedOptionsAllowed(false)
                .setOut(out)
                .setErr(err)
                .setUsageHelpAutoWidth(false)
                .setUsageHelpWidth(110)
                .setParameterExceptionHandler((wrong, _) -> misused(wrong))
                .setExecutionExceptionHandler((thrown, command, _) -> failed(thrown, command));
    }

    private static void tellExitCodes(CommandLine command) {
        var help = command.getCommandSpec().usageMessage();
        if (command.getSubcommands().isEmpty() && help.exitCodeList().isEmpty()) {
            help.exitCodeListHeading("%nExit codes:%n").exitCodeList(EXIT_CODES);
        }
        command.getSubcommands().values().forEach(Main::tellExitCodes);
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
