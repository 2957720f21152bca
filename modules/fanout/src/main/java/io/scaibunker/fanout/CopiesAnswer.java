package io.scaibunker.fanout;

import io.scaibunker.bus.Answer;
import io.scaibunker.bus.Answer.WantedCopy;
import io.scaibunker.bus.Question;
import io.scaibunker.model.BuildSource;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.SnapshotId;
import io.scaibunker.store.Database;
import io.scaibunker.store.ImageCache;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Tells a worker what it should hold, in pages that fit into one message. */
final class CopiesAnswer {
    private static final int ROWS_MAX = 200;

    /** Well below the bus's cap: what a page's entries may come to in all, in bytes. */
    private static final int PAGE_MAX = 40_000;

    /** What an entry takes beside its source. */
    private static final int ENTRY_SIZE = 400;

    private final Database database;

    CopiesAnswer(Database database) {
        this.database = database;
    }

    Future<Answer.WantedCopies> page(Question.CopiesWanted question) {
        return ImageCache.wantedOf(
                        database.client(), question.workerId(), Optional.ofNullable(question.after()), ROWS_MAX)
                .map(CopiesAnswer::fitting);
    }

    static Answer.WantedCopies fitting(List<ImageCache.Wanted> rows) {
        List<WantedCopy> page = new ArrayList<>();
        int size = 0;
        for (ImageCache.Wanted row : rows) {
            size += ENTRY_SIZE + row.source().toBuffer().length();
            if (size > PAGE_MAX && !page.isEmpty()) {
                break;
            }
            page.add(copy(row));
        }
        boolean more = page.size() < rows.size() || rows.size() == ROWS_MAX;
        ImageId next = more ? page.getLast().imageId() : null;
        return new Answer.WantedCopies(page, next);
    }

    private static WantedCopy copy(ImageCache.Wanted row) {
        return new WantedCopy(
                row.imageId(),
                row.generation(),
                row.status(),
                row.wanted(),
                source(row.source()),
                row.sizeMib(),
                row.pinned().orElse(null),
                row.artifactDigest().orElse(null),
                row.awaited());
    }

    static BuildSource source(JsonObject json) {
        return switch (json.getString("kind")) {
            case "oci" ->
                new BuildSource.Oci(
                        json.getString("ref"), json.getString("platform", BuildSource.Oci.PLATFORM_DEFAULT));
            case "tar" -> new BuildSource.Tar(json.getString("path"));
            case "snapshot" -> new BuildSource.Snapshot(SnapshotId.parse(json.getString("snapshot_id")));
            default -> throw new IllegalStateException("an image row has source kind " + json.getString("kind"));
        };
    }
}
