package io.scaibunker.scanner;

import io.scaibunker.model.ImageId;
import io.scaibunker.store.Scans.Verdict;
import io.vertx.core.Future;

/** What looks for known vulnerabilities in an image. */
interface ScanEngine {
    /** @return a verdict, also when the engine itself fails: then {@code failed} with the reason */
    Future<Verdict> scan(ImageId imageId);
}
