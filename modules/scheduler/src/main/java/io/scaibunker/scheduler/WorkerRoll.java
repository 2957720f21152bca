package io.scaibunker.scheduler;

import io.scaibunker.bus.Answer;
import io.scaibunker.bus.Nudge;
import io.scaibunker.bus.Post;
import io.scaibunker.bus.Question.WorkerBeat;
import io.scaibunker.model.WorkerAbilities;
import io.scaibunker.model.WorkerId;
import io.scaibunker.model.WorkerStatus;
import io.scaibunker.store.Bunkers;
import io.scaibunker.store.Database;
import io.scaibunker.store.Snapshots;
import io.scaibunker.store.Workers;
import io.scaibunker.store.Workers.Beat;
import io.scaibunker.store.Workers.Heard;
import io.vertx.core.Future;
import java.util.Objects;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which workers live: takes their beats, loses the silent ones, and gives up the bunkers that went with them. What an earlier
 * run of a worker left running is the worker's own to find and to report.
 */
final class WorkerRoll {
    private static final Logger LOG = LoggerFactory.getLogger(WorkerRoll.class);

    private final SchedulerConfig config;
    private final Database database;
    private final Post post;

    WorkerRoll(SchedulerConfig config, Database database, Post post) {
        this.config = config;
        this.database = database;
        this.post = post;
    }

    Future<Answer.BeatTaken> hear(WorkerBeat said) {
        Beat beat = new Beat(
                said.workerId(),
                said.incarnation(),
                said.name(),
                said.capacity(),
                said.cacheBytes(),
                said.grpcAddress(),
                said.driver(),
                said.acceleration(),
                said.zone(),
                said.labels(),
                said.versions(),
                Objects.requireNonNullElse(said.abilities(), WorkerAbilities.UNKNOWN),
                Optional.ofNullable(said.cacheQuotaBytes()));
        return Workers.beat(database.client(), beat).map(heard -> {
            welcome(said, heard);
            return new Answer.BeatTaken(heard.status());
        });
    }

    private void welcome(WorkerBeat said, Heard heard) {
        boolean returned = heard.before().filter(WorkerStatus.LOST::equals).isPresent();
        if (heard.before().isEmpty() || returned || heard.restarted()) {
            LOG.info(
                    "worker {} ({}) is {}",
                    said.workerId(),
                    said.name(),
                    heard.status().word());
            post.nudge(new Nudge.WorkerJoined(said.workerId()));
        }
    }

    private void succeeded(WorkerId heir) {
        LOG.info("worker {} takes the place of a lost one of its name", heir);
        post.nudge(new Nudge.WorkerJoined(heir));
    }

    /**
     * The silent are lost, who came back as another has its place again, what was asked of the others holds, bunkers of the long
     * lost have failed, and those that are too old, or whose drain is over, are to end.
     */
    Future<?> drain() {
        return Workers.loseStale(database.client(), config.workerStale())
                .onSuccess(lost -> lost.forEach(worker -> LOG.warn("worker {} is lost", worker)))
                .compose(lost -> Workers.succeed(database.client()))
                .onSuccess(heirs -> heirs.forEach(this::succeeded))
                .compose(succeeded -> Workers.followIntents(database.client()))
                .compose(followed -> Bunkers.failOfLost(database.client(), config.giveUpAfter()))
                .onSuccess(failed -> {
                    if (failed > 0) {
                        LOG.warn("{} bunkers failed with their workers", failed);
                    }
                })
                .compose(failed -> Bunkers.askEndOfDrained(database.client()))
                .onSuccess(asked -> {
                    if (asked > 0) {
                        LOG.info("{} bunkers are to end with the drains of their workers", asked);
                    }
                })
                .compose(asked -> Bunkers.askEndOfExpired(database.client()))
                .onSuccess(expired -> {
                    if (!expired.isEmpty()) {
                        LOG.info("{} bunkers have lived as long as they were to live", expired.size());
                    }
                })
                .compose(expired -> Bunkers.workersToTell(database.client()))
                .onSuccess(workers -> workers.forEach(worker -> post.nudge(new Nudge.BunkersChanged(worker))))
                .compose(told -> Snapshots.failOrphans(database.client(), config.giveUpAfter()))
                .onSuccess(failed -> {
                    if (failed > 0) {
                        LOG.warn("{} snapshots are given up", failed);
                    }
                })
                .compose(failed -> Snapshots.workersToTell(database.client()))
                .onSuccess(workers -> workers.forEach(worker -> post.nudge(new Nudge.SnapshotsChanged(worker))));
    }
}
