package io.scaibunker.worker;

import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.PlatformException;
import java.io.IOException;
import java.util.function.LongSupplier;

/**
 * How much of the disk copies, snapshots and layers may take. Copies that are wanted are never removed for room, nor are snapshots; layers that were
 * fetched give way, the longest unused first; and where even that is not enough, no further copy is begun.
 *
 * @param quotaBytes 0 for no bound
 * @param layerBytes what layers may take, where there is room
 * @param copyBytes what copies and snapshots take now
 */
record CacheRoom(long quotaBytes, long layerBytes, LongSupplier copyBytes) {

    /** What layers may take now. */
    long forLayers() {
        return quotaBytes == 0 ? layerBytes : Math.max(0, Math.min(layerBytes, quotaBytes - copyBytes.getAsLong()));
    }

    /**
     * Makes layers give way to the copies.
     *
     * @param coming what comes in now beside those that are here, in bytes, as far as that is known
     * @throws PlatformException with {@code WORKER_DISK_FULL} if copies and snapshots alone fill the quota, or would
     */
    void require(BlobCache layers, long coming) throws IOException {
        if (quotaBytes == 0) {
            return;
        }
        layers.trim();
        long copies = copyBytes.getAsLong();
        if (copies >= quotaBytes || copies + coming > quotaBytes) {
            throw new PlatformException(
                    ErrorCode.WORKER_DISK_FULL,
                    "wanted copies and snapshots take " + copies + " bytes of the worker's cache quota of " + quotaBytes
                            + (coming > 0 ? ", and " + coming + " would come in" : ""));
        }
    }
}
