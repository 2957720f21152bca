package io.scaibunker.scheduler;

import io.scaibunker.bus.Answer;
import io.scaibunker.bus.Answer.WantedBunker;
import io.scaibunker.bus.Question;
import io.scaibunker.bus.Question.BunkerReported;
import io.scaibunker.model.BunkerId;
import io.scaibunker.model.EndReason;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.LifecycleMode;
import io.scaibunker.model.NetworkProfile;
import io.scaibunker.model.NetworkWish;
import io.scaibunker.model.RestartPolicy;
import io.scaibunker.model.Word;
import io.scaibunker.store.Bunkers;
import io.scaibunker.store.Database;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells workers which bunkers they should run or end, and takes what they report. */
final class BunkerReports {
    private static final Logger LOG = LoggerFactory.getLogger(BunkerReports.class);

    private static final int ROWS_MAX = 100;

    /** Well below the bus's cap: what a page's entries may come to in all, in bytes. */
    private static final int PAGE_MAX = 40_000;

    /** What an entry takes beside its environment. */
    private static final int ENTRY_SIZE = 500;

    private final Database database;

    BunkerReports(Database database) {
        this.database = database;
    }

    Future<Answer.WantedBunkers> page(Question.BunkersWanted question) {
        return Bunkers.wantedOf(database.client(), question.workerId(), Optional.ofNullable(question.after()), ROWS_MAX)
                .map(BunkerReports::fitting);
    }

    static Answer.WantedBunkers fitting(List<Bunkers.Wanted> rows) {
        List<WantedBunker> page = new ArrayList<>();
        int size = 0;
        for (Bunkers.Wanted row : rows) {
            Map<String, String> environment = environment(row.wish());
            NetworkWish network = network(row.wish());
            size += ENTRY_SIZE
                    + JsonObject.mapFrom(environment).toBuffer().length()
                    + network.allowlist().stream()
                            .mapToInt(entry -> entry.length() + 3)
                            .sum();
            if (size > PAGE_MAX && !page.isEmpty()) {
                break;
            }
            page.add(new WantedBunker(
                    row.id(),
                    row.generation(),
                    row.intent(),
                    row.status(),
                    row.imageId(),
                    row.artifactDigest().orElse(null),
                    row.name(),
                    row.room(),
                    environment,
                    row.incarnation().orElse(null),
                    mode(row.wish()),
                    row.wish().getInteger("idle_timeout_s", 0),
                    network.equals(NetworkWish.ISOLATED) ? null : network,
                    row.idleSince()
                            .map(since -> since.toInstant().toEpochMilli())
                            .orElse(null),
                    restarts(row.wish())));
        }
        boolean more = page.size() < rows.size() || rows.size() == ROWS_MAX;
        BunkerId next = more ? page.getLast().bunkerId() : null;
        return new Answer.WantedBunkers(page, next);
    }

    private static LifecycleMode mode(JsonObject wish) {
        return Word.parse(LifecycleMode.class, wish.getString("lifecycle_mode", LifecycleMode.EPHEMERAL.word()));
    }

    private static RestartPolicy restarts(JsonObject wish) {
        return Optional.ofNullable(wish.getString("restart_policy"))
                .map(word -> Word.parse(RestartPolicy.class, word))
                .orElseGet(() -> RestartPolicy.of(mode(wish)));
    }

    private static NetworkWish network(JsonObject wish) {
        String profile = wish.getString("network_profile", NetworkProfile.ISOLATED.word());
        return new NetworkWish(
                Word.parse(NetworkProfile.class, profile),
                wish.getJsonArray("network_allowlist", new JsonArray()).stream()
                        .map(String::valueOf)
                        .toList(),
                wish.getInteger("bandwidth_mbit", 0));
    }

    private static Map<String, String> environment(JsonObject wish) {
        Map<String, String> environment = new HashMap<>();
        wish.getJsonObject("env_vars", new JsonObject())
                .forEach(entry -> environment.put(entry.getKey(), String.valueOf(entry.getValue())));
        return environment;
    }

    Future<Answer.ReportTaken> take(BunkerReported report) {
        return moved(report).map(moved -> {
            if (moved) {
                LOG.info(
                        "{} on {} is {}{}",
                        report.bunkerId(),
                        report.workerId(),
                        report.status().word(),
                        why(report));
            }
            return new Answer.ReportTaken(moved);
        });
    }

    private static String why(BunkerReported report) {
        if (report.failure() != null) {
            return ": " + report.failure().message();
        }
        return report.reason() == null ? "" : ": " + report.reason().word();
    }

    private Future<Boolean> moved(BunkerReported report) {
        return switch (report.status()) {
            case PENDING -> Future.succeededFuture(false);
            case PROVISIONING, RUNNING, PAUSED, TERMINATING ->
                Bunkers.move(database.client(), report.workerId(), report.bunkerId(), sight(report));
            case TERMINATED ->
                Bunkers.end(
                        database.client(),
                        report.workerId(),
                        report.bunkerId(),
                        Objects.requireNonNullElse(report.reason(), EndReason.DELETED));
            case FAILED -> {
                Question.Failure failure = report.failure() == null
                        ? new Question.Failure(ErrorCode.INTERNAL, "the worker gave no reason")
                        : report.failure();
                yield Bunkers.fail(
                        database.client(), report.workerId(), report.bunkerId(), failure.code(), failure.message());
            }
        };
    }

    private static Bunkers.Sight sight(BunkerReported report) {
        return new Bunkers.Sight(
                report.status(),
                report.incarnation(),
                Optional.ofNullable(report.reason()),
                Optional.ofNullable(report.idleSince())
                        .map(millis -> Instant.ofEpochMilli(millis).atOffset(ZoneOffset.UTC)),
                Optional.ofNullable(report.boot()).map(BunkerReports::boot));
    }

    /** In the API's words. */
    private static JsonObject boot(Question.BootTimes times) {
        return new JsonObject()
                .put("queued_ms", times.queued())
                .put("scratch_ms", times.scratch())
                .put("spawn_ms", times.spawn())
                .put("kernel_ms", times.kernel())
                .put("agent_ms", times.agent());
    }
}
