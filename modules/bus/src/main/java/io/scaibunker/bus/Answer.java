package io.scaibunker.bus;

import io.scaibunker.bus.Question.Copy;
import io.scaibunker.model.BuildSource;
import io.scaibunker.model.BunkerId;
import io.scaibunker.model.BunkerIntent;
import io.scaibunker.model.BunkerStatus;
import io.scaibunker.model.CacheStatus;
import io.scaibunker.model.Digest;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.FieldError;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.IncarnationId;
import io.scaibunker.model.LifecycleMode;
import io.scaibunker.model.NetworkWish;
import io.scaibunker.model.RestartPolicy;
import io.scaibunker.model.Room;
import io.scaibunker.model.SnapshotId;
import io.scaibunker.model.SnapshotStatus;
import io.scaibunker.model.WorkerId;
import io.scaibunker.model.WorkerStatus;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What comes back to a {@link Question}. */
public sealed interface Answer extends BusMessage {

    /** How the platform sees the worker now. */
    record BeatTaken(WorkerStatus status) implements Answer {}

    /**
     * A page of what a worker should hold.
     *
     * @param next ask again behind this id; null at the end
     */
    record WantedCopies(List<WantedCopy> copies, @Nullable ImageId next) implements Answer {}

    /**
     * One copy that a worker should make, keep, or let go.
     *
     * @param status what the row says; what the worker sees may be ahead of it
     * @param wanted false: let it go as soon as no bunker runs from it, then report it evicted
     * @param pinned the digest that the reference was pinned to; null until the first worker has asked
     * @param artifactDigest the copy the row says is here; null if none
     * @param awaited whether somebody waits for it: it is made before others
     */
    record WantedCopy(
            ImageId imageId,
            long generation,
            CacheStatus status,
            boolean wanted,
            BuildSource source,
            int sizeMib,
            @Nullable Digest pinned,
            @Nullable Digest artifactDigest,
            boolean awaited) {}

    /**
     * @param current false: the rows have moved on, the report changed nothing
     * @param refused whether what was reported must not be kept; null where that is no question
     */
    record ReportTaken(boolean current, @Nullable Boolean refused) implements Answer {
        public ReportTaken(boolean current) {
            this(current, null);
        }
    }

    /**
     * How a worker comes by a copy.
     *
     * @param kind what to do
     * @param copy what to fetch; null unless {@code FETCH}
     * @param sources whom from, as {@code host:port}, those first that serve least
     */
    record Turn(Kind kind, @Nullable Copy copy, List<String> sources) implements Answer {
        /** What to do about a copy that is wanted. */
        public enum Kind {
            /** Read it from its source: nobody else is at it. */
            BAKE,
            /** Some workers have it. */
            FETCH,
            /** Another worker is at it; a nudge will come. */
            WAIT,
            /** The row has moved on. */
            STALE
        }
    }

    record DigestPinned(Digest digest) implements Answer {}

    /** @param credential null: none of the tenant's own; the worker's own conf may have one */
    record CredentialGiven(@Nullable RegistryCredential credential) implements Answer {}

    /** A tenant's own credential for one registry: a user's name and password, or a token alone. */
    record RegistryCredential(
            @Nullable String username,
            @Nullable String password,
            @Nullable String token) {
        @Override
        public String toString() {
            return "RegistryCredential[***]";
        }
    }

    /**
     * What a worker's cache holds.
     *
     * @param quotaBytes what copies and layers may take in all; 0 for no bound
     * @param freed what goes, or has gone, in bytes
     * @param kept what stays
     * @param items the first of them, those that go before those that stay
     * @param more how many are not among {@code items}
     */
    record Garbage(long quotaBytes, long freed, long kept, List<CacheItem> items, int more) implements Answer {}

    /**
     * One thing in a worker's cache.
     *
     * @param kind {@code copy}, {@code file} (an image file that no copy names), {@code incoming} (what has come of one), {@code layers} or {@code snapshots}
     * @param bytes on disk; 0 for a copy that shares the file of one that stays
     * @param imageId whose copy it is; null for what is nobody's
     * @param why it goes, or stays
     */
    record CacheItem(
            String kind,
            @Nullable ImageId imageId,
            @Nullable Digest artifactDigest,
            long bytes,
            boolean goes,
            String why) {}

    /**
     * What a source is at this moment.
     *
     * @param digest of the manifest, or of the archive
     * @param bytes of all layers as they are stored
     * @param layers the first of them, lowest first
     * @param more how many are not among {@code layers}
     */
    record SourceSeen(Digest digest, long bytes, List<SeenLayer> layers, int more) implements Answer {}

    /** @param bytes as it is stored, usually compressed */
    record SeenLayer(Digest digest, long bytes) {}

    record WantedBunkers(
            List<WantedBunker> bunkers, @Nullable BunkerId next) implements Answer {}

    /**
     * One bunker that a worker should run or end.
     *
     * @param status what the row says; what the worker sees may be ahead of it
     * @param incarnation the run of the worker that booted it; null while nobody has
     * @param artifactDigest the copy to boot from; null while the image is not here yet (lazy pull)
     * @param mode how long it is meant to live; a persistent one is booted again on the disk it had
     * @param idleTimeoutS after so many seconds that nobody used it, it ends; 0: never
     * @param network null for none
     * @param idleSince what the row says of that, in milliseconds since 1970; null: it is used
     * @param restarts when its machine is booted again
     */
    record WantedBunker(
            BunkerId bunkerId,
            long generation,
            BunkerIntent intent,
            BunkerStatus status,
            ImageId imageId,
            @Nullable Digest artifactDigest,
            String name,
            Room room,
            Map<String, String> environment,
            @Nullable IncarnationId incarnation,
            LifecycleMode mode,
            int idleTimeoutS,
            @Nullable NetworkWish network,
            @Nullable Long idleSince,
            RestartPolicy restarts) {
        /** An older node's words have no mode and no policy. */
        public WantedBunker {
            mode = Objects.requireNonNullElse(mode, LifecycleMode.EPHEMERAL);
            restarts = Objects.requireNonNullElse(restarts, RestartPolicy.of(mode));
        }
    }

    record WantedSnapshots(
            List<WantedSnapshot> snapshots, @Nullable SnapshotId next) implements Answer {}

    /**
     * One snapshot that a worker should take, keep, or remove.
     *
     * @param imageId what the bunker was booted from
     * @param status what the row says; what the worker sees may be ahead of it
     * @param wanted false: remove it, then report it deleted
     * @param digest the layer that the row says is here; null if none
     */
    record WantedSnapshot(
            SnapshotId snapshotId,
            BunkerId bunkerId,
            ImageId imageId,
            SnapshotStatus status,
            boolean wanted,
            @Nullable Digest digest) {}

    /** Who takes a bunker, or why nobody does. */
    sealed interface Placement extends Answer {}

    record Placed(BunkerId bunkerId, WorkerId workerId) implements Placement {}

    /**
     * @param reasons how many workers were passed over, by reason
     * @param worthWaiting whether all that is missing is a ready copy, and one may come
     */
    record Refused(
            ErrorCode code, String message, List<FieldError> reasons, int retryAfterSeconds, boolean worthWaiting)
            implements Placement {}

    /** The asked room could not; travels in place of the answer. */
    record Trouble(ErrorCode code, String message, List<FieldError> details, int retryAfterSeconds) implements Answer {}
}
