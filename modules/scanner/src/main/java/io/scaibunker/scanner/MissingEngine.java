package io.scaibunker.scanner;

import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.ScanStatus;
import io.scaibunker.store.Scans.Verdict;
import io.vertx.core.Future;

/** Says of every image that there is no scanner here. Never a pass: nothing was looked at. */
final class MissingEngine implements ScanEngine {
    @Override
    public Future<Verdict> scan(ImageId imageId) {
        return Future.succeededFuture(new Verdict(
                ScanStatus.FAILED,
                ErrorCode.SCANNER_MISSING.name(),
                "no scanner is configured on this platform",
                null));
    }
}
