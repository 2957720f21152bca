package io.scaibunker.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code scaibunker bunker exec}. */
@Command(
        name = "exec",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        sortOptions = false,
        description = {
            "Runs a command in a bunker; its output comes as it is written, its exit code becomes this one's.",
            "Input and output are text: bytes that are no UTF-8 come out changed, and are not taken in; cp takes any."
        },
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0..255:the command's own; 128 and a signal's number when that ended it",
            "124:it took longer than --timeout",
            "125:it could not be run: no such bunker, not allowed, no such program, …",
            "141:nobody reads standard output any more; the command was ended"
        },
        footer = {
            "",
            "Examples:",
            "  scaibunker bunker exec box -- uname -a",
            "  scaibunker bunker exec box --shell 'cat /proc/loadavg | cut -d\" \" -f1'",
            "  scaibunker bunker exec box -i --user root -- tee /etc/motd < motd"
        })
final class ExecCommand implements Callable<Integer> {
    private static final int STDIN_MAX = 512 << 10;
    private static final int TIMED_OUT = 124;
    private static final int NOT_RUN = 125;
    private static final int SIGNALLED = 128;
    private static final int PIPE_SIGNAL = 13;
    private static final int TIMEOUT_DEFAULT_S = 60;
    private static final int GRACE_S = 30;

    @Parameters(index = "0", paramLabel = "BUNKER", description = BunkerCommand.BUNKER)
    private String bunker = "";

    @Parameters(index = "1..*", paramLabel = "COMMAND", description = "A program and its arguments, after --.")
    private @Nullable List<String> command;

    @Option(names = "--shell", paramLabel = "TEXT", description = "A line for the image's /bin/sh instead.")
    private @Nullable String shell;

    @Option(
            names = {"-i", "--stdin"},
            description =
                    "Hand on what comes on standard input, up to 512 KiB of UTF-8 text; cp takes more, and any bytes.")
    private boolean stdin;

    @Option(names = "--user", paramLabel = "USER", description = "A name or number of the image.")
    private @Nullable String user;

    @Option(names = "--cwd", paramLabel = "PATH", description = "Where to run it.")
    private @Nullable String directory;

    @Option(names = "--env", paramLabel = "NAME=VALUE", description = "May be repeated.")
    private @Nullable Map<String, String> environment;

    @Option(names = "--timeout", paramLabel = "SECONDS", description = "End it after so long; 1 to 3600, default 60.")
    private int timeout = TIMEOUT_DEFAULT_S;

    @Mixin
    private Remote remote = new Remote();

    private final Terminal terminal;

    ExecCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        try {
            return run();
        } catch (IOException | UsageException | Names.MissingThing failed) {
            terminal.err().println("scaibunker bunker exec: " + failed.getMessage());
            return NOT_RUN;
        }
    }

    private int run() throws IOException {
        if ((shell == null) == (command == null)) {
            throw new UsageException("say what to run: a COMMAND, or --shell TEXT");
        }
        var api = remote.api(terminal);
        var call = Call.post("bunkers", new Names(api).bunker(bunker), "exec")
                .body(wish().json())
                .within(Duration.ofSeconds(timeout + GRACE_S));
        try (var lines = new BufferedReader(
                new InputStreamReader(api.open(call, EventStream.TYPE).body(), StandardCharsets.UTF_8))) {
            var kind = "";
            for (var line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith("event:")) {
                    kind = line.substring("event:".length()).strip();
                } else if (line.startsWith("data:")) {
                    var data = Api.JSON.readTree(line.substring("data:".length()));
                    switch (kind) {
                        case "stdout" -> {
                            write(terminal.out(), data);
                            if (terminal.out().checkError()) {
                                // As if the pipe had ended it: leaving this loop closes the connection, and that ends
                                // it.
                                return SIGNALLED + PIPE_SIGNAL;
                            }
                        }
                        case "stderr" -> write(terminal.err(), data);
                        case "exit" -> {
                            return code(data);
                        }
                        case "error" ->
                            throw new IOException(Text.of(data.path("code")) + ": " + Text.of(data.path("message")));
                        default -> {
                            // What a newer platform tells besides.
                        }
                    }
                }
            }
        }
        throw new IOException("the connection broke off before the command had ended; it was ended, too");
    }

    /** Unchanged: who runs a command wants what it writes. */
    private static void write(PrintStream to, JsonNode data) {
        to.print(data.path("text").asText());
        to.flush();
    }

    private int code(JsonNode exit) {
        if (exit.path("timed_out").asBoolean()) {
            terminal.err().println("scaibunker bunker exec: ended after " + timeout + " s");
            return TIMED_OUT;
        }
        return exit.path("signal").isInt()
                ? SIGNALLED + exit.path("signal").asInt()
                : exit.path("exit_code").asInt();
    }

    private Wishes wish() throws IOException {
        var wishes = shell == null ? new Wishes().with("command", command) : new Wishes().with("command", shell);
        return wishes.with("stdin", stdin ? input() : null)
                .with("user", user)
                .with("cwd", directory)
                .with("env", environment)
                .with("timeout_s", (Integer) timeout);
    }

    private String input() throws IOException {
        var bytes = terminal.in().readNBytes(STDIN_MAX + 1);
        if (bytes.length > STDIN_MAX) {
            throw new UsageException(
                    "more than 512 KiB on standard input; scaibunker bunker cp FILE BUNKER:/PATH takes any size");
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException _) {
            throw new UsageException(
                    "standard input is no UTF-8 text; scaibunker bunker cp - BUNKER:/PATH takes any bytes");
        }
    }
}
