package io.scaibunker.scheduler;

import io.scaibunker.bus.Answer;
import io.scaibunker.bus.Question.PlaceBunker;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.NetworkProfile;
import io.scaibunker.model.PlatformException;
import io.scaibunker.model.Word;
import io.scaibunker.scheduler.Placement.Ask;
import io.scaibunker.scheduler.Placement.Refused;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.Optional;

/** A bunker to place, from its question to its answer. Lives on one event loop. */
final class Order {
    /** How often it is decided anew when the chosen worker could not take it after all. */
    private static final int TRIES_MAX = 40;

    /** How often its image is read again where it was forgotten between reading and deciding. */
    private static final int LOOKS_MAX = 5;

    /** Who asked has given up by then. */
    private static final long PATIENCE = Duration.ofSeconds(5).toNanos();

    private final PlaceBunker asked;
    private final JsonObject wish;
    private final Ask ask;
    private final long since = System.nanoTime();
    private final Promise<Answer.Placement> answer = Promise.promise();
    private int attempts;
    private int looks;
    private boolean alone;
    private Optional<Refused> refused = Optional.empty();

    /** @throws IllegalArgumentException if the wish names no network profile there is */
    Order(PlaceBunker asked) {
        this.asked = asked;
        this.wish = new JsonObject(asked.wish());
        this.ask = new Ask(
                asked.bunkerId(),
                asked.room(),
                Word.parse(NetworkProfile.class, wish.getString("network_profile", NetworkProfile.ISOLATED.word())));
    }

    PlaceBunker asked() {
        return asked;
    }

    JsonObject wish() {
        return wish;
    }

    Ask ask() {
        return ask;
    }

    /** When it came; what was read later is fresh enough to refuse it by. */
    long since() {
        return since;
    }

    /** What it has taken so far. */
    Duration age() {
        return Duration.ofNanos(System.nanoTime() - since);
    }

    Future<Answer.Placement> answered() {
        return answer.future();
    }

    boolean isAnswered() {
        return answer.future().isComplete();
    }

    void answer(Answer.Placement given) {
        answer.tryComplete(given);
    }

    void fail(Throwable thrown) {
        answer.tryFail(thrown);
    }

    /** Decides once more, unless that was too often. */
    boolean triesAgain() {
        if (attempts < TRIES_MAX) {
            return true;
        }
        fail(new PlatformException(ErrorCode.WORKER_UNAVAILABLE, "workers fill up faster than this could be booked")
                .retryAfter(Duration.ofSeconds(1)));
        return false;
    }

    /** Whether its image is looked for once more before it is said that there is none. */
    boolean looksAgain() {
        return ++looks < LOOKS_MAX;
    }

    /** Whether nobody waits for the answer any more. */
    boolean isTooLate(long now) {
        return now - since > PATIENCE && refused.isEmpty() && !mayWait(now);
    }

    int attempt() {
        return ++attempts;
    }

    /** It may be what made a batch fail: from now on it is booked by itself. */
    void isolate() {
        alone = true;
    }

    boolean isAlone() {
        return alone;
    }

    /** Nobody takes it now; it may wait for a copy. */
    void park(Refused why) {
        refused = Optional.of(why);
    }

    Optional<Refused> refused() {
        return refused;
    }

    boolean mayWait(long now) {
        return now - since < Duration.ofMillis(asked.waitMs()).toNanos();
    }
}
