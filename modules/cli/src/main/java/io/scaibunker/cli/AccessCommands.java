package io.scaibunker.cli;

import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code scaibunker tenant}, {@code user} and {@code key}: who may. */
final class AccessCommands {
    private static final String TENANTS = "tenants";
    private static final String USERS = "users";
    private static final String KEYS = "api-keys";

    private AccessCommands() {}

    @Command(
            name = "tenant",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class,
            synopsisSubcommandLabel = "COMMAND",
            description = "Manages tenants.")
    static final class TenantCommand {
        private final Terminal terminal;

        TenantCommand(Terminal terminal) {
            this.terminal = terminal;
        }

        @Command(
                name = "ls",
                mixinStandardHelpOptions = true,
                versionProvider = Main.Version.class,
                description = "Lists the tenants that you see.")
        int list(@Mixin Remote remote, @Mixin Output output) throws IOException {
            output.print(terminal, remote.api(terminal).all(Call.access("GET", TENANTS)), Tables.tenants());
            return ExitCode.DONE.number();
        }

        @Command(
                name = "create",
                mixinStandardHelpOptions = true,
                versionProvider = Main.Version.class,
                description = "Makes a tenant.")
        int create(
                @Parameters(paramLabel = "NAME", description = "Lower-case letters, digits, '.', '_', '-'.")
                        String name,
                @Option(names = "--partner", paramLabel = "NAME", description = "Whose tenant it is.") @Nullable
                        String partner,
                @Mixin Remote remote,
                @Mixin Output output)
                throws IOException {
            var tenant = remote.api(terminal)
                    .data(Call.access("POST", TENANTS)
                            .body(new Wishes()
                                    .with("name", name)
                                    .with("partner", partner)
                                    .json()));
            output.print(terminal, tenant, List.of(Text.of(tenant.path("id"))));
            return ExitCode.DONE.number();
        }
    }

    @Command(
            name = "user",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class,
            synopsisSubcommandLabel = "COMMAND",
            description = "Manages users.")
    static final class UserCommand {
        private final Terminal terminal;

        UserCommand(Terminal terminal) {
            this.terminal = terminal;
        }

        @Command(
                name = "ls",
                mixinStandardHelpOptions = true,
                versionProvider = Main.Version.class,
                description = "Lists the users that you see.")
        int list(@Mixin Remote remote, @Mixin Output output) throws IOException {
            output.print(terminal, remote.api(terminal).all(Call.access("GET", USERS)), Tables.users());
            return ExitCode.DONE.number();
        }

        @Command(
                name = "create",
                mixinStandardHelpOptions = true,
                versionProvider = Main.Version.class,
                description = "Makes a user; scaibunker key create gives it a key.")
        int create(
                @Parameters(paramLabel = "NAME", description = "Lower-case letters, digits, '.', '_', '-'.")
                        String name,
                @Option(
                                names = "--role",
                                required = true,
                                paramLabel = "ROLE",
                                description = "super_admin, partner_admin, partner_viewer, tenant_admin, tenant_user or"
                                        + " tenant_viewer.")
                        String role,
                @Option(names = "--tenant", paramLabel = "ID", description = "Default: your own.") @Nullable
                        String tenant,
                @Option(
                                names = "--grant",
                                paramLabel = "PERMISSION",
                                description = "Beside those of the role; may be repeated.")
                        @Nullable
                        List<String> grants,
                @Mixin Remote remote,
                @Mixin Output output)
                throws IOException {
            var user = remote.api(terminal)
                    .data(Call.access("POST", USERS)
                            .body(new Wishes()
                                    .with("name", name)
                                    .with("role", role)
                                    .with("tenant_id", tenant)
                                    .with("grants", grants)
                                    .json()));
            output.print(terminal, user, List.of(Text.of(user.path("id"))));
            return ExitCode.DONE.number();
        }

        @Command(
                name = "disable",
                mixinStandardHelpOptions = true,
                versionProvider = Main.Version.class,
                description = "Ends all that a user may, at once.")
        int disable(@Parameters(paramLabel = "ID", description = "As ls shows it.") String id, @Mixin Remote remote)
                throws IOException {
            remote.api(terminal).data(Call.access("DELETE", USERS, id));
            return ExitCode.DONE.number();
        }
    }

    @Command(
            name = "key",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class,
            synopsisSubcommandLabel = "COMMAND",
            description = "Manages API keys.")
    static final class KeyCommand {
        private final Terminal terminal;

        KeyCommand(Terminal terminal) {
            this.terminal = terminal;
        }

        @Command(
                name = "ls",
                mixinStandardHelpOptions = true,
                versionProvider = Main.Version.class,
                description = "Lists the keys that you see, without the secrets.")
        int list(@Mixin Remote remote, @Mixin Output output) throws IOException {
            output.print(terminal, remote.api(terminal).all(Call.access("GET", KEYS)), Tables.keys());
            return ExitCode.DONE.number();
        }

        @Command(
                name = "create",
                mixinStandardHelpOptions = true,
                versionProvider = Main.Version.class,
                description = "Makes a key and prints it, this once.")
        int create(
                @Parameters(paramLabel = "NAME", description = "What it is for.") String name,
                @Option(names = "--user", paramLabel = "ID", description = "Whose; default: your own.") @Nullable
                        String user,
                @Option(names = "--expires-in", paramLabel = "SECONDS", description = "Default: never.") @Nullable
                        Integer expires,
                @Mixin Remote remote,
                @Mixin Output output)
                throws IOException {
            var key = remote.api(terminal)
                    .data(Call.access("POST", KEYS)
                            .body(new Wishes()
                                    .with("name", name)
                                    .with("user_id", user)
                                    .with("expires_in_s", expires)
                                    .json()));
            output.print(terminal, key, List.of(Text.of(key.path("key"))));
            return ExitCode.DONE.number();
        }

        @Command(
                name = "revoke",
                mixinStandardHelpOptions = true,
                versionProvider = Main.Version.class,
                description = "Ends a key at once.")
        int revoke(@Parameters(paramLabel = "ID", description = "As ls shows it.") String id, @Mixin Remote remote)
                throws IOException {
            remote.api(terminal).data(Call.access("DELETE", KEYS, id));
            return ExitCode.DONE.number();
        }
    }
}
