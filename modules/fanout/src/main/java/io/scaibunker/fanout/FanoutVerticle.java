package io.scaibunker.fanout;

import io.scaibunker.bus.Nudge;
import io.scaibunker.bus.Post;
import io.scaibunker.bus.Question;
import io.scaibunker.bus.Rounds;
import io.scaibunker.store.Database;
import io.scaibunker.store.SecretBox;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Duration;

/** The door of the fan-out room. */
@SuppressWarnings("NullAway.Init") // what start() makes
public final class FanoutVerticle extends VerticleBase {
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(3);

    private final FanoutConfig config;
    private final Database database;
    private final SecretBox secrets;
    private Post post;
    private Rounds rounds;

    /** @param secrets opens the tenants' registry credentials */
    public FanoutVerticle(FanoutConfig config, Database database, SecretBox secrets) {
        this.config = config;
        this.database = database;
        this.secrets = secrets;
    }

    @Override
    public Future<?> start() {
        post = new Post(vertx);
        ImageFanout fanout = new ImageFanout(database, post);
        CopyReports reports = new CopyReports(database, post, config.bakeLease());
        CredentialDesk credentials = new CredentialDesk(database, secrets);
        TurnDesk turns = new TurnDesk(database, config.bakeLease());
        CopiesAnswer copies = new CopiesAnswer(database);
        rounds = new Rounds(vertx, "fanout", config.sweep(), fanout::drain);

        post.heed(Nudge.ImageRegistered.ADDRESS, rounds::nudge);
        post.heed(Nudge.CopiesAsked.ADDRESS, rounds::nudge);
        post.heed(Nudge.ImageDeactivated.ADDRESS, rounds::nudge);
        post.heed(Nudge.CopyAwaited.ADDRESS, Nudge.CopyAwaited.class, fanout::hurry);
        post.heed(Nudge.WorkerJoined.ADDRESS, rounds::nudge);
        post.serve(Question.CopiesWanted.ADDRESS, Question.CopiesWanted.class, copies::page);
        post.serve(Question.CopyReported.ADDRESS, Question.CopyReported.class, reports::take);
        post.serve(Question.TurnWanted.ADDRESS, Question.TurnWanted.class, turns::give);
        post.serve(Question.DigestFound.ADDRESS, Question.DigestFound.class, reports::pin);
        post.serve(Question.CredentialWanted.ADDRESS, Question.CredentialWanted.class, credentials::give);
        return post.open().onSuccess(open -> rounds.nudge());
    }

    @Override
    public Future<?> stop() {
        return rounds.stop().compose(stopped -> post.close(CLOSE_LIMIT));
    }
}
