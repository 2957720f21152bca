package io.scaibunker.fanout;

import io.scaibunker.bus.Answer.Turn;
import io.scaibunker.bus.Answer.Turn.Kind;
import io.scaibunker.bus.Question;
import io.scaibunker.bus.Question.Copy;
import io.scaibunker.model.CachePhase;
import io.scaibunker.model.Digest;
import io.scaibunker.store.Artifacts;
import io.scaibunker.store.Artifacts.Artifact;
import io.scaibunker.store.Bakes;
import io.scaibunker.store.Database;
import io.scaibunker.store.ImageCache;
import io.scaibunker.store.ImageCache.Answered;
import io.scaibunker.store.ImageCache.ToMake;
import io.scaibunker.telemetry.Measure;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlClient;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Says how each worker comes by a copy, so that the source is read once: fetch it from those who have it; else bake it,
 * unless somebody is at it; else wait.
 *
 * <p>An image is shared only behind its own resolve: until its reference was asked for, with its own tenant's rights, nobody
 * is told what else has the same content.
 */
final class TurnDesk {
    private final Database database;
    private final Duration lease;

    TurnDesk(Database database, Duration lease) {
        this.database = database;
        this.lease = lease;
    }

    Future<Turn> give(Question.TurnWanted question) {
        return database.inTransaction(sql -> new Decision(sql, question).make())
                .onSuccess(turn -> Measure.TURN.add(1, turn.kind().name().toLowerCase(Locale.ROOT)));
    }

    private final class Decision {
        private final SqlClient sql;
        private final Question.TurnWanted asked;
        private final Answered row;

        Decision(SqlClient sql, Question.TurnWanted asked) {
            this.sql = sql;
            this.asked = asked;
            this.row = new Answered(asked.workerId(), asked.imageId(), asked.generation());
        }

        Future<Turn> make() {
            return ImageCache.toMake(sql, row).compose(found -> {
                if (found.isEmpty()) {
                    return Future.succeededFuture(turn(Kind.STALE, null, List.of()));
                }
                ToMake make = found.get();
                return make.pinned().isEmpty()
                        ? bakeOrWait(make, null)
                        : fetchOrBake(make, make.pinned().get());
            });
        }

        private Future<Turn> fetchOrBake(ToMake make, Digest pinned) {
            String fingerprint = Fingerprint.of(pinned, (long) make.sizeMib() << 20, asked.writer());
            return Artifacts.find(sql, fingerprint)
                    .compose(artifact -> artifact.isEmpty() || asked.peersFailed()
                            ? bakeOrWait(make, fingerprint)
                            : ImageCache.sources(sql, artifact.get().digest(), asked.workerId())
                                    .compose(sources -> sources.isEmpty()
                                            ? bakeOrWait(make, fingerprint)
                                            : told(Kind.FETCH, CachePhase.FETCHING, copy(artifact.get()), sources)));
        }

        /** Both leases are needed: that of the image, and that of what goes into its bake, once this is known. */
        private Future<Turn> bakeOrWait(ToMake make, @Nullable String fingerprint) {
            var holder = new Bakes.Holder(asked.workerId(), asked.incarnation(), asked.imageId());
            if (make.preferred()
                            .filter(other -> !other.equals(asked.workerId()))
                            .isPresent()
                    && fingerprint == null) {
                return await();
            }
            return Bakes.acquire(sql, "image:" + asked.imageId(), holder, lease)
                    .compose(mine -> mine && fingerprint != null
                            ? Bakes.acquire(sql, fingerprint, holder, lease)
                            : Future.succeededFuture(mine))
                    .compose(mine -> mine
                            ? told(
                                    Kind.BAKE,
                                    fingerprint == null ? CachePhase.RESOLVING : CachePhase.FETCHING,
                                    null,
                                    List.of())
                            : await());
        }

        private Future<Turn> await() {
            return told(Kind.WAIT, CachePhase.WAITING_FOR_PEER, null, List.of());
        }

        /** The row says so, too; a row that was tried too often is not made at all. */
        private Future<Turn> told(Kind kind, CachePhase phase, @Nullable Copy copy, List<String> sources) {
            return ImageCache.building(sql, row, asked.incarnation(), phase)
                    .map(current -> current ? turn(kind, copy, sources) : turn(Kind.STALE, null, List.of()));
        }

        private Copy copy(Artifact made) {
            return new Copy(
                    made.digest(),
                    made.sizeBytes(),
                    made.allocatedBytes(),
                    made.entries(),
                    made.sourceDigest(),
                    asked.writer());
        }
    }

    private static Turn turn(Kind kind, @Nullable Copy copy, List<String> sources) {
        return new Turn(kind, copy, sources);
    }
}
