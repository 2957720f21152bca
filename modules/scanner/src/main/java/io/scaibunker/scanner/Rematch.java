package io.scaibunker.scanner;

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
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
        private final Judge judge;
        private final String basis;
        private final long began = System.nanoTime();
        private int matched;
        private int changed;

        Round(Judge judge) {
            this.judge = judge;
            this.basis = judge.basis();
        }
    }

    /** No verdict stands on another basis than this node's, unless another node holds them against its own. */
    Future<?> drain() {
        return bench.executeBlocking(() -> new Round(judge.forMany()), false)
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
                        : bench.executeBlocking(() -> compare(round, outdated), false)
                                .compose(compared -> record(round, outdated, compared))
                                .compose(recorded -> next(round, Optional.of(outdated.getLast()))));
    }

    /** Blocks. Images that share an artifact follow each other. */
    private static List<Compared> compare(Round round, List<Outdated> outdated) {
        List<Compared> compared = new ArrayList<>(outdated.size());
        @Nullable Outdated before = null;
        for (Outdated old : outdated) {
            boolean same = before != null
                    && before.artifact().equals(old.artifact())
                    && before.reportDigest().equals(old.reportDigest());
            compared.add(same ? compared.getLast() : round.judge.compare(old, round.basis));
            before = old;
        }
        return compared;
    }

    private Future<Void> record(Round round, List<Outdated> outdated, List<Compared> compared) {
        Map<JsonArray, List<ImageId>> same = new HashMap<>();
        Future<?> last = Future.succeededFuture();
        for (int index = 0; index < outdated.size(); index++) {
            Outdated old = outdated.get(index);
            round.matched++;
            switch (compared.get(index)) {
                case Compared.Same confirmed ->
                    same.computeIfAbsent(confirmed.database(), unseen -> new ArrayList<>())
                            .add(old.imageId());
                case Compared.Other other -> last = last.compose(done -> amend(round, old, other.judged()));
            }
        }
        for (Map.Entry<JsonArray, List<ImageId>> one : same.entrySet()) {
            last = last.compose(done -> Scans.confirm(database.client(), one.getValue(), round.basis, one.getKey()));
        }
        return last.mapEmpty();
    }

    private Future<?> amend(Round round, Outdated old, Judge.Judged judged) {
        return database.inTransaction(sql -> Scans.amend(sql, old, judged.verdict())
                        .compose(amended -> amended
                                ? ImageScanner.keep(sql, old.artifact(), judged).map(true)
                                : Future.succeededFuture(false)))
                .onSuccess(amended -> {
                    if (amended) {
                        round.changed++;
                        ImageScanner.tell(old.imageId(), judged.verdict());
                    }
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
