package io.scaibunker.scanner;

import io.scaibunker.bus.Nudge;
import io.scaibunker.bus.Post;
import io.scaibunker.model.Digest;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.IncarnationId;
import io.scaibunker.model.PlatformException;
import io.scaibunker.model.ScanStatus;
import io.scaibunker.scanner.Judge.Judged;
import io.scaibunker.store.Database;
import io.scaibunker.store.Findings;
import io.scaibunker.store.ImageCache;
import io.scaibunker.store.Scans;
import io.scaibunker.store.Scans.Claim;
import io.scaibunker.store.Scans.Verdict;
import io.scaibunker.telemetry.Measure;
import io.vertx.core.Future;
import io.vertx.core.WorkerExecutor;
import io.vertx.sqlclient.SqlClient;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Claims what is due, looks at what was baked, settles; and lets go of ready copies that nobody asks for. */
final class ImageScanner {
    private static final Logger LOG = LoggerFactory.getLogger(ImageScanner.class);

    /** The reason where no worker could be asked what the image holds. */
    static final String INVENTORY_MISSING = "INVENTORY_MISSING";

    private final ScannerConfig config;
    private final Database database;
    private final Post post;
    private final StoredInventories inventories;
    private final Judge judge;
    private final WorkerExecutor bench;
    private final IncarnationId self = IncarnationId.fresh();

    /** @param bench where scans run, as many at once as there are slots */
    ImageScanner(
            ScannerConfig config,
            Database database,
            Post post,
            StoredInventories inventories,
            Judge judge,
            WorkerExecutor bench) {
        this.config = config;
        this.database = database;
        this.post = post;
        this.inventories = inventories;
        this.judge = judge;
        this.bench = bench;
    }

    /** No scan is due that nobody works on. */
    Future<?> drain() {
        return Scans.claim(database.client(), self, config.lease(), config.slots())
                .compose(claims -> claims.isEmpty()
                        ? Future.succeededFuture()
                        : all(claims).compose(done -> drain()));
    }

    private Future<?> all(List<Claim> claims) {
        return Future.join(claims.stream().map(this::scan).toList());
    }

    private Future<?> scan(Claim claim) {
        long began = System.nanoTime();
        return judged(claim)
                .onSuccess(judged -> measure(began, judged.verdict()))
                .compose(judged -> settle(claim, judged))
                .onSuccess(settled -> {
                    if (!settled) {
                        LOG.info("scan of {} is void, a newer one was asked for", claim.imageId());
                    }
                });
    }

    private static void measure(long began, Verdict verdict) {
        String reason = verdict.reason();
        Measure.SCAN.took(System.nanoTime() - began, verdict.status().word(), reason == null ? "" : reason);
    }

    private Future<Judged> judged(Claim claim) {
        return switch (ScanPlan.of(claim)) {
            case ScanPlan.Settle settle -> Future.succeededFuture(new Judged(settle.verdict(), Optional.empty()));
            case ScanPlan.Look look ->
                look(look.artifact(), claim.attempts())
                        .recover(thrown -> Future.succeededFuture(new Judged(unseen(claim, thrown), Optional.empty())));
        };
    }

    private Future<Judged> look(Digest artifact, int attempts) {
        return inventories
                .of(artifact)
                .compose(inventory -> bench.executeBlocking(() -> judge.judge(inventory, attempts), false));
    }

    /** Nothing was looked at: no worker could tell, or we have a bug. */
    private static Verdict unseen(Claim claim, Throwable thrown) {
        var again = Judge.pause(claim.attempts());
        if (thrown instanceof PlatformException known && known.code() == ErrorCode.SERVICE_UNAVAILABLE) {
            return new Verdict(ScanStatus.FAILED, INVENTORY_MISSING, known.text(), null, null, again);
        }
        LOG.error("scanning {} failed", claim.imageId(), thrown);
        return new Verdict(
                ScanStatus.FAILED, ErrorCode.INTERNAL.name(), "an error of the scanner itself", null, null, again);
    }

    private Future<Boolean> settle(Claim claim, Judged judged) {
        return database.inTransaction(sql -> Scans.settle(sql, claim, judged.verdict())
                        .compose(settled -> settled && claim.artifact().isPresent()
                                ? keep(sql, claim.artifact().get(), judged).map(true)
                                : Future.succeededFuture(settled)))
                .onSuccess(settled -> {
                    if (settled) {
                        tell(claim.imageId(), judged.verdict());
                    }
                });
    }

    /** What was found stays as it was where nothing was looked at. */
    static Future<Void> keep(SqlClient sql, Digest artifact, Judged judged) {
        return judged.findings()
                .map(findings -> Findings.replace(sql, artifact, findings))
                .orElseGet(Future::succeededFuture);
    }

    static void tell(Object imageId, Verdict verdict) {
        LOG.info(
                "scan of {} {}{}: {}",
                imageId,
                verdict.status().word(),
                verdict.reason() == null ? "" : " " + verdict.reason(),
                verdict.message());
    }

    /** Ready copies that no group asks for are unwanted, and their workers know. */
    Future<?> release() {
        return ImageCache.releaseReady(database.client())
                .onSuccess(workers ->
                        workers.stream().distinct().forEach(worker -> post.nudge(new Nudge.CopiesChanged(worker))));
    }
}
