package io.scaibunker.bus;

import io.scaibunker.model.BuildSource;
import io.scaibunker.model.BunkerId;
import io.scaibunker.model.BunkerStatus;
import io.scaibunker.model.CachePhase;
import io.scaibunker.model.CacheStatus;
import io.scaibunker.model.Digest;
import io.scaibunker.model.EndReason;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.IncarnationId;
import io.scaibunker.model.Room;
import io.scaibunker.model.SnapshotId;
import io.scaibunker.model.SnapshotStatus;
import io.scaibunker.model.TenantId;
import io.scaibunker.model.UserId;
import io.scaibunker.model.WorkerAbilities;
import io.scaibunker.model.WorkerId;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Something that waits for an answer. Asking twice does what asking once does.
 *
 * @param <A> the answer
 */
public sealed interface Question<A extends Answer> extends BusMessage {
    String address();

    /** The answer's type, so that the asker need not cast. */
    Class<A> answer();

    /**
     * worker → scheduler, every few seconds: I live, this is what I have.
     *
     * @param incarnation this run of the worker process
     * @param capacity what bunkers may take in all
     * @param grpcAddress {@code host:port} where exec, files and bytes are served to the fleet
     * @param driver of microVMs, as {@code qemu}
     * @param acceleration {@code kvm} or {@code tcg}, or {@code none} where microVMs cannot run, with the reason
     * @param abilities null from an older node
     * @param cacheQuotaBytes what its cache may take in all; null for no bound, and from an older node
     */
    record WorkerBeat(
            WorkerId workerId,
            IncarnationId incarnation,
            String name,
            Room capacity,
            long cacheBytes,
            String grpcAddress,
            String driver,
            String acceleration,
            String zone,
            Map<String, String> labels,
            Map<String, String> versions,
            @Nullable WorkerAbilities abilities,
            @Nullable Long cacheQuotaBytes)
            implements Question<Answer.BeatTaken> {
        public static final String ADDRESS = "scheduler.worker-beat";

        @Override
        public String address() {
            return ADDRESS;
        }

        @Override
        public Class<Answer.BeatTaken> answer() {
            return Answer.BeatTaken.class;
        }
    }

    /** worker → fanout: which copies should I hold? A page behind {@code after}, in the order of image ids. */
    record CopiesWanted(WorkerId workerId, @Nullable ImageId after) implements Question<Answer.WantedCopies> {
        public static final String ADDRESS = "fanout.copies-wanted";

        @Override
        public String address() {
            return ADDRESS;
        }

        @Override
        public Class<Answer.WantedCopies> answer() {
            return Answer.WantedCopies.class;
        }
    }

    /**
     * worker → fanout: this is how a copy stands here.
     *
     * @param generation of the want that this answers; a late report changes nothing
     * @param phase while building
     * @param copy what was made, when ready
     * @param failure why not, when failed
     * @param layout of the copy, from the worker that baked it
     */
    record CopyReported(
            WorkerId workerId,
            IncarnationId incarnation,
            ImageId imageId,
            long generation,
            CacheStatus status,
            @Nullable CachePhase phase,
            @Nullable Copy copy,
            @Nullable Failure failure,
            @Nullable Layout layout)
            implements Question<Answer.ReportTaken> {
        public static final String ADDRESS = "fanout.copy-reported";

        @Override
        public String address() {
            return ADDRESS;
        }

        @Override
        public Class<Answer.ReportTaken> answer() {
            return Answer.ReportTaken.class;
        }
    }

    /**
     * worker → fanout: I have this copy to make; is it mine to bake, and if not, where is it? Asked before anything is read, and
     * again once the reference is resolved.
     *
     * @param writer name and version of what would write it here
     * @param peersFailed whether those that had it could not be reached: then it is read from its source once more
     */
    record TurnWanted(
            WorkerId workerId,
            IncarnationId incarnation,
            ImageId imageId,
            long generation,
            String writer,
            boolean peersFailed)
            implements Question<Answer.Turn> {
        public static final String ADDRESS = "fanout.turn-wanted";

        @Override
        public String address() {
            return ADDRESS;
        }

        @Override
        public Class<Answer.Turn> answer() {
            return Answer.Turn.class;
        }
    }

