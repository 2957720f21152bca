package io.scaibunker.fanout;

import io.scaibunker.bus.Answer;
import io.scaibunker.bus.Nudge;
import io.scaibunker.bus.Post;
import io.scaibunker.bus.Question;
import io.scaibunker.model.CacheStatus;
import io.scaibunker.model.Digest;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.PlatformException;
import io.scaibunker.model.WorkerId;
import io.scaibunker.store.Artifacts;
import io.scaibunker.store.Artifacts.Artifact;
import io.scaibunker.store.Bakes;
import io.scaibunker.store.Database;
import io.scaibunker.store.ImageCache;
import io.scaibunker.store.ImageCache.Answered;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlClient;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes what workers report of their copies into the rows. */
final class CopyReports {
    private static final Logger LOG = LoggerFactory.getLogger(CopyReports.class);

    private final Database database;
    private final Post post;
    private final Duration bakeLease;

    CopyReports(Database database, Post post, Duration bakeLease) {
        this.database = database;
        this.post = post;
        this.bakeLease = bakeLease;
    }

    Future<Answer.ReportTaken> take(Question.CopyReported report) {
        return moved(report)
                .map(Answer.ReportTaken::new)
                .recover(thrown -> thrown.getCause() instanceof OtherBytes other
                        ? refuse(report, other)
                        : Future.failedFuture(thrown))
                .onSuccess(taken -> bakeEnded(report))
                .onSuccess(taken -> tell(report, taken.current()));
    }

    private void tell(Question.CopyReported report, boolean moved) {
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
    }

    /** Equal sources baked into different bytes: what others have stays the only one, and this is failed where all can see it. */
    private Future<Answer.ReportTaken> refuse(Question.CopyReported report, OtherBytes other) {
        LOG.error("{} on {} is refused: {}", report.imageId(), report.workerId(), other.getMessage());
        Answered row = new Answered(report.workerId(), report.imageId(), report.generation());
        return ImageCache.failed(database.client(), row, ErrorCode.INTERNAL, String.valueOf(other.getMessage()))
                .map(failed -> new Answer.ReportTaken(false, true));
    }

    /** Ends the transaction that would have made them ready. */
    private static final class OtherBytes extends RuntimeException {
        private static final long serialVersionUID = 1L;

        OtherBytes(Digest made, Digest kept) {
            super("the bake made " + made + ", where others have " + kept + " of the same source");
        }
    }

    private Future<Boolean> moved(Question.CopyReported report) {
        Answered row = new Answered(report.workerId(), report.imageId(), report.generation());
        SqlClient sql = database.client();
        return switch (report.status()) {
            case BUILDING ->
                ImageCache.building(sql, row, report.incarnation(), report.phase())
                        .compose(moved -> Bakes.renew(sql, report.workerId(), report.imageId(), bakeLease)
                                .map(renewed -> moved));
            case READY -> ready(report, row);
            case FAILED -> {
                Question.Failure failure = needed("failure", report.failure());
                yield ImageCache.failed(
                                sql, row, failure.code(), failure.message(), isWorthRetrying(failure), pause(failure))
                        .compose(moved -> moved && isOfSource(failure.code())
                                ? ImageCache.failedAlike(sql, report.imageId(), failure.code(), failure.message())
                                        .map(others -> moved)
                                : Future.succeededFuture(moved));
            }
            case PENDING -> ImageCache.pendingAgain(sql, row);
            case EVICTED -> ImageCache.evicted(sql, row);
        };
    }

    private static boolean isWorthRetrying(Question.Failure failure) {
        return failure.code().worthRetrying() && !Boolean.FALSE.equals(failure.mayPass());
    }

    private static Duration pause(Question.Failure failure) {
        return failure.retryAfterS() == null ? Duration.ZERO : Duration.ofSeconds(failure.retryAfterS());
    }

    /** Whether every worker would find the same. */
    private static boolean isOfSource(ErrorCode code) {
        return switch (code) {
            case SOURCE_NOT_FOUND,
                    SOURCE_AUTH,
                    SOURCE_CORRUPT,
                    SOURCE_UNSUPPORTED,
                    SIZE_CAP_EXCEEDED,
                    PATH_NOT_ALLOWED -> true;
            default -> false;
        };
    }

    /** Whoever waited for it looks again: it is there to be fetched, or to be baked by another. */
    private void bakeEnded(Question.CopyReported report) {
        if (report.status() == CacheStatus.BUILDING) {
            return;
        }
        Bakes.release(database.client(), report.workerId(), report.imageId())
                .compose(released -> released || report.status() == CacheStatus.READY
                        ? ImageCache.waiting(database.client(), report.imageId())
                        : Future.succeededFuture(List.<WorkerId>of()))
                .onSuccess(workers -> workers.forEach(worker -> post.nudge(new Nudge.CopiesChanged(worker))))
                .onFailure(thrown -> LOG.warn("a lease was not given back; it will run out", thrown));
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
        return database.inTransaction(sql -> ImageCache.ready(sql, row, report.incarnation(), copy.artifactDigest())
                .compose(current -> current ? record(sql, report, artifact) : Future.succeededFuture(false)));
    }

    private static Future<Boolean> record(SqlClient sql, Question.CopyReported report, Artifact artifact) {
        return Artifacts.record(sql, report.imageId(), report.workerId(), artifact)
                .map(kept -> isKept(artifact.digest(), kept))
                .compose(kept -> report.layout() == null
                        ? Future.succeededFuture(kept)
                        : Artifacts.layOut(sql, artifact.fingerprint(), artifact.digest(), layout(report.layout()))
                                .map(laid -> kept));
    }

    private static Artifacts.Layout layout(Question.Layout told) {
        return new Artifacts.Layout(
                told.segments().stream()
                        .map(segment -> new Artifacts.Segment(
                                Optional.ofNullable(segment.diffId()),
                                segment.bytes(),
                                segment.hiddenBytes(),
                                segment.reused(),
                                0))
                        .toList(),
                told.more());
    }

    private static boolean isKept(Digest made, Digest kept) {
        if (!made.equals(kept)) {
            throw new OtherBytes(made, kept);
        }
        return true;
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
