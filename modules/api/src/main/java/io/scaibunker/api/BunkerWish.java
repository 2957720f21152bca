package io.scaibunker.api;

import io.scaibunker.model.AllowRule;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.FieldError;
import io.scaibunker.model.LifecycleMode;
import io.scaibunker.model.NetworkProfile;
import io.scaibunker.model.Permission;
import io.scaibunker.model.PlatformException;
import io.scaibunker.model.RestartPolicy;
import io.scaibunker.model.Word;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/** What a caller asks of a bunker beside its image and room, and whether they may. */
final class BunkerWish {
    /** It travels on the bus, which takes 64 KiB, with room for what is around it. */
    static final int BYTES_MAX = 40 * 1024;

    private static final Set<String> BESIDE =
            Set.of("image", "name", "cpu_millicores", "memory_mb", "disk_mb", "wait_for_image_s");

    private static final String ALLOWLIST = "network_allowlist";

    private BunkerWish() {}

    /** @throws PlatformException naming what is not allowed to this caller, or to anybody today */
    static void check(Request request) {
        checkMode(request);
        checkRestarts(request);
        checkNetwork(request);
        int size = kept(request).encode().getBytes(StandardCharsets.UTF_8).length;
        if (size > BYTES_MAX) {
            throw Request.invalid("env_vars", "the wish is " + size + " bytes (expected: at most " + BYTES_MAX + ")");
        }
    }

    private static void checkMode(Request request) {
        LifecycleMode mode = mode(request);
        Optional<Permission> needed = switch (mode) {
            case EPHEMERAL -> Optional.empty();
            case SESSION -> Optional.of(Permission.CREATE_SESSION);
            case PERSISTENT -> Optional.of(Permission.CREATE_PERSISTENT);
        };
        if (needed.isPresent() && !request.caller().may(needed.get())) {
            throw new PlatformException(
                    ErrorCode.LIFECYCLE_MODE_DENIED,
                    mode.word() + " needs " + needed.get().key());
        }
    }

    private static void checkRestarts(Request request) {
        String policy = request.text("restart_policy").orElse(RestartPolicy.NEVER.word());
        if (mode(request) != LifecycleMode.PERSISTENT && !policy.equals(RestartPolicy.NEVER.word())) {
            throw Request.invalid(
                    "restart_policy",
                    "value: " + policy
                            + " (expected: never, unless lifecycle_mode is persistent: others keep no disk)");
        }
    }

    private static void checkNetwork(Request request) {
        NetworkProfile profile = profile(request);
        JsonArray interfaces = request.body().getJsonArray("interfaces", new JsonArray());
        if (profile != NetworkProfile.TRANSIT && !interfaces.isEmpty()) {
            throw new PlatformException(
                    ErrorCode.INTERFACES_NOT_ALLOWED, "interfaces belong to network_profile transit alone");
        }
        if (profile == NetworkProfile.TRANSIT && interfaces.isEmpty()) {
            throw new PlatformException(
                    ErrorCode.TRANSIT_MISSING_INTERFACES, "network_profile transit needs interfaces");
        }
        Optional<Permission> needed = needed(profile);
        if (needed.isPresent() && !request.caller().may(needed.get())) {
            throw new PlatformException(
                    ErrorCode.NETWORK_PROFILE_DENIED,
                    profile.word() + " needs " + needed.get().key());
        }
        if (profile == NetworkProfile.TRANSIT) {
            throw new PlatformException(ErrorCode.NETWORK_PROFILE_DENIED, "no worker has bridges for transit")
                    .with(List.of(new FieldError("network_profile", "NOT_CONFIGURED")));
        }
        checkAllowlist(request, profile);
        if (profile == NetworkProfile.ISOLATED && request.number("bandwidth_mbit", 0) > 0) {
            throw Request.invalid("bandwidth_mbit", "network_profile isolated has no network to limit");
        }
    }

    private static void checkAllowlist(Request request, NetworkProfile profile) {
        JsonArray allowlist = request.body().getJsonArray(ALLOWLIST, new JsonArray());
        if (profile == NetworkProfile.ALLOWLISTED && allowlist.isEmpty()) {
            throw Request.invalid(ALLOWLIST, "network_profile allowlisted needs at least one entry");
        }
        if (profile != NetworkProfile.ALLOWLISTED && !allowlist.isEmpty()) {
            throw Request.invalid(ALLOWLIST, "belongs to network_profile allowlisted alone");
        }
        List<FieldError> wrong = new ArrayList<>();
        for (int i = 0; i < allowlist.size(); i++) {
            try {
                AllowRule.parse(allowlist.getString(i));
            } catch (IllegalArgumentException e) {
                wrong.add(new FieldError(ALLOWLIST + "[" + i + "]", String.valueOf(e.getMessage())));
            }
        }
        if (!wrong.isEmpty()) {
            throw PlatformException.invalid(wrong.subList(0, Math.min(wrong.size(), Allowed.DETAILS_MAX)));
        }
    }

    private static Optional<Permission> needed(NetworkProfile profile) {
        return switch (profile) {
            case ISOLATED -> Optional.empty();
            case REGISTRY -> Optional.of(Permission.NETWORK_REGISTRY);
            case ALLOWLISTED -> Optional.of(Permission.NETWORK_ALLOWLISTED);
            case UNRESTRICTED -> Optional.of(Permission.NETWORK_UNRESTRICTED);
            case TRANSIT -> Optional.of(Permission.NETWORK_TRANSIT);
        };
    }

    /** As it is kept with the bunker, in the API's own words, with all that its caller left to us. */
    static JsonObject of(Request request, Map<LifecycleMode, ApiConfig.Life> lives) {
        ApiConfig.Life life = Objects.requireNonNull(lives.get(mode(request)));
        JsonObject wish = kept(request);
        return wish.put(
                        "max_lifetime_s",
                        wish.getLong("max_lifetime_s", life.lifetime().toSeconds()))
                .put(
                        "idle_timeout_s",
                        wish.getLong("idle_timeout_s", life.idle().toSeconds()))
                .put(
                        "restart_policy",
                        wish.getString(
                                "restart_policy",
                                RestartPolicy.of(mode(request)).word()));
    }

    private static JsonObject kept(Request request) {
        JsonObject wish = request.body().copy();
        BESIDE.forEach(wish::remove);
        return wish.put("lifecycle_mode", mode(request).word())
                .put("network_profile", profile(request).word());
    }

    private static LifecycleMode mode(Request request) {
        return Word.parse(LifecycleMode.class, request.text("lifecycle_mode").orElse(LifecycleMode.EPHEMERAL.word()));
    }

    private static NetworkProfile profile(Request request) {
        return Word.parse(NetworkProfile.class, request.text("network_profile").orElse(NetworkProfile.ISOLATED.word()));
    }
}
