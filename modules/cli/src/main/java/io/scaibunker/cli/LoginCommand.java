package io.scaibunker.cli;

import java.io.Console;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code scaibunker login}. */
@Command(
        name = "login",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description = {
            "Signs in to a platform: checks a key there and keeps it, readable by you alone.",
            "The key is asked for, or read from standard input or --key-file; it is never an argument, where others see it."
        },
        footer = {
            "",
            "Examples:",
            "  scaibunker login --key-file var/super-admin.key             # the node of this checkout",
            "  scaibunker login https://bunkers.example.com --context prod # asks for the key"
        })
final class LoginCommand implements Callable<Integer> {
    private static final String LOCAL = "http://127.0.0.1:8480";
    private static final int KEY_MAX = 16 << 10;

    @Parameters(arity = "0..1", paramLabel = "URL", defaultValue = LOCAL, description = "Default: " + LOCAL)
    private String url = LOCAL;

    @Option(names = "--context", paramLabel = "NAME", description = "What to call it; default: the host's name.")
    private @Nullable String name;

    @Option(names = "--key-file", paramLabel = "FILE", description = "A file with the key.")
    private @Nullable Path keyFile;

    private final Terminal terminal;

    LoginCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException {
        var address = Contexts.address(url);
        var context = new Context(name == null ? address.getHost() : name, address, key());
        // Whether it is good for anything: a list that every role may read.
        new Api(context, null).data(Call.get("images").with("limit", 1));
        var contexts = Contexts.ofUser(terminal.environment());
        contexts.keep(context);
        terminal.err()
                .println("signed in to " + context.url() + " as context " + context.name() + "; kept in "
                        + contexts.file());
        return ExitCode.DONE.number();
    }

    private String key() throws IOException {
        var key = given().strip();
        if (key.isEmpty() || key.length() > KEY_MAX || key.chars().anyMatch(Character::isISOControl)) {
            throw new UsageException("that is no key (expected: sgk_…, or a token, on one line)");
        }
        return key;
    }

    private String given() throws IOException {
        if (keyFile != null) {
            if (Files.size(keyFile) > KEY_MAX) {
                throw new UsageException("'" + keyFile + "' is too large for a key");
            }
            return Files.readString(keyFile);
        }
        Console console = System.console();
        if (console != null && console.isTerminal()) {
            var typed = console.readPassword("Key: ");
            return typed == null ? "" : new String(typed);
        }
        return new String(terminal.in().readNBytes(KEY_MAX + 1), StandardCharsets.UTF_8);
    }
}
