package io.scaibunker.api;

import io.scaibunker.model.LifecycleMode;
import io.scaibunker.model.Settings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * Keys {@code api.*}.
 *
 * @param host the address listened on
 * @param port 0 means any free one
 * @param bodyLimit the largest request body, in bytes
 * @param bodyTimeout how long a body may take to arrive
 * @param idleTimeout a connection without any traffic is closed; longer than the longest exec
 * @param placeTimeout how long the scheduler may take to place a bunker
 * @param checkTimeout how long one check of {@code /health/ready} may take
 * @param stopTimeout how long requests under way may take when the node stops
 * @param outputLimit the most bytes of stdout, and of stderr, that an exec answers
 * @param watchers how many may watch events at once, on this node
 * @param watchBeat how often a watcher is told that its connection lives
 * @param eventPause how often the log of events is read while somebody watches
 * @param eventRetention how long events are kept
 * @param eventLimit how many events are kept, at most
 * @param publishEvents whether events are published on the bus
 * @param membersPort where members of the cluster bring and fetch bulk bytes; 0 means any free one
 * @param snapshotsMax how many snapshots a tenant may have
 * @param lives how long bunkers of each mode live unless their callers say otherwise
 * @param jwksFile keys of the issuer of JWTs, as a JSON Web Key Set; unset: no JWT is taken
 * @param jwtUserClaim the claim that names the user, as {@code usr_…}
 * @param jwtIssuer what {@code iss} must say; unset: anything
 * @param jwtAudience what {@code aud} must hold; unset: anything
 */
public record ApiConfig(
        String host,
        int port,
        int bodyLimit,
        Duration bodyTimeout,
        Duration idleTimeout,
        Duration placeTimeout,
        Duration checkTimeout,
        Duration stopTimeout,
        int outputLimit,
        int watchers,
        Duration watchBeat,
        Duration eventPause,
        Duration eventRetention,
        int eventLimit,
        boolean publishEvents,
        int membersPort,
        int snapshotsMax,
        Map<LifecycleMode, Life> lives,
        Optional<Path> jwksFile,
        String jwtUserClaim,
        Optional<String> jwtIssuer,
        Optional<String> jwtAudience) {

    /**
     * How long a bunker lives.
     *
     * @param lifetime from its first start, at most; zero for no bound
     * @param idle while nobody uses it; zero for no bound
     */
    public record Life(Duration lifetime, Duration idle) {
        private static Life from(Settings settings, LifecycleMode mode, Duration lifetime, Duration idle) {
            return new Life(
                    settings.duration(mode.word() + "-lifetime", lifetime, Duration.ZERO, LIFE_MAX),
                    settings.duration(mode.word() + "-idle", idle, Duration.ZERO, LIFE_MAX));
        }
    }

    private static final Duration LIFE_MAX = Duration.ofDays(365);

    public static ApiConfig from(Settings all) {
        Settings settings = all.under("api.");
        return new ApiConfig(
                settings.text("host", "127.0.0.1"),
                settings.integer("port", 8480, 0, 65535),
                (int) settings.size("body-limit", 1 << 20, 1 << 10, 64 << 20),
                settings.duration(
                        "body-timeout", Duration.ofSeconds(30), Duration.ofSeconds(1), Duration.ofMinutes(10)),
                settings.duration("idle-timeout", Duration.ofMinutes(65), Duration.ofSeconds(10), Duration.ofHours(24)),
                settings.duration(
                        "place-timeout", Duration.ofSeconds(5), Duration.ofMillis(100), Duration.ofMinutes(1)),
                settings.duration(
                        "check-timeout", Duration.ofSeconds(2), Duration.ofMillis(100), Duration.ofMinutes(1)),
                settings.duration("stop-timeout", Duration.ofSeconds(5), Duration.ofMillis(100), Duration.ofMinutes(1)),
                (int) settings.size("output-limit", 1 << 20, 1 << 10, 16 << 20),
                settings.integer("watchers", 5_000, 0, 1_000_000),
                settings.duration("watch-beat", Duration.ofSeconds(10), Duration.ofMillis(50), Duration.ofMinutes(5)),
                settings.duration("event-pause", Duration.ofMillis(25), Duration.ofMillis(1), Duration.ofMinutes(1)),
                settings.duration("event-retention", Duration.ofDays(7), Duration.ofMinutes(1), Duration.ofDays(3650)),
                settings.integer("event-limit", 2_000_000, 1_000, 1_000_000_000),
                settings.flag("publish-events", true),
                settings.integer("members-port", 0, 0, 65535),
                settings.integer("snapshots-max", 100, 0, 1_000_000),
                Map.of(
                        LifecycleMode.EPHEMERAL,
                        Life.from(settings, LifecycleMode.EPHEMERAL, Duration.ofHours(8), Duration.ofMinutes(30)),
                        LifecycleMode.SESSION,
                        Life.from(settings, LifecycleMode.SESSION, Duration.ofDays(7), Duration.ofHours(4)),
                        LifecycleMode.PERSISTENT,
                        Life.from(settings, LifecycleMode.PERSISTENT, Duration.ZERO, Duration.ZERO)),
                settings.path("jwks-file"),
                settings.text("jwt-user-claim", "sub"),
                settings.text("jwt-issuer"),
                settings.text("jwt-audience"));
    }
}
