package io.scaibunker.scanner;

import io.scaibunker.bus.Nudge;
import io.scaibunker.bus.Post;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.IncarnationId;
import io.scaibunker.model.PlatformException;
import io.scaibunker.model.ScanStatus;
import io.scaibunker.store.Database;
import io.scaibunker.store.ImageCache;
import io.scaibunker.store.Scans;
import io.scaibunker.store.Scans.Claim;
import io.scaibunker.store.Scans.Verdict;
import io.vertx.core.Future;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Claims what is pending, scans it, settles it; then lets go of ready copies that nobody asks for. */
final class ImageScanner {
    private static final Logger LOG = LoggerFactory.getLogger(ImageScanner.class);

    private final ScannerConfig config;
    private final Database database;
    private final Post post;
    private final ScanEngine engine;
    private final IncarnationId self = IncarnationId.fresh();

    ImageScanner(ScannerConfig config, Database database, Post post, ScanEngine engine) {
        this.config = config;
        this.database = database;
        this.post = post;
        this.engine = engine;
    }

    /** No scan is pending that nobody works on. */
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
        return verdict(claim)
                .compose(verdict -> Scans.settle(database.client(), claim, verdict)
                        .onSuccess(settled -> LOG.info(
                                "scan of {} {}{}",
                                claim.imageId(),
                                settled ? verdict.status().word() : "is void, a newer one was asked for",
                                verdict.reason() == null ? "" : ": " + verdict.reason())));
    }

    private Future<Verdict> verdict(Claim claim) {
        if (!"oci".equals(claim.source().getString("kind"))) {
            return Future.succeededFuture(
                    new Verdict(ScanStatus.SKIPPED, null, "the image has no registry reference to scan", null));
        }
        return Future.succeededFuture(claim.imageId())
                .compose(engine::scan)
                .recover(thrown -> Future.succeededFuture(failed(claim, thrown)));
    }

    private static Verdict failed(Claim claim, Throwable thrown) {
        if (thrown instanceof PlatformException known) {
            return new Verdict(ScanStatus.FAILED, known.code().name(), known.text(), null);
        }
        LOG.error("scanning {} failed", claim.imageId(), thrown);
        return new Verdict(ScanStatus.FAILED, ErrorCode.INTERNAL.name(), "an error of the scanner itself", null);
    }

    /** Ready copies that no group asks for are unwanted, and their workers know. */
    Future<?> release() {
        return ImageCache.releaseReady(database.client())
                .onSuccess(workers ->
                        workers.stream().distinct().forEach(worker -> post.nudge(new Nudge.CopiesChanged(worker))));
    }
}
