package io.scaibunker.api;

import io.scaibunker.bus.Nudge;
import io.scaibunker.bus.Post;
import io.scaibunker.model.CacheStatus;
import io.scaibunker.model.Digest;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.PlatformException;
import io.scaibunker.model.ScanStatus;
import io.scaibunker.model.WorkerStatus;
import io.scaibunker.store.Bunkers;
import io.scaibunker.store.Database;
import io.scaibunker.store.Findings;
import io.scaibunker.store.Findings.Carrier;
import io.scaibunker.store.Findings.Found;
import io.scaibunker.store.ImageCache;
import io.scaibunker.store.Images.Image;
import io.scaibunker.store.Inventories;
import io.scaibunker.store.Scans;
import io.scaibunker.vulns.BillOfMaterials;
import io.scaibunker.vulns.InventoryJson;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** What is known to be wrong with images, what they hold, and who carries a vulnerability. */
final class ScanOperations {
    static final String BILL_TYPE = "application/vnd.cyclonedx+json";

    /** Of bunkers and workers that carry a vulnerability, for one image. */
    private static final int CARRIERS_SHOWN = 100;

    private final Vertx vertx;
    private final Database database;
    private final Post post;

    ScanOperations(Vertx vertx, Database database, Post post) {
        this.vertx = vertx;
        this.database = database;
        this.post = post;
    }

    void enrol(Map<String, Operation> operations) {
        operations.put("scanImage", this::scan);
        operations.put("getScan", this::verdict);
        operations.put("getSbom", this::bill);
        operations.put("listCarriers", this::carriers);
    }

    private Future<Reply> scan(Request request) {
        return Finder.ownImage(database.client(), request.caller(), request.path("id"))
                .compose(image -> Scans.askAgain(database.client(), image.id())
                        .onSuccess(asked -> post.nudge(new Nudge.ScanAsked(image.id())))
                        .compose(asked -> scanOf(image)))
                .map(scan -> Reply.accepted(view(scan)));
    }

    private Future<Reply> verdict(Request request) {
        return Finder.image(database.client(), request.caller().viewer(), request.path("id"))
                .compose(this::scanOf)
                .compose(scan -> compared(request, scan, view(scan))
                        .compose(shown -> findings(request, scan)
                                .map(found -> Reply.pageIn(
                                        shown,
                                        "findings",
                                        found,
                                        request.limit(),
                                        Found::shown,
                                        ScanOperations::cursor))));
    }

    private Future<Scans.Scan> scanOf(Image image) {
        return Scans.find(database.client(), image.id())
                .map(found -> found.orElseThrow(() -> new IllegalStateException("no scan row of " + image.id())));
    }

    private Future<List<Found>> findings(Request request, Scans.Scan scan) {
        return looked(scan)
                .map(artifact -> Findings.of(
                        database.client(), artifact, request.query("severity"), place(request), request.limit() + 1))
                .orElseGet(() -> Future.succeededFuture(List.of()));
    }

    /** What was looked at. */
    private static Optional<Digest> looked(Scans.Scan scan) {
        return scan.report()
                .filter(report -> report.getJsonObject("coverage") != null)
                .flatMap(report -> scan.artifact());
    }

    private static String cursor(Found last) {
        return Cursor.of(last.severity() + " " + last.key() + " " + last.id());
    }