    /**
     * What a worker holds: the image's digest ({@code ImageTable}), its size, what it takes on disk, and what it was made from.
     *
     * @param writer name and version of what wrote it; equal input and writer mean equal content
     */
    record Copy(
            Digest artifactDigest,
            long sizeBytes,
            long allocatedBytes,
            long entries,
            Digest sourceDigest,
            String writer) {}

    /**
     * How a bake has laid an image out.
     *
     * @param segments the first of them, lowest layer first; none from a writer that does not lay out by layers
     * @param more how many are not among {@code segments}
     */
    record Layout(List<LaidSegment> segments, int more) {
        /** As many as fit into one message, each of less than 180 bytes, with room for the rest of it. */
        public static final int SEGMENTS_MAX = 256;

        /** The first of so many. */
        public static Layout of(List<LaidSegment> all) {
            return new Layout(
                    List.copyOf(all.subList(0, Math.min(SEGMENTS_MAX, all.size()))),
                    Math.max(0, all.size() - SEGMENTS_MAX));
        }
    }

    /**
     * One layer's data in an image.
     *
     * @param diffId null where nobody claims one
     * @param bytes the whole length
     * @param hiddenBytes what of it is zeros here: upper layers hide it, or it is there twice
     * @param reused whether it came from another copy on the worker, and the layer was not unpacked for this bake
     */
    record LaidSegment(@Nullable Digest diffId, long bytes, long hiddenBytes, boolean reused) {}

    /**
     * Why something failed: a code, and a text for whoever asked for it.
     *
     * @param mayPass whether trying again, unchanged, may help; null where the code says it all
     * @param retryAfterS how long whoever refused asked to be left alone; null where it did not
     */
    record Failure(
            ErrorCode code,
            String message,
            @Nullable Boolean mayPass,
            @Nullable Long retryAfterS) {
        public Failure(ErrorCode code, String message) {
            this(code, message, null, null);
        }

        public Failure saying(String text) {
            return new Failure(code, text, mayPass, retryAfterS);
        }
    }

    /**
     * worker → fanout: the image's reference named this digest when I asked the registry. The first one told is pinned;
     * the answer says which.
     */
    record DigestFound(WorkerId workerId, ImageId imageId, Digest digest) implements Question<Answer.DigestPinned> {
        public static final String ADDRESS = "fanout.digest-found";

        @Override
        public String address() {
            return ADDRESS;
        }

        @Override
        public Class<Answer.DigestPinned> answer() {
            return Answer.DigestPinned.class;
        }
    }

    /**
     * worker → fanout: with what may I ask {@code host} for this image? Answered only while the worker has a row of this
     * generation to build.
     */
    record CredentialWanted(WorkerId workerId, ImageId imageId, long generation, String host)
            implements Question<Answer.CredentialGiven> {
        public static final String ADDRESS = "fanout.credential-wanted";

        @Override
        public String address() {
            return ADDRESS;
        }

        @Override
        public Class<Answer.CredentialGiven> answer() {
            return Answer.CredentialGiven.class;
        }
    }

    /**
     * api → worker: what is at this source now? Nothing is fetched but what tells of it.
     *
     * @param credential the tenant's own for the registry, if there is one
     */
    record SourceLooked(WorkerId workerId, BuildSource source, Answer.@Nullable RegistryCredential credential)
            implements Question<Answer.SourceSeen> {
        public static String addressOf(WorkerId workerId) {
            return "worker." + workerId + ".source-looked";
        }

        @Override
        public String address() {
            return addressOf(workerId);
        }

        @Override
        public Class<Answer.SourceSeen> answer() {
            return Answer.SourceSeen.class;
        }
    }

    /**
     * api → worker: what of the cache goes, what stays, and why?
     *
     * @param dryRun only tell
     */
    record GarbageAsked(WorkerId workerId, boolean dryRun) implements Question<Answer.Garbage> {
        public static String addressOf(WorkerId workerId) {
            return "worker." + workerId + ".garbage-asked";
        }

        @Override
        public String address() {
            return addressOf(workerId);
        }

