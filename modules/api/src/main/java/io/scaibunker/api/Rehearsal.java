package io.scaibunker.api;

import io.scaibunker.bus.Answer;
import io.scaibunker.bus.Answer.SourceSeen;
import io.scaibunker.bus.Post;
import io.scaibunker.bus.Question.SourceLooked;
import io.scaibunker.model.BuildSource;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.PlatformException;
import io.scaibunker.model.TenantId;
import io.scaibunker.model.WorkerId;
import io.scaibunker.model.WorkerStatus;
import io.scaibunker.oci.ImageReference;
import io.scaibunker.oci.SourceException;
import io.scaibunker.store.Artifacts;
import io.scaibunker.store.Database;
import io.scaibunker.store.ImageCache;
import io.scaibunker.store.ImageCache.CacheRow;
import io.scaibunker.store.Images.Registration;
import io.scaibunker.store.RegistryCredentials;
import io.scaibunker.store.SecretBox;
import io.scaibunker.store.Workers;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.SqlClient;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What a registration would do: the rows are written and taken back, and a worker that would hold the image looks at its source. */
final class Rehearsal {
    private static final Duration LOOK_LIMIT = Duration.ofSeconds(30);
    private static final int WORKERS_SHOWN = 200;

    /** How much larger layers may be unpacked before a guess says that it is tight: gzip makes file systems two to four times smaller. */
    private static final int UNPACKED = 4;

    private final Database database;
    private final SecretBox box;
    private final Post post;

    Rehearsal(Database database, SecretBox box, Post post) {
        this.database = database;
        this.box = box;
        this.post = post;
    }

    /** What was written, and taken back. */
    private record Written(JsonObject warm, List<CacheRow> rows) {}

    /** @param write writes the rows of a registration; answers the counts of its copies */
    Future<Reply> of(Registration wish, BuildSource source, ImageId id, Function<SqlClient, Future<JsonObject>> write) {
        return database.rehearse(sql ->
                        write.apply(sql).compose(warm -> ImageCache.of(sql, id).map(rows -> new Written(warm, rows))))
                .compose(written ->
                        looked(wish.tenantId(), source, written.rows()).compose(seen -> told(wish, written, seen)));
    }

    /** What the source is, or why it is not to be had. */
    private record Seen(
            @Nullable SourceSeen found,
            @Nullable ErrorCode code,
            @Nullable String why) {}

    private Future<Seen> looked(TenantId tenant, BuildSource source, List<CacheRow> rows) {
        return looker(rows)
                .compose(worker -> worker.isEmpty()
                        ? Future.succeededFuture(
                                new Seen(null, ErrorCode.SOURCE_UNREACHABLE, "no worker is there to look at it"))
                        : credential(tenant, source)
                                .compose(credential ->
                                        post.ask(new SourceLooked(worker.get(), source, credential), LOOK_LIMIT))
                                .map(found -> new Seen(found, null, null))
                                .recover(Rehearsal::unseen));
    }

    /** What a bake would fail with is an answer; that nobody answers is not. */
    private static Future<Seen> unseen(Throwable thrown) {
        return thrown instanceof PlatformException told
                        && told.code() != ErrorCode.SERVICE_UNAVAILABLE
                        && told.code() != ErrorCode.INTERNAL
                ? Future.succeededFuture(new Seen(null, told.code(), told.text()))
                : Future.failedFuture(thrown);
    }

    /** One of those that would hold it, else any. */
    private Future<Optional<WorkerId>> looker(List<CacheRow> rows) {
        Optional<WorkerId> targeted = rows.stream()
                .filter(row -> row.workerStatus() == WorkerStatus.READY)
                .map(CacheRow::workerId)
                .findFirst();
        return targeted.isPresent()
                ? Future.succeededFuture(targeted)
                : Workers.list(database.client(), Optional.empty(), WORKERS_SHOWN)
                        .map(workers -> workers.stream()
                                .filter(worker -> worker.status() == WorkerStatus.READY)
                                .map(Workers.Worker::id)
                                .findFirst());
    }

    private Future<Answer.@Nullable RegistryCredential> credential(TenantId tenant, BuildSource source) {
        if (!(source instanceof BuildSource.Oci oci)) {
            return Future.succeededFuture();
        }
        String host;
        try {
            host = ImageReference.parse(oci.ref()).registry();
        } catch (SourceException e) {
            // The worker says what is wrong with the reference.
            return Future.succeededFuture();
        }
        return RegistryCredentials.open(database.client(), box, tenant, host)
                .map(found -> found.map(credential -> new Answer.RegistryCredential(
                                credential.username().orElse(null),
                                credential.password().orElse(null),
                                credential.token().orElse(null)))
                        .orElse(null));
    }

    private Future<Reply> told(Registration wish, Written written, Seen seen) {
        SourceSeen found = seen.found();
        Future<Optional<Long>> known = found == null
                ? Future.succeededFuture(Optional.empty())
                : Artifacts.allocatedBytes(database.client(), found.digest());
        return known.map(bytes -> Reply.ok(new JsonObject()
                .put("dry_run", true)
                .put("name", wish.name())
                .put("source", source(seen))
                .put("cap", cap(wish.sizeMib(), found, bytes))
                .put("warm", written.warm())
                .put("workers", workers(written.rows()))
                .put("more_workers", Math.max(0, written.rows().size() - WORKERS_SHOWN))));
    }

    private static JsonObject source(Seen seen) {
        SourceSeen found = seen.found();
        JsonArray layers = new JsonArray();
        if (found != null) {
            found.layers()
                    .forEach(layer -> layers.add(new JsonObject()
                            .put("digest", layer.digest().text())
                            .put("size_bytes", layer.bytes())));
        }
        ErrorCode code = seen.code();
        return new JsonObject()
                .put("digest", found == null ? null : found.digest().text())
                .put("size_bytes", found == null ? null : found.bytes())
                .put("layers", layers)
                .put("more_layers", found == null ? 0 : found.more())
                .put(
                        "error",
                        code == null
                                ? null
                                : new JsonObject().put("code", code.name()).put("message", seen.why()));
    }

    /** Whether it fits: known where it was baked before, guessed by the size of its layers else. */
    private static JsonObject cap(int sizeMib, @Nullable SourceSeen found, Optional<Long> known) {
        long cap = (long) sizeMib << 20;
        String verdict;
        if (known.isPresent()) {
            verdict = known.get() <= cap ? "fits" : "exceeds";
        } else if (found == null) {
            verdict = "unknown";
        } else if (found.bytes() > cap) {
            verdict = "exceeds";
        } else {
            verdict = found.bytes() <= cap / UNPACKED ? "likely_fits" : "tight";
        }
        return new JsonObject()
                .put("size_mib", sizeMib)
                .put("verdict", verdict)
                .put("needed_bytes", known.orElse(null));
    }

    private static JsonArray workers(List<CacheRow> rows) {
        JsonArray workers = new JsonArray();
        rows.stream()
                .limit(WORKERS_SHOWN)
                .forEach(row -> workers.add(new JsonObject()
                        .put("worker_id", row.workerId().toString())
                        .put("worker_name", row.workerName())
                        .put("worker_status", row.workerStatus().word())));
        return workers;
    }
}
