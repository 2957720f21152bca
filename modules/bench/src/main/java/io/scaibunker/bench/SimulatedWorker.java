package io.scaibunker.bench;

import io.scaibunker.bus.Answer.WantedCopies;
import io.scaibunker.bus.Answer.WantedCopy;
import io.scaibunker.bus.News;
import io.scaibunker.bus.Nudge;
import io.scaibunker.bus.Post;
import io.scaibunker.bus.Question;
import io.scaibunker.bus.Question.Copy;
import io.scaibunker.bus.Rounds;
import io.scaibunker.model.CachePhase;
import io.scaibunker.model.CacheStatus;
import io.scaibunker.model.Digest;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.IncarnationId;
import io.scaibunker.model.Room;
import io.scaibunker.model.WorkerId;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A worker that says all that a real one says, and has no bytes: asks what is wanted, claims, tells how far it is, reports.
 * Its copies are a map; what is lost from that is made again.
 *
 * <p>Lives on one event loop.
 */
@SuppressWarnings("NullAway.Init") // what start() makes
final class SimulatedWorker extends VerticleBase {
    private static final Duration ASK = Duration.ofSeconds(10);
    private static final Duration BEAT = Duration.ofSeconds(5);
    private static final Duration SWEEP = Duration.ofSeconds(10);
    private static final Digest DIGEST = new Digest("sha256:" + "a".repeat(64));
    private static final Copy COPY =
            new Copy(DIGEST, 64 << 20, 32 << 20, 1000, new Digest("sha256:" + "b".repeat(64)), "none-1");

    private final WorkerId id = WorkerId.fresh();
    private final IncarnationId run = IncarnationId.fresh();
    private final String name;
    private final AtomicLong messages;
    private final Latencies latencies;

    /** Written on the event loop; its size is read by others. */
    private final Map<ImageId, Copy> copies = new ConcurrentHashMap<>();

    private Post post;
    private Rounds rounds;

    /** @param messages counts all that is said and heard */
    SimulatedWorker(String name, AtomicLong messages, Latencies latencies) {
        this.name = name;
        this.messages = messages;
        this.latencies = latencies;
    }

    WorkerId id() {
        return id;
    }

    @Override
    public Future<?> start() {
        post = new Post(vertx);
        rounds = new Rounds(vertx, name, SWEEP, this::drain);
        post.heed(Nudge.CopiesChanged.addressOf(id), () -> {
            messages.incrementAndGet();
            rounds.nudge();
        });
        return post.open().compose(open -> beat()).compose(hello -> beat()).onSuccess(ready -> {
            vertx.setPeriodic(BEAT.toMillis(), tick -> beat().onFailure(unheard -> {}));
            rounds.nudge();
        });
    }

    private Future<?> beat() {
        return ask(new Question.WorkerBeat(
                id,
                run,
                name,
                new Room(8_000, 8_000, 8_000),
                0,
                "127.0.0.1:1",
                "none",
                "none",
                "",
                Map.of(),
                Map.of(),
                null,
                null));
    }

    private <A extends io.scaibunker.bus.Answer> Future<A> ask(Question<A> question) {
        messages.addAndGet(2);
        return post.ask(question, ASK);
    }

    private Future<?> drain() {
        return wanted(null, new ArrayList<>()).compose(rows -> {
            Future<?> all = Future.succeededFuture();
            for (WantedCopy row : rows) {
                all = all.compose(before -> step(row));
            }
            return all;
        });
    }

    private Future<List<WantedCopy>> wanted(@Nullable ImageId after, List<WantedCopy> rows) {
        return ask(new Question.CopiesWanted(id, after)).compose((WantedCopies page) -> {
            rows.addAll(page.copies());
            return page.next() == null ? Future.succeededFuture(rows) : wanted(page.next(), rows);
        });
    }

    private Future<?> step(WantedCopy row) {
        boolean here = copies.containsKey(row.imageId());
        if (!row.wanted()) {
            copies.remove(row.imageId());
            return report(row, CacheStatus.EVICTED, null, null);
        }
        if (here) {
            return row.status() == CacheStatus.READY ? Future.succeededFuture() : ready(row);
        }
        return switch (row.status()) {
            case PENDING, BUILDING -> make(row);
            case READY -> report(row, CacheStatus.PENDING, null, null).compose(said -> make(row));
            case FAILED, EVICTED -> Future.succeededFuture();
        };
    }

    private Future<?> make(WantedCopy row) {
        return report(row, CacheStatus.BUILDING, CachePhase.RESOLVING, null).compose(claimed -> {
            if (!claimed) {
                return Future.succeededFuture();
            }
            messages.incrementAndGet();
            latencies.said("progress/" + row.imageId() + "/" + id);
            post.publish(new News.CopyProgressed(
                    id, row.imageId(), row.generation(), CachePhase.FETCHING, 1, 2, 1, "registry"));
            return report(row, CacheStatus.BUILDING, CachePhase.BAKING, null)
                    .onSuccess(baked -> copies.put(row.imageId(), COPY))
                    .compose(baked -> ready(row));
        });
    }

    private Future<?> ready(WantedCopy row) {
        latencies.said("ready/" + row.imageId() + "/" + id);
        return report(row, CacheStatus.READY, null, COPY);
    }

    private Future<Boolean> report(
            WantedCopy row, CacheStatus status, @Nullable CachePhase phase, @Nullable Copy copy) {
        return ask(new Question.CopyReported(id, run, row.imageId(), row.generation(), status, phase, copy, null, null))
                .map(taken -> taken.current());
    }

    /** Somebody's hand takes one copy of so many, and the worker looks at once. */
    void lose(int each) {
        context.runOnContext(now -> {
            int at = 0;
            for (ImageId image : List.copyOf(copies.keySet())) {
                if (at++ % each == 0) {
                    copies.remove(image);
                }
            }
            rounds.nudge();
        });
    }

    int held() {
        return copies.size();
    }
}
