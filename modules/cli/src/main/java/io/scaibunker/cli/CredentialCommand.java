package io.scaibunker.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code scaibunker credential}: for registries that ask who one is. */
@Command(
        name = "credential",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        synopsisSubcommandLabel = "COMMAND",
        description = "Keeps the tenant's credentials for registries, sealed on the platform.")
final class CredentialCommand {
    private static final String CREDENTIALS = "registry-credentials";
    private static final int SECRET_MAX = 8192;

    private final Terminal terminal;

    CredentialCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Command(
            name = "ls",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class,
            description = "Lists the hosts; secrets are never told.")
    int list(@Mixin Remote remote, @Mixin Output output) throws IOException {
        output.print(terminal, remote.api(terminal).all(Call.get(CREDENTIALS)), Tables.credentials());
        return ExitCode.DONE.number();
    }

    @Command(
            name = "set",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class,
            description = "Keeps one, in place of an earlier one. The password, or token, is read from standard input.")
    int set(
            @Parameters(paramLabel = "HOST", description = "host[:port] of the registry.") String host,
            @Option(
                            names = {"-u", "--username"},
                            paramLabel = "NAME",
                            description = "Without it, what is read is a token.")
                    @Nullable
                    String user,
            @Mixin Remote remote)
            throws IOException {
        var secret = new String(terminal.in().readNBytes(SECRET_MAX + 1), StandardCharsets.UTF_8).strip();
        if (secret.isEmpty() || secret.length() > SECRET_MAX) {
            throw new UsageException("expected a password or token of 1 to 8192 characters on standard input");
        }
        var wish = user == null
                ? new Wishes().with("token", secret)
                : new Wishes().with("username", user).with("password", secret);
        remote.api(terminal).data(Call.put(CREDENTIALS, host).body(wish.json()));
        return ExitCode.DONE.number();
    }

    @Command(
            name = "rm",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class,
            description = "Forgets one.")
    int remove(@Parameters(paramLabel = "HOST", description = "As ls shows it.") String host, @Mixin Remote remote)
            throws IOException {
        remote.api(terminal).data(Call.delete(CREDENTIALS, host));
        return ExitCode.DONE.number();
    }
}