        @Override
        public Class<Answer.Garbage> answer() {
            return Answer.Garbage.class;
        }
    }

    /** worker → scheduler: which bunkers should I run, which should I end? A page behind {@code after}. */
    record BunkersWanted(WorkerId workerId, @Nullable BunkerId after) implements Question<Answer.WantedBunkers> {
        public static final String ADDRESS = "scheduler.bunkers-wanted";

        @Override
        public String address() {
            return ADDRESS;
        }

        @Override
        public Class<Answer.WantedBunkers> answer() {
            return Answer.WantedBunkers.class;
        }
    }

    /**
     * worker → scheduler: this is how a bunker stands.
     *
     * @param failure why, when failed
     * @param reason why it ends, where its worker decided that
     * @param idleSince since when nobody has used it, in milliseconds since 1970 by the worker's clock; null while somebody does
     * @param boot what its last boot has cost, when running
     */
    record BunkerReported(
            WorkerId workerId,
            IncarnationId incarnation,
            BunkerId bunkerId,
            long generation,
            BunkerStatus status,
            @Nullable Failure failure,
            @Nullable EndReason reason,
            @Nullable Long idleSince,
            @Nullable BootTimes boot)
            implements Question<Answer.ReportTaken> {
        public static final String ADDRESS = "scheduler.bunker-reported";

        @Override
        public String address() {
            return ADDRESS;
        }

        @Override
        public Class<Answer.ReportTaken> answer() {
            return Answer.ReportTaken.class;
        }
    }

    /** worker → scheduler: which snapshots should I take, keep or remove? A page behind {@code after}, in the order of ids. */
    record SnapshotsWanted(WorkerId workerId, @Nullable SnapshotId after) implements Question<Answer.WantedSnapshots> {
        public static final String ADDRESS = "scheduler.snapshots-wanted";

        @Override
        public String address() {
            return ADDRESS;
        }

        @Override
        public Class<Answer.WantedSnapshots> answer() {
            return Answer.WantedSnapshots.class;
        }
    }

    /**
     * worker → scheduler: this is how a snapshot stands here.
     *
     * @param digest of the layer, when ready
     * @param sizeBytes of all that is kept of it, when ready
     * @param failure why not, when failed
     */
    record SnapshotReported(
            WorkerId workerId,
            SnapshotId snapshotId,
            SnapshotStatus status,
            @Nullable Digest digest,
            long sizeBytes,
            @Nullable Failure failure)
            implements Question<Answer.ReportTaken> {
        public static final String ADDRESS = "scheduler.snapshot-reported";

        @Override
        public String address() {
            return ADDRESS;
        }

        @Override
        public Class<Answer.ReportTaken> answer() {
            return Answer.ReportTaken.class;
        }
    }

    /**
     * What the phases of a boot have cost, in milliseconds.
     *
     * @param queued for one of the worker's boot slots
     * @param scratch to make the disk
     * @param spawn until the monitor took connections
     * @param kernel until the guest's agent began
     * @param agent until it answered
     */
    record BootTimes(long queued, long scratch, long spawn, long kernel, long agent) {}

    /**
     * api → scheduler, the one order on the request path: who takes this bunker? Answered when it is booked, or refused.
     *
     * @param bunkerId chosen by the asker, so that asking again places nothing twice
     * @param wish what the caller asked for beside room, as JSON text of the API's own words
     * @param waitMs how long to wait where all that is missing is a ready copy
     */
    record PlaceBunker(
            BunkerId bunkerId,
            TenantId tenantId,
            UserId userId,
            ImageId imageId,
            String name,
            Room room,
            String wish,
            int waitMs)
            implements Question<Answer.Placement> {
        public static final String ADDRESS = "scheduler.place-bunker";

        /** The same order, by somebody who waits so long. */
        public PlaceBunker waiting(int milliseconds) {
            return new PlaceBunker(bunkerId, tenantId, userId, imageId, name, room, wish, milliseconds);
        }

        @Override
        public String address() {
            return ADDRESS;
        }

        @Override
        public Class<Answer.Placement> answer() {
            return Answer.Placement.class;
        }
    }
}
