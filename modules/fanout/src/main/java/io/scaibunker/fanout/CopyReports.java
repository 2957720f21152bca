package io.scaibunker.fanout;

import io.scaibunker.bus.Answer;
import io.scaibunker.bus.Nudge;
import io.scaibunker.bus.Post;
import io.scaibunker.bus.Question;
import io.scaibunker.model.CacheStatus;
import io.scaibunker.model.Digest;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.PlatformException;
import io.scaibunker.store.Artifacts;
import io.scaibunker.store.Artifacts.Artifact;
import io.scaibunker.store.Database;
import io.scaibunker.store.ImageCache;
import io.scaibunker.store.ImageCache.Answered;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlClient;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes what workers report of their copies into the rows. */
final class CopyReports {
    private static final Logger LOG = LoggerFactory.getLogger(CopyReports.class);

    private final Database database;
    private final Post post;

    CopyReports(Database database, Post post) {
        this.database = database;
        this.post = post;
    }

    Future<Answer.ReportTaken> take(Question.CopyReported report) {
        return moved(report).map(moved -> {
            if (moved) {
                LOG.info(
                        "{} on {} is {}{}",
                        report.imageId(),
                        report.workerId(),
                        report.status().word(),
                        report.failure() == null ? "" : ": " + report.failure().message());
                if (report.status() == CacheStatus.READY || report.status() == CacheStatus.FAILED) {
                    // Its scan waits for this.
                    post.nudge(new Nudge.ScanAsked(report.imageId()));
                }
            }
            return new Answer.ReportTaken(moved);
        });
    }

    private Future<Boolean> moved(Question.CopyReported report) {
        Answered row = new Answered(report.workerId(), report.imageId(), report.generation());
        SqlClient sql = database.client();
        return switch (report.status()) {
            case BUILDING -> ImageCache.building(sql, row, report.incarnation(), report.phase());
            case READY -> ready(report, row);
            case FAILED -> {
                Question.Failure failure = needed("failure", report.failure());
                yield ImageCache.failed(sql, row, failure.code(), failure.message());
            }
            case PENDING -> ImageCache.pendingAgain(sql, row);
            case EVICTED -> ImageCache.evicted(sql, row);
        };
    }

    private Future<Boolean> ready(Question.CopyReported report, Answered row) {
        Question.Copy copy = needed("copy", report.copy());
        Artifact artifact = new Artifact(
                Fingerprint.of(copy.sourceDigest(), copy.sizeBytes(), copy.writer()),
                copy.sourceDigest(),
                copy.artifactDigest(),
                copy.sizeBytes(),
                copy.allocatedBytes(),
                copy.entries());
        return database.inTransaction(sql -> Artifacts.record(sql, report.imageId(), artifact)
                .compose(kept -> ImageCache.ready(sql, row, report.incarnation(), copy.artifactDigest())));
    }

    private static <T> T needed(String part, @Nullable T value) {
        if (value == null) {
            throw new PlatformException(ErrorCode.INTERNAL, "a report lacks its " + part);
        }
        return value;
    }

    /** The first digest told for an image is pinned for all. */
    Future<Answer.DigestPinned> pin(Question.DigestFound found) {
        return Artifacts.pin(database.client(), found.imageId(), found.digest()).map(pinned -> {
            Digest digest = pinned.orElseThrow(
                    () -> new PlatformException(ErrorCode.IMAGE_NOT_FOUND, "no image " + found.imageId()));
            LOG.info("{} is pinned to {}", found.imageId(), digest);
            return new Answer.DigestPinned(digest);
        });
    }
}
