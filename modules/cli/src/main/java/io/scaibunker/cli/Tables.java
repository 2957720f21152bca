package io.scaibunker.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The columns of each kind of thing. */
final class Tables {
    private static final double CORE = 1000;

    /** By what is wanted of a thing, the states in which that is still to come. */
    private static final Map<String, List<String>> TO_COME = Map.of(
            "drain", List.of("ready"),
            "serve", List.of("draining"),
            "pause", List.of("running"),
            "run", List.of("paused"),
            "end", List.of("pending", "provisioning", "running", "paused"));

    private Tables() {}

    static Table images() {
        var now = Instant.now();
        return new Table()
                .column("NAME", "name")
                .column("STATUS", "status")
                .column("READY", Tables::readiness)
                .column("SCAN", "scan_status")
                .column("SIZE", row -> Text.mebibytes(row.path("size_mib").asLong()))
                .column("AGE", row -> Text.age(row.path("created_at"), now))
                .column("SOURCE", Tables::source)
                .wide("SCOPE", "scope")
                .wide("ID", "id")
                .wide("DIGEST", "artifact.digest");
    }

    /** Not every list tells it. */
    private static String readiness(JsonNode image) {
        var readiness = image.path("readiness");
        return readiness.isObject()
                ? readiness.path("ready").asInt() + "/"
                        + readiness.path("targeted").asInt()
                : image.path("artifact").isObject() ? "baked" : "-";
    }

    static String source(JsonNode image) {
        var source = image.path("build_source");
        for (var field : new String[] {"ref", "path", "snapshot_id"}) {
            if (source.has(field)) {
                return Text.of(source.path(field));
            }
        }
        return "-";
    }

    static Table quotas() {
        return new Table()
                .column("NAME", "name")
                .column("OF", "bucket")
                .column("TENANT", row -> Text.of(row.path("tenant_id")))
                .column("USER", row -> Text.of(row.path("user_id")))
                .column("BUNKERS", row -> cap(row, "bunkers"))
                .column("CPU", row -> cap(row, "cpu_millicores"))
                .column("MEMORY", row -> cap(row, "memory_mb"))
                .column("DISK", row -> cap(row, "disk_mb"))
                .column("ID", "id");
    }

    private static String cap(JsonNode profile, String kind) {
        var cap = profile.path("caps").path(kind);
        return cap.isNumber() ? cap.asText() : "-";
    }

    static Table copies() {
        return new Table()
                .column("WORKER", "worker_name")
                .column("STATUS", "status")
                .column("PHASE", "phase")
                .column("DONE", row -> row.path("percent").asInt() + " %")
                .column("TRIES", "attempts")
                .column("ERROR", "error.code")
                .wide("SOURCE", Tables::from)
                .wide("MESSAGE", "error.message")
                .wide("ID", "worker_id");
    }

    /** Where a copy comes from: another worker by its name. */
    static String from(JsonNode copy) {
        return Text.of(copy.path(copy.path("source_name").isTextual() ? "source_name" : "source"));
    }

    /** The layers as they lie in an image, lowest first. */
    static Table segments() {
        return new Table()
                .column("LAYER", row -> row.path("diff_id").asText("-").replaceFirst("^sha256:(.{12}).*", "$1"))
                .column("SIZE", row -> Text.bytes(row.path("bytes").asLong()))
                .column(
                        "HIDDEN",
                        row -> row.path("hidden_bytes").asLong() == 0
                                ? "-"
                                : Text.bytes(row.path("hidden_bytes").asLong()))
                .column("REUSED", row -> row.path("reused").asBoolean() ? "yes" : "no")
                .column("SHARED", row -> others(row.path("shared_with").asInt()))
                .wide("DIFF ID", "diff_id");
    }

    private static String others(int images) {
        return switch (images) {
            case 0 -> "-";
            case 1 -> "1 other image";
            default -> images + " other images";
        };
    }

    static Table groups() {
        var now = Instant.now();
        return new Table()
                .column("NAME", "name")
                .column("POLICY", "image_policy")
                .column(
                        "IMAGES",
                        row -> "all".equals(row.path("image_policy").asText())
                                ? "all"
                                : Integer.toString(row.path("image_ids").size()))
                .column(
                        "WORKERS",
                        row -> Integer.toString(row.path("worker_ids").size()))
                .column("SCOPE", "scope")
                .column("AGE", row -> Text.age(row.path("created_at"), now))
                .wide("ID", "id")
                .wide("TENANT", "tenant_id");
    }

    static Table workers() {
        var now = Instant.now();
        return new Table()
                .column("NAME", "name")
                .column("STATUS", Tables::standing)
                .column(
                        "CPU",
                        row -> cores(row.at("/allocated/cpu_millicores")) + "/"
                                + cores(row.at("/capacity/cpu_millicores")))
                .column("MEMORY", row -> of(row, "memory_mb"))
                .column("DISK", row -> of(row, "disk_mb"))
                .column("CACHE", row -> Text.bytes(row.path("cache_bytes").asLong()))
                .wide("CACHE QUOTA", Tables::cacheUse)
                .column("DRIVER", Tables::driver)
                .column("SEEN", row -> Text.age(row.path("last_heartbeat"), now))
                .wide("ZONE", "zone")
                .wide("WHY", "acceleration")
                .wide("ID", "id");
    }

