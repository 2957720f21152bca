package io.scaibunker.bus;

import io.scaibunker.model.ImageId;
import io.scaibunker.model.WorkerId;

/**
 * A fact that tells a room to look. One of the room's instances takes it; a lost one costs time until the room's sweep,
 * never truth. The id is for the log line.
 */
public sealed interface Nudge extends BusMessage {
    String address();

    /** api → fanout: an image and its pending cache rows are there. */
    record ImageRegistered(ImageId imageId) implements Nudge {
        public static final String ADDRESS = "fanout.image-registered";

        @Override
        public String address() {
            return ADDRESS;
        }
    }

    /** api → fanout: rows were inserted or asked again, by a warm or by a change of a group. */
    record CopiesAsked() implements Nudge {
        public static final String ADDRESS = "fanout.copies-asked";

        @Override
        public String address() {
            return ADDRESS;
        }
    }

    /** scheduler → fanout: somebody waits for a copy of this image; whoever makes one should make it before others. */
    record CopyAwaited(ImageId imageId) implements Nudge {
        public static final String ADDRESS = "fanout.copy-awaited";

        @Override
        public String address() {
            return ADDRESS;
        }
    }

    /** api → fanout: nobody wants this image any more; work on it ends. */
    record ImageDeactivated(ImageId imageId) implements Nudge {
        public static final String ADDRESS = "fanout.image-deactivated";

        @Override
        public String address() {
            return ADDRESS;
        }
    }

    /** api → scanner: a scan is pending. */
    record ScanAsked(ImageId imageId) implements Nudge {
        public static final String ADDRESS = "scanner.scan-asked";

        @Override
        public String address() {
            return ADDRESS;
        }
    }

    /** api → scheduler: a drain or resume was asked. */
    record WorkerAsked(WorkerId workerId) implements Nudge {
        public static final String ADDRESS = "scheduler.worker-asked";

        @Override
        public String address() {
            return ADDRESS;
        }
    }

    /** scheduler → fanout: a worker is there that was not, or is there again. */
    record WorkerJoined(WorkerId workerId) implements Nudge {
        public static final String ADDRESS = "fanout.worker-joined";

        @Override
        public String address() {
            return ADDRESS;
        }
    }

    /** fanout, scanner → worker: what it should hold has changed. */
    record CopiesChanged(WorkerId workerId) implements Nudge {
        public static String addressOf(WorkerId workerId) {
            return "worker." + workerId + ".copies-changed";
        }

        @Override
        public String address() {
            return addressOf(workerId);
        }
    }

    /** scheduler, api → worker: what it should run has changed. */
    record BunkersChanged(WorkerId workerId) implements Nudge {
        public static String addressOf(WorkerId workerId) {
            return "worker." + workerId + ".bunkers-changed";
        }

        @Override
        public String address() {
            return addressOf(workerId);
        }
    }

    /** scheduler, api → worker: what it should take or remove of snapshots has changed. */
    record SnapshotsChanged(WorkerId workerId) implements Nudge {
        public static String addressOf(WorkerId workerId) {
            return "worker." + workerId + ".snapshots-changed";
        }

        @Override
        public String address() {
            return addressOf(workerId);
        }
    }
}
