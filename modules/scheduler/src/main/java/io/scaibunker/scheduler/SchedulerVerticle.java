package io.scaibunker.scheduler;

import io.scaibunker.bus.News;
import io.scaibunker.bus.Nudge;
import io.scaibunker.bus.Post;
import io.scaibunker.bus.Question;
import io.scaibunker.bus.Rounds;
import io.scaibunker.store.Database;
import io.scaibunker.telemetry.Measure;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;

/** The door of the scheduler room. */
@SuppressWarnings("NullAway.Init") // what start() makes
public final class SchedulerVerticle extends VerticleBase {
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(3);

    private final SchedulerConfig config;
    private final Database database;
    private Post post;
    private Rounds rounds;
    private List<Long> timers;
    private Runnable gauge;

    public SchedulerVerticle(SchedulerConfig config, Database database) {
        this.config = config;
        this.database = database;
    }

    @Override
    public Future<?> start() {
        post = new Post(vertx);
        CopyEtas etas = new CopyEtas(InstantSource.system());
        BunkerPlacer placer = new BunkerPlacer(context, database, post, etas);
        WorkerRoll roll = new WorkerRoll(config, database, post);
        BunkerReports bunkers = new BunkerReports(database);
        rounds = new Rounds(vertx, "scheduler", config.sweep(), roll::drain);

        post.heed(Nudge.WorkerAsked.ADDRESS, rounds::nudge);
        post.watch(News.CopyProgressed.ADDRESS, News.CopyProgressed.class, etas::hear);
        post.serve(Question.PlaceBunker.ADDRESS, Question.PlaceBunker.class, placer::place);
        post.serve(Question.WorkerBeat.ADDRESS, Question.WorkerBeat.class, roll::hear);
        post.serve(Question.BunkersWanted.ADDRESS, Question.BunkersWanted.class, bunkers::page);
        post.serve(Question.BunkerReported.ADDRESS, Question.BunkerReported.class, bunkers::take);
        timers = placer.start(vertx);
        gauge = Measure.PLACEMENT_WAITING.gauge(placer::waiting);
        return post.open().onSuccess(open -> rounds.nudge());
    }

    @Override
    public Future<?> stop() {
        gauge.run();
        timers.forEach(vertx::cancelTimer);
        return rounds.stop().compose(stopped -> post.close(CLOSE_LIMIT));
    }
}