    /** How much of the cache's quota is taken; {@code -} where there is none. */
    static String cacheUse(JsonNode worker) {
        var quota = worker.path("cache_quota_bytes").asLong();
        return quota == 0
                ? "-"
                : Text.bar((int) (100 * (worker.path("cache_bytes").asLong() / (double) quota))) + " of "
                        + Text.bytes(quota);
    }

    /** How its bunkers run; why so is more than a column holds. */
    private static String driver(JsonNode worker) {
        return Text.of(worker.path("driver")) + "/"
                + Text.of(worker.path("acceleration")).replaceFirst(":.*", "");
    }

    /** How a thing stands; and what it is asked to become, where that is still to come. */
    static String standing(JsonNode thing) {
        var status = Text.of(thing.path("status"));
        var wanted = Text.of(thing.path("intent"));
        return TO_COME.getOrDefault(wanted, List.of()).contains(status) ? status + ", to " + wanted : status;
    }

    private static String cores(JsonNode millicores) {
        var cores = millicores.asLong() / CORE;
        return cores == Math.rint(cores) ? Long.toString((long) cores) : String.format(Locale.ROOT, "%.1f", cores);
    }

    private static String of(JsonNode worker, String what) {
        return Text.mebibytes(worker.path("allocated").path(what).asLong()) + " of "
                + Text.mebibytes(worker.path("capacity").path(what).asLong());
    }

    static Table bunkers() {
        var now = Instant.now();
        return new Table()
                .column("NAME", "name")
                .column("STATUS", Tables::standing)
                .column("MODE", "lifecycle_mode")
                .column("CPU", row -> cores(row.path("cpu_millicores")))
                .column("MEMORY", row -> Text.mebibytes(row.path("memory_mb").asLong()))
                .column("AGE", row -> Text.age(row.path("created_at"), now))
                .column("ID", "id")
                .wide("NETWORK", "network_profile")
                .wide("IMAGE", "image_id")
                .wide("WORKER", "worker_id")
                .wide("FAILURE", "failure.code");
    }

    static Table snapshots() {
        var now = Instant.now();
        return new Table()
                .column("ID", "id")
                .column("STATUS", "status")
                .column("IMAGE", "image_name")
                .column(
                        "SIZE",
                        row -> row.path("size_bytes").isNumber()
                                ? Text.bytes(row.path("size_bytes").asLong())
                                : "-")
                .column("AGE", row -> Text.age(row.path("created_at"), now))
                .column("ERROR", "error.code")
                .wide("BUNKER", "bunker_id")
                .wide("WORKER", "worker_id")
                .wide("MESSAGE", "error.message");
    }

    static Table findings() {
        return new Table()
                .column("ID", "id")
                .column("SEVERITY", "severity")
                .column("PACKAGE", "package")
                .column("INSTALLED", "installed")
                .column("FIXED", "fixed")
                .wide("ECOSYSTEM", "ecosystem")
                .wide("PATH", "path")
                .wide("SINCE", "since");
    }

    static Table credentials() {
        var now = Instant.now();
        return new Table().column("HOST", "host").column("CHANGED", row -> Text.age(row.path("updated_at"), now));
    }

    static Table tenants() {
        return new Table()
                .column("NAME", "name")
                .column("PARTNER", "partner_name")
                .column("ID", "id");
    }

    static Table users() {
        return new Table()
                .column("NAME", "name")
                .column("ROLE", "role")
                .column("DISABLED", "disabled_at")
                .column("ID", "id")
                .wide("TENANT", "tenant_id");
    }

    static Table keys() {
        var now = Instant.now();
        return new Table()
                .column("NAME", "name")
                .column("ENDS WITH", "hint")
                .column("AGE", row -> Text.age(row.path("created_at"), now))
                .column("EXPIRES", "expires_at")
                .column("REVOKED", "revoked_at")
                .column("ID", "id")
                .wide("USER", "user_id");
    }

    static Table garbage() {
        return new Table()
                .column("KIND", "kind")
                .column("SIZE", row -> Text.bytes(row.path("bytes").asLong()))
                .column("GOES", row -> row.path("goes").asBoolean() ? "yes" : "no")
                .column("WHY", "why")
                .wide("IMAGE", "image_id")
                .wide("DIGEST", "artifact_digest");
    }

    static Table files() {
        return new Table()
                .column("MODE", "mode")
                .column("KIND", "kind")
                .column(
                        "OWNER",
                        row -> row.path("uid").asText() + ":" + row.path("gid").asText())
                .column("SIZE", row -> Text.bytes(row.path("size").asLong()))
                .column("CHANGED", "modified_at")
                .column("NAME", "name");
    }

    /** For {@code Duration}s that are told in seconds. */
    static String seconds(JsonNode value) {
        return value.isNumber() ? Text.span(Duration.ofSeconds(value.asLong())) : "-";
    }
}
