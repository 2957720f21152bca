package io.scaibunker.cli;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code scaibunker bunker create}. */
@Command(
        name = "create",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        sortOptions = false,
        description = "Starts a bunker from an image, where that is ready.",
        footer = {
            "",
            "Examples:",
            "  scaibunker bunker create debian --name box --wait",
            "  scaibunker bunker exec box -- uname -a",
            "  id=$(scaibunker bunker create debian --memory 1024 --env MODE=test --wait-for-image 120 -o json | jq -r .id)"
        })
final class CreateCommand implements Callable<Integer> {
    private static final int GRACE_S = 30;

    @Parameters(paramLabel = "IMAGE", description = "Its name or id.")
    private String image = "";

    @Option(names = "--name", paramLabel = "NAME", description = "Default: one is made up.")
    private @Nullable String name;

    @Option(names = "--mode", paramLabel = "MODE", description = "ephemeral (default), session or persistent.")
    private @Nullable String mode;

    @Option(names = "--cpu", paramLabel = "MILLICORES", description = "1000 is one processor; default: the image's.")
    private @Nullable Integer cpu;

    @Option(names = "--memory", paramLabel = "MB", description = "Default: the image's.")
    private @Nullable Integer memory;

    @Option(names = "--disk", paramLabel = "MB", description = "What it may write; default: the image's.")
    private @Nullable Integer disk;

    @Option(names = "--env", paramLabel = "NAME=VALUE", description = "For every command in it; may be repeated.")
    private @Nullable Map<String, String> environment;

    @Option(names = "--label", paramLabel = "NAME=VALUE", description = "May be repeated.")
    private @Nullable Map<String, String> labels;

    @Option(
            names = "--network",
            paramLabel = "PROFILE",
            description = "isolated (default), registry, allowlisted, unrestricted or transit.")
    private @Nullable String network;

    @Option(names = "--allow", paramLabel = "HOST", description = "For allowlisted; may be repeated.")
    private @Nullable List<String> allowed;

    @Option(names = "--max-lifetime", paramLabel = "SECONDS", description = "It is ended after so long.")
    private @Nullable Integer maxLifetime;

    @Option(
            names = "--idle-timeout",
            paramLabel = "SECONDS",
            description = "It is ended after so long without any use.")
    private @Nullable Integer idleTimeout;

    @Option(
            names = "--restart",
            paramLabel = "POLICY",
            description = "When its machine ends by itself: always, on_failure or never; of persistent ones.")
    private @Nullable String restart;

    @Option(names = "--bandwidth", paramLabel = "MBIT", description = "Of its network, each way.")
    private @Nullable Integer bandwidth;

    @Option(
            names = "--wait-for-image",
            paramLabel = "SECONDS",
            description = "Where no copy is ready, wait so long for the first; 0 to 600.")
    private @Nullable Integer waitForImage;

    @Option(names = "--wait", description = "Until it runs. Exit code 11: it did not get there.")
    private boolean wait;

    @Mixin
    private Patience patience = new Patience();

    @Mixin
    private Remote remote = new Remote();

    @Mixin
    private Output output = new Output();

    private final Terminal terminal;

    CreateCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException, TimeoutException {
        var api = remote.api(terminal);
        var longest = Duration.ofSeconds(GRACE_S + (waitForImage == null ? 0 : waitForImage));
        var bunker = api.data(Call.post("bunkers").body(wish().json()).within(longest));
        if (wait) {
            var id = bunker.path("id").asText();
            BunkerCommand.await(terminal, api, id, List.of("running", "failed", "terminated"), patience.longest());
            bunker = api.data(Call.get("bunkers", id));
        }
        output.print(terminal, bunker, output.isForPeople() ? BunkerCommand.sheet(terminal, bunker) : List.of());
        var well = !wait || "running".equals(bunker.path("status").asText());
        return (well ? ExitCode.DONE : ExitCode.UNSUCCESSFUL).number();
    }

    private Wishes wish() {
        return new Wishes()
                .with("image", image)
                .with("name", name)
                .with("lifecycle_mode", mode)
                .with("cpu_millicores", cpu)
                .with("memory_mb", memory)
                .with("disk_mb", disk)
                .with("env_vars", environment)
                .with("label_set", labels)
                .with("network_profile", network)
                .with("network_allowlist", allowed)
                .with("max_lifetime_s", maxLifetime)
                .with("idle_timeout_s", idleTimeout)
                .with("restart_policy", restart)
                .with("bandwidth_mbit", bandwidth)
                .with("wait_for_image_s", waitForImage);
    }
}
