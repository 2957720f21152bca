package io.scaibunker.scheduler;

import io.scaibunker.bus.Answer;
import io.scaibunker.bus.Answer.WantedSnapshot;
import io.scaibunker.bus.Nudge;
import io.scaibunker.bus.Post;
import io.scaibunker.bus.Question;
import io.scaibunker.bus.Question.SnapshotReported;
import io.scaibunker.model.SnapshotId;
import io.scaibunker.model.SnapshotStatus;
import io.scaibunker.store.Database;
import io.scaibunker.store.Snapshots;
import io.vertx.core.Future;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells workers which snapshots they should take, keep or remove, and takes what they report. */
final class SnapshotReports {
    private static final Logger LOG = LoggerFactory.getLogger(SnapshotReports.class);

    /** Some 300 bytes each: well below the bus's cap. */
    private static final int ROWS_MAX = 100;

    private final Database database;
    private final Post post;

    SnapshotReports(Database database, Post post) {
        this.database = database;
        this.post = post;
    }

    Future<Answer.WantedSnapshots> page(Question.SnapshotsWanted question) {
        return Snapshots.wantedOf(
                        database.client(), question.workerId(), Optional.ofNullable(question.after()), ROWS_MAX)
                .map(rows -> {
                    List<WantedSnapshot> page =
                            rows.stream().map(SnapshotReports::wanted).toList();
                    SnapshotId next = rows.size() == ROWS_MAX ? page.getLast().snapshotId() : null;
                    return new Answer.WantedSnapshots(page, next);
                });
    }

    private static WantedSnapshot wanted(Snapshots.Wanted row) {
        return new WantedSnapshot(
                row.id(),
                row.bunkerId(),
                row.imageId(),
                row.status(),
                row.wanted(),
                row.digest().orElse(null));
    }

    Future<Answer.ReportTaken> take(SnapshotReported report) {
        return Snapshots.move(database.client(), report.workerId(), report.snapshotId(), sight(report))
                .map(taken -> {
                    if (taken.moved()) {
                        LOG.info(
                                "{} on {} is {}{}",
                                report.snapshotId(),
                                report.workerId(),
                                report.status().word(),
                                report.failure() == null
                                        ? ""
                                        : ": " + report.failure().message());
                    }
                    if (taken.ends()) {
                        post.nudge(new Nudge.BunkersChanged(report.workerId()));
                    }
                    return new Answer.ReportTaken(taken.moved());
                });
    }

    private static Snapshots.Sight sight(SnapshotReported report) {
        Optional<Question.Failure> failure =
                report.status() == SnapshotStatus.FAILED ? Optional.ofNullable(report.failure()) : Optional.empty();
        return new Snapshots.Sight(
                report.status(),
                Optional.ofNullable(report.digest()).map(digest -> new Snapshots.Made(digest, report.sizeBytes())),
                failure.map(Question.Failure::code),
                failure.map(Question.Failure::message));
    }
}
