package io.scaibunker.bus;

import io.scaibunker.model.CachePhase;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.WorkerId;

/** Published to whoever watches; nobody decides by it. */
public sealed interface News extends BusMessage {
    String address();

    /**
     * How far a worker is with a copy.
     *
     * @param generation of the cache row that this belongs to
     * @param bytesTotal 0 while it is not known
     * @param source {@code registry}, {@code tar}, {@code snapshot}, or where the worker serves that it comes from, as {@code host:port}
     * @param bytesPerSecond over the last seconds
     */
    record CopyProgressed(
            WorkerId workerId,
            ImageId imageId,
            long generation,
            CachePhase phase,
            long bytesDone,
            long bytesTotal,
            long bytesPerSecond,
            String source)
            implements News {
        public static final String ADDRESS = "api.copy-progressed";

        @Override
        public String address() {
            return ADDRESS;
        }
    }
}
