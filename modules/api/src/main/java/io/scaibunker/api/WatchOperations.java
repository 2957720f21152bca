package io.scaibunker.api;

import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.WorkerId;
import io.scaibunker.store.Bunkers;
import io.scaibunker.store.Database;
import io.scaibunker.store.Events.Event;
import io.scaibunker.store.ImageCache;
import io.scaibunker.store.ImageCache.CacheRow;
import io.scaibunker.store.Images;
import io.scaibunker.store.Images.Image;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.SqlConnection;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** What can be watched: images with their copies and scan, and bunkers. */
final class WatchOperations {
    private static final int ROWS_A_PART = 100;

    private final Database database;
    private final BunkerOperations bunkers;
    private final CopyProgress progress;

    /** Finds what a request names, or says that it is not there for its caller. */
    @FunctionalInterface
    interface Watchable {
        Future<Subject> find(Request request);
    }

    WatchOperations(Database database, BunkerOperations bunkers, CopyProgress progress) {
        this.database = database;
        this.bunkers = bunkers;
        this.progress = progress;
    }

    void enrol(Map<String, Watchable> watchables) {
        watchables.put("watchImage", this::image);
        watchables.put("watchBunker", this::bunker);
    }

    private Future<Subject> image(Request request) {
        return Finder.image(database.client(), request.caller().viewer(), request.path("id"))
                .map(image -> new WatchedImage(image, request.caller()));
    }

    private final class WatchedImage implements Subject {
        private final Image image;
        private final Caller caller;

        WatchedImage(Image image, Caller caller) {
            this.image = image;
            this.caller = caller;
        }

        @Override
        public UUID id() {
            return image.id().value();
        }

        @Override
        public ImageId image() {
            return image.id();
        }

        @Override
        public boolean followsCopyOn(WorkerId workerId) {
            return true;
        }

        @Override
        public boolean seesWorkers() {
            return caller.seesWorkers();
        }

        @Override
        public Future<List<JsonObject>> snapshot(SqlConnection sql) {
            return Images.find(sql, caller.viewer(), image.id())
                    .compose(Finder.there(ErrorCode.IMAGE_NOT_FOUND, "image", image.id()))
                    .compose(now -> ImageOperations.whole(sql, caller, now))
                    .compose(view -> ImageCache.of(sql, image.id()).map(rows -> parts(view, rows)));
        }

        private List<JsonObject> parts(JsonObject view, List<CacheRow> rows) {
            List<JsonObject> parts = new ArrayList<>();
            for (int from = 0; from == 0 || from < rows.size(); from += ROWS_A_PART) {
                JsonArray some = new JsonArray();
                rows.subList(from, Math.min(rows.size(), from + ROWS_A_PART))
                        .forEach(row -> some.add(CopyOperations.view(row, progress.of(image.id(), row), caller)));
                JsonObject part = new JsonObject().put("rows", some);
                if (from == 0) {
                    part.put("image", view).put("summary", CopyOperations.summary(rows));
                }
                parts.add(part);
            }
            return parts;
        }

        @Override
        public JsonObject told(Event event) {
            return WatchOperations.told(event);
        }
    }

    private Future<Subject> bunker(Request request) {
        return bunkers.seen(request)
                .map(bunker -> new WatchedBunker(bunker, request.caller().seesWorkers()));
    }

    private record WatchedBunker(Bunkers.Bunker bunker, boolean seesWorkers) implements Subject {
        @Override
        public UUID id() {
            return bunker.id().value();
        }

        @Override
        public ImageId image() {
            return bunker.imageId();
        }

        /** One that was placed before its copy begins when that is there. */
        @Override
        public boolean followsCopyOn(WorkerId workerId) {
            return workerId.equals(bunker.workerId());
        }

        @Override
        public Future<List<JsonObject>> snapshot(SqlConnection sql) {
            return Bunkers.find(sql, bunker.id())
                    .compose(Finder.there(ErrorCode.BUNKER_NOT_FOUND, "bunker", bunker.id()))
                    .map(now -> List.of(new JsonObject().put("bunker", BunkerOperations.view(now))));
        }

        @Override
        public JsonObject told(Event event) {
            return WatchOperations.told(event);
        }
    }

    /** What an event says to whoever is told of it. */
    static JsonObject told(Event event) {
        JsonObject told = event.body().copy().put("at", Shown.time(event.at()));
        // How far a copy is that is being made, only progress says: a share in between would go back.
        if (event.kind().equals("cache") && !"building".equals(told.getString("status"))) {
            told.put("percent", "ready".equals(told.getString("status")) ? 100 : 0);
        }
        return told;
    }
}
