package io.scaibunker.scanner;

import io.scaibunker.model.Digest;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.IncarnationId;
import io.scaibunker.scanner.Judge.Compared;
import io.scaibunker.store.Database;
import io.scaibunker.store.Scans;
import io.scaibunker.store.Scans.Outdated;
import io.vertx.core.Future;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.json.JsonArray;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds verdicts that were made by another basis against that of the day, from the inventories that are stored: no image is touched.
 * Verdicts that stay the same are dated anew, those that change are changed. One node does so at a time, or two whose databases
 * differ would take turns for ever.
 */
final class Rematch {
    private static final Logger LOG = LoggerFactory.getLogger(Rematch.class);

    /** Threads that compare. */
    static final int HANDS = 2;

    /** Verdicts that are written at once. */
    private static final int LANES = 4;

    private final Database database;
    private final Judge judge;
    private final WorkerExecutor bench;
    private final Duration lease;
    private final int page;
    private final IncarnationId self = IncarnationId.fresh();
    private volatile boolean stopped;

    /** @param page how many verdicts are looked at in one go, which must take less than the lease */
    Rematch(Database database, Judge judge, WorkerExecutor bench, Duration lease, int page) {
        this.database = database;
        this.judge = judge;
        this.bench = bench;
        this.lease = lease;
        this.page = page;
    }

    /** What one round came to. */
    private static final class Round {
        private final List<Judge> judges;
        private final String basis;
        private final long began = System.nanoTime();
        private int matched;
        private int changed;

        Round(Judge judge) {
            this.judges = Stream.generate(judge::forMany).limit(HANDS).toList();
            this.basis = judges.getFirst().basis();
        }
    }

    /** No verdict stands on another basis than this node's, unless another node holds them against its own. */
    Future<?> drain() {
        return bench.executeBlocking(() -> new Round(judge), false)
                .compose(round -> next(round, Optional.empty()).onSuccess(done -> {
                    if (round.matched > 0) {
                        LOG.info(
                                "{} verdicts held against what is known now, {} changed, in {} ms",
                                round.matched,
                                round.changed,
                                (System.nanoTime() - round.began) / 1_000_000);
                    }
                }));
    }

    private Future<Void> next(Round round, Optional<Outdated> after) {
        if (stopped) {
            return Future.succeededFuture();
        }
        return Scans.lead(database.client(), self, lease)
                .compose(leading -> leading
                        ? Scans.outdated(database.client(), round.basis, after, page)
                        : Future.succeededFuture(List.<Outdated>of()))
                .compose(outdated -> outdated.isEmpty()
                        ? Future.succeededFuture()
                        : compare(round, outdated)
                                .compose(compared -> record(round, outdated, compared))
                                .compose(recorded -> next(round, Optional.of(outdated.getLast()))));
    }

    /** Each hand takes its part of the page, which stays in order. */
    private Future<List<Compared>> compare(Round round, List<Outdated> outdated) {
        List<Future<List<Compared>>> parts = new ArrayList<>();
        for (int hand = 0; hand < HANDS; hand++) {
            Judge own = round.judges.get(hand);
            List<Outdated> part =
                    outdated.subList(outdated.size() * hand / HANDS, outdated.size() * (hand + 1) / HANDS);
            parts.add(bench.executeBlocking(() -> compare(own, round.basis, part), false));
        }
        return Future.all(parts)
                .map(all ->
                        parts.stream().flatMap(part -> part.result().stream()).toList());
    }

    /** Blocks. Images that share an artifact follow each other. */
    private static List<Compared> compare(Judge judge, String basis, List<Outdated> outdated) {
        List<Compared> compared = new ArrayList<>(outdated.size());
        @Nullable Outdated before = null;
        for (Outdated old : outdated) {
            boolean same = before != null
                    && before.artifact().equals(old.artifact())
                    && before.reportDigest().equals(old.reportDigest());
            compared.add(same ? compared.getLast() : judge.compare(old, basis));
            before = old;
        }
        return compared;
    }

    private Future<Void> record(Round round, List<Outdated> outdated, List<Compared> compared) {
        Map<JsonArray, List<ImageId>> same = new HashMap<>();
        Map<Digest, List<Change>> changes = new LinkedHashMap<>();
        for (int index = 0; index < outdated.size(); index++) {
            Outdated old = outdated.get(index);
            switch (compared.get(index)) {
                case Compared.Same confirmed ->
                    same.computeIfAbsent(confirmed.database(), unseen -> new ArrayList<>())
                            .add(old.imageId());
                case Compared.Other other ->
                    changes.computeIfAbsent(old.artifact(), unseen -> new ArrayList<>())
                            .add(new Change(old, other.judged()));
            }
        }
        round.matched += outdated.size();
        Queue<List<Change>> waiting = new ArrayDeque<>(changes.values());
        List<Future<?>> lanes = new ArrayList<>();
        for (int lane = 0; lane < LANES; lane++) {
            lanes.add(amendAll(round, waiting));
        }
        same.forEach((known, images) -> lanes.add(Scans.confirm(database.client(), images, round.basis, known)));
        return Future.join(lanes).mapEmpty();
    }

    /** A verdict that is another one now. */
    private record Change(Outdated old, Judge.Judged judged) {}

    /** One artifact after the other: the images that share one write the same findings. */
    private Future<?> amendAll(Round round, Queue<List<Change>> waiting) {
        List<Change> next = waiting.poll();
        if (next == null) {
            return Future.succeededFuture();
        }
        Future<?> done = Future.succeededFuture();
        for (Change change : next) {
            done = done.compose(before -> amend(round, change));
        }
        return done.compose(all -> amendAll(round, waiting));
    }

    /** One verdict that cannot be written does not keep the others from it; the next round comes by it again. */
    private Future<?> amend(Round round, Change change) {
        Outdated old = change.old();
        return database.inTransaction(sql -> Scans.amend(
                                sql, old, change.judged().verdict())
                        .compose(amended -> amended
                                ? ImageScanner.keep(sql, old.artifact(), change.judged())
                                        .map(true)
                                : Future.succeededFuture(false)))
                .onSuccess(amended -> {
                    if (amended) {
                        round.changed++;
                        ImageScanner.tell(old.imageId(), change.judged().verdict());
                    }
                })
                .recover(thrown -> {
                    LOG.warn("the verdict on {} stays as it was", old.imageId(), thrown);
                    return Future.succeededFuture(false);
                });
    }

    /** The round under way ends after its page. */
    void stop() {
        stopped = true;
    }

    /** Another node may take over at once. */
    Future<?> giveUp() {
        return Scans.giveUpLead(database.client(), self);
    }
}