    private static Optional<Findings.Place> place(Request request) {
        return request.query("cursor").map(Cursor::text).map(text -> {
            String[] parts = text.split(" ", 3);
            try {
                return new Findings.Place(parts[0], parts[2], UUID.fromString(parts[1]));
            } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
                throw Cursor.foreign();
            }
        });
    }

    /** What this image has and the other has not, and the other way round. */
    private Future<JsonObject> compared(Request request, Scans.Scan scan, JsonObject shown) {
        Optional<String> name = request.query("diff");
        if (name.isEmpty()) {
            return Future.succeededFuture(shown);
        }
        return Finder.image(database.client(), request.caller().viewer(), name.get())
                .compose(this::scanOf)
                .compose(other -> only(scan, other, request.limit())
                        .compose(here -> only(other, scan, request.limit())
                                .map(there -> shown.put(
                                        "diff",
                                        new JsonObject()
                                                .put("image_id", other.imageId().toString())
                                                .put(
                                                        "scan_status",
                                                        other.status().word())
                                                .put("only_here", here)
                                                .put("only_there", there)))));
    }

    private Future<JsonArray> only(Scans.Scan in, Scans.Scan notIn, int limit) {
        Digest artifact = looked(in).orElseThrow(() -> notLooked(in));
        Digest other = looked(notIn).orElseThrow(() -> notLooked(notIn));
        return Findings.onlyIn(database.client(), artifact, other, limit)
                .map(found -> new JsonArray(found.stream().map(Found::shown).toList()));
    }

    private static PlatformException notLooked(Scans.Scan scan) {
        return new PlatformException(
                ErrorCode.WRONG_STATE,
                "image " + scan.imageId() + " was not looked at yet (scan: "
                        + scan.status().word() + ")");
    }

    private static JsonObject view(Scans.Scan scan) {
        Optional<JsonObject> report = scan.report().filter(kept -> scan.status() != ScanStatus.PENDING);
        return new JsonObject()
                .put("image_id", scan.imageId().toString())
                .put("scan_status", scan.status().word())
                .put("scan_reason", Shown.orNull(scan.reason()))
                .put("message", Shown.orNull(scan.message()))
                .put("scanner", Shown.orNull(scan.scanner()))
                .put("artifact_digest", Shown.orNull(scan.artifact().map(Digest::text)))
                .put("database", database(report.map(kept -> kept.getJsonArray("database"))))
                .put("counts", report.map(kept -> kept.getJsonObject("counts")).orElse(null))
                .put(
                        "coverage",
                        report.map(kept -> kept.getJsonObject("coverage")).orElse(null))
                .put("requested_at", Shown.time(scan.requestedAt()))
                .put("finished_at", Shown.time(scan.finishedAt()))
                .put("previous", scan.previous().map(ScanOperations::previous).orElse(null))
                .put("findings", new JsonArray());
    }

    private static JsonObject previous(JsonObject kept) {
        JsonArray known = kept.getJsonArray("database");
        return kept.copy().put("database", database(Optional.ofNullable(known)));
    }

    /** How old what is known is: today, not when it was used. */
    private static JsonArray database(Optional<JsonArray> known) {
        JsonArray aged = new JsonArray();
        known.orElseGet(JsonArray::new).forEach(one -> {
            JsonObject database = ((JsonObject) one).copy();
            Instant newest = Instant.parse(database.getString("newest"));
            aged.add(database.put(
                    "age_days",
                    Math.max(0, Duration.between(newest, Instant.now()).toDays())));
        });
        return aged;
    }

    private Future<Reply> bill(Request request) {
        return Finder.image(database.client(), request.caller().viewer(), request.path("id"))
                .compose(image -> image.baked()
                        .map(baked -> Inventories.find(database.client(), baked.digest()))
                        .orElseGet(() -> Future.succeededFuture(Optional.empty()))
                        .compose(found -> found.map(packed -> bill(image, packed))
                                .orElseGet(() -> Future.failedFuture(new PlatformException(
                                        ErrorCode.WRONG_STATE,
                                        "what " + image.id()
                                                + " holds is not known before it was baked and scanned")))))
                .map(bill -> Reply.ok(bill).as(BILL_TYPE));
    }

    private Future<JsonObject> bill(Image image, byte[] packed) {
        return vertx.executeBlocking(() -> {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            BillOfMaterials.write(
                    InventoryJson.unpack(packed), image.registration().name(), out);
            return Buffer.buffer(out.toByteArray()).toJsonObject();
        });
    }

    private Future<Reply> carriers(Request request) {
        String vulnerability = request.query("id").orElseThrow();
        int limit = request.limit();
        return Findings.carriers(
                        database.client(), request.caller().viewer(), vulnerability, request.afterId(), limit + 1)
                .compose(carriers -> Future.all(carriers.stream()
                                .map(carrier -> view(request.caller(), carrier))
                                .toList())
                        .map(shown -> Reply.page(
                                pairs(carriers, shown.list()),
                                limit,
                                Pair::shown,
                                pair -> pair.carrier().imageId().value())));
    }

    private record Pair(Carrier carrier, JsonObject shown) {}

    private static List<Pair> pairs(List<Carrier> carriers, List<JsonObject> shown) {
        List<Pair> pairs = new ArrayList<>();
        for (int index = 0; index < carriers.size(); index++) {
            pairs.add(new Pair(carriers.get(index), shown.get(index)));
        }
        return pairs;
    }

    private Future<JsonObject> view(Caller caller, Carrier carrier) {
        return ImageCache.of(database.client(), carrier.imageId())
                .compose(rows -> Bunkers.list(
                                database.client(),
                                BunkerOperations.running(caller, carrier.imageId()),
                                Optional.empty(),
                                CARRIERS_SHOWN)
                        .map(bunkers -> new JsonObject()
                                .put("image_id", carrier.imageId().toString())
                                .put("image_name", carrier.name())
                                .put("image_status", carrier.status())
                                .put("artifact_digest", carrier.artifact().text())
                                .put("findings", carrier.findings())
                                .put(
                                        "workers",
                                        new JsonArray(rows.stream()
                                                .filter(row -> row.status() == CacheStatus.READY
                                                        && row.workerStatus() != WorkerStatus.LOST)
                                                .limit(CARRIERS_SHOWN)
                                                .map(ScanOperations::view)
                                                .toList()))
                                .put(
                                        "bunkers",
                                        new JsonArray(bunkers.stream()
                                                .map(ScanOperations::view)
                                                .toList()))));
    }

    private static JsonObject view(ImageCache.CacheRow row) {
        return new JsonObject().put("worker_id", row.workerId().toString()).put("worker_name", row.workerName());
    }

    private static JsonObject view(Bunkers.Bunker bunker) {
        return new JsonObject()
                .put("bunker_id", bunker.id().toString())
                .put("bunker_name", bunker.name())
                .put("worker_id", bunker.workerId().toString())
                .put("started_at", Shown.time(bunker.startedAt()));
    }
}
