package io.scaibunker.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code scaibunker quota}: how much a tenant, or each of its users, may take. */
@Command(
        name = "quota",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        synopsisSubcommandLabel = "COMMAND",
        description = "Bounds what the bunkers of a tenant, or of each user, may take; shows what they take.")
final class QuotaCommand {
    private static final String PROFILES = "quota-profiles";
    private static final List<String> KINDS = List.of("bunkers", "cpu_millicores", "memory_mb", "disk_mb");

    private final Terminal terminal;

    QuotaCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    /** What is left out does not bind. */
    static final class Caps {
        @Option(names = "--bunkers", paramLabel = "N", description = "So many bunkers.")
        private @Nullable Integer bunkers;

        @Option(names = "--cpu", paramLabel = "MILLICORES", description = "All of them together.")
        private @Nullable Integer cpu;

        @Option(names = "--memory", paramLabel = "MB", description = "All of them together.")
        private @Nullable Integer memory;

        @Option(names = "--disk", paramLabel = "MB", description = "All of them together.")
        private @Nullable Integer disk;

        private Wishes wish() {
            return new Wishes()
                    .with("bunkers", bunkers)
                    .with("cpu_millicores", cpu)
                    .with("memory_mb", memory)
                    .with("disk_mb", disk);
        }
    }

    @Command(
            name = "ls",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class,
            description = "Lists the profiles that you see.")
    int list(@Mixin Remote remote, @Mixin Output output) throws IOException {
        output.print(terminal, remote.api(terminal).all(Call.get(PROFILES)), Tables.quotas());
        return ExitCode.DONE.number();
    }

    @Command(
            name = "usage",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class,
            description = "Shows what your tenant and you take, and may take.")
    int usage(
            @Option(names = "--user", paramLabel = "ID", description = "Of this user and their tenant.") @Nullable
                    String user,
            @Mixin Remote remote,
            @Mixin Output output)
            throws IOException {
        var usage = remote.api(terminal).data(Call.get(PROFILES, "usage").with("user_id", user));
        var lines = new ArrayList<String>();
        for (var bucket : List.of("tenant", "user")) {
            for (var kind : KINDS) {
                lines.add("%-7s %-15s %s".formatted(bucket, kind, of(usage.path(bucket), kind)));
            }
        }
        output.print(terminal, usage, lines);
        return ExitCode.DONE.number();
    }

    private static String of(JsonNode bucket, String kind) {
        var cap = bucket.path("caps").path(kind);
        return bucket.path("used").path(kind).asLong() + (cap.isNumber() ? " of " + cap.asLong() : "");
    }

    @Command(
            name = "create",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class,
            description = {
                "Makes a profile: of a tenant as a whole, of each of its users, or of one user.",
                "Without --tenant and --user it is the platform's default."
            })
    int create(
            @Parameters(paramLabel = "NAME", description = "What it is called.") String name,
            @Option(names = "--of", required = true, paramLabel = "BUCKET", description = "tenant, or user for each.")
                    String bucket,
            @Option(names = "--tenant", paramLabel = "ID", description = "Of which tenant.") @Nullable String tenant,
            @Option(names = "--user", paramLabel = "ID", description = "Of this user alone.") @Nullable String user,
            @ArgGroup(exclusive = false, multiplicity = "1") Caps caps,
            @Mixin Remote remote,
            @Mixin Output output)
            throws IOException {
        var profile = remote.api(terminal)
                .data(Call.post(PROFILES)
                        .body(new Wishes()
                                .with("name", name)
                                .with("bucket", bucket)
                                .with("tenant_id", tenant)
                                .with("user_id", user)
                                .with("caps", caps.wish().json())
                                .json()));
        output.print(terminal, profile, List.of(Text.of(profile.path("id"))));
        return ExitCode.DONE.number();
    }

    @Command(
            name = "rm",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class,
            description = "Forgets a profile: it binds nobody any more.")
    int remove(@Parameters(paramLabel = "ID", description = "As ls shows it.") String id, @Mixin Remote remote)
            throws IOException {
        remote.api(terminal).data(Call.delete(PROFILES, id));
        return ExitCode.DONE.number();
    }
}
