package io.scaibunker.bus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.scaibunker.bus.Answer.DigestPinned;
import io.scaibunker.bus.Question.DigestFound;
import io.scaibunker.model.CachePhase;
import io.scaibunker.model.Digest;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.FieldError;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.PlatformException;
import io.scaibunker.model.WorkerId;
import io.scaibunker.testkit.Eventually;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PostTest {
    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final Digest DIGEST = new Digest("sha256:" + "1".repeat(64));
    private static final DigestFound FOUND = new DigestFound(WorkerId.fresh(), ImageId.fresh(), DIGEST);

    private final Vertx vertx = Vertx.vertx();
    private final Post post = new Post(vertx);

    @BeforeEach
    void install() {
        BusCodec.install(vertx.eventBus());
    }

    @AfterEach
    void close() {
        vertx.close().await();
    }

    @Test
    void aQuestionGetsItsAnswer() {
        serve(found -> Future.succeededFuture(new DigestPinned(found.digest())));
        assertThat(post.ask(FOUND, LIMIT).await()).isEqualTo(new DigestPinned(DIGEST));
    }

    @Test
    void whatTheRoomSaysOfItsTroubleArrivesWhole() {
        serve(found -> Future.failedFuture(new PlatformException(ErrorCode.WORKER_UNAVAILABLE, "no room")
                .with(List.of(new FieldError("no_room", "2 workers")))
                .retryAfter(Duration.ofSeconds(7))));
        PlatformException told = trouble(LIMIT);
        assertThat(told.code()).isEqualTo(ErrorCode.WORKER_UNAVAILABLE);
        assertThat(told.text()).isEqualTo("no room");
        assertThat(told.details()).containsExactly(new FieldError("no_room", "2 workers"));
        assertThat(told.retryAfter()).contains(Duration.ofSeconds(7));
    }

    @Test
    void aRoomThatThrowsAnswersAtOnceAndTellsNoInnerWords() {
        serve(found -> {
            throw new IllegalStateException("inner words");
        });
        long asked = System.nanoTime();
        PlatformException told = trouble(Duration.ofMinutes(1));
        assertThat(Duration.ofNanos(System.nanoTime() - asked)).isLessThan(LIMIT);
        assertThat(told.code()).isEqualTo(ErrorCode.INTERNAL);
        assertThat(told.text()).doesNotContain("inner words");
        assertThat(told.retryAfter()).isEmpty();
    }

    @Test
    void aRoomWhoseFutureFailsAnswersAtOnce() {
        serve(found -> Future.failedFuture(new IllegalStateException("inner words")));
        assertThat(trouble(LIMIT).code()).isEqualTo(ErrorCode.INTERNAL);
    }

    @Test
    void aQuestionOfAnotherTypeIsToldSo() {
        serve(found -> Future.succeededFuture(new DigestPinned(DIGEST)));
        var wrong = vertx.eventBus()
                .<Object>request(DigestFound.ADDRESS, new Answer.ReportTaken(true))
                .await();
        assertThat(wrong.body()).isInstanceOf(Answer.Trouble.class);
    }

    @Test
    void whereNobodyServesTheRoomIsUnavailable() {
        PlatformException told = trouble(LIMIT);
        assertThat(told.code()).isEqualTo(ErrorCode.SERVICE_UNAVAILABLE);
        assertThat(told.text()).contains("fanout");
        assertThat(told.retryAfter()).isPresent();
    }

    @Test
    void whereNobodyAnswersInTimeTheRoomIsUnavailable() {
        serve(found -> Promise.<DigestPinned>promise().future());
        PlatformException told = trouble(Duration.ofMillis(50));
        assertThat(told.code()).isEqualTo(ErrorCode.SERVICE_UNAVAILABLE);
        assertThat(told.retryAfter()).isPresent();
    }

    @Test
    void nudgesAndNewsArrive() {
        AtomicInteger looked = new AtomicInteger();
        List<News.CopyProgressed> seen = new CopyOnWriteArrayList<>();
        post.heed(Nudge.CopiesAsked.ADDRESS, looked::incrementAndGet);
        post.watch(News.CopyProgressed.ADDRESS, News.CopyProgressed.class, seen::add);
        post.open().await();
        var progress =
                new News.CopyProgressed(WorkerId.fresh(), ImageId.fresh(), 1, CachePhase.BAKING, 1, 2, 3, "registry");
        post.nudge(new Nudge.CopiesAsked());
        post.publish(progress);
        Eventually.eventually(() -> {
            assertThat(looked).hasValue(1);
            assertThat(seen).containsExactly(progress);
        });
    }

    @Test
    void aNudgeThatNobodyHeedsIsNoTrouble() {
        post.nudge(new Nudge.CopiesAsked());
        serve(found -> Future.succeededFuture(new DigestPinned(DIGEST)));
        assertThat(post.ask(FOUND, LIMIT).await()).isNotNull();
    }

    @Test
    void closingWaitsForWhatIsUnderWayAndTakesNoMore() {
        Promise<DigestPinned> work = Promise.promise();
        AtomicInteger taken = new AtomicInteger();
        serve(found -> {
            taken.incrementAndGet();
            return work.future();
        });
        Future<DigestPinned> asked = post.ask(FOUND, LIMIT);
        Eventually.eventually(() -> assertThat(taken).hasValue(1));

        Future<?> closed = post.close(LIMIT);
        Eventually.eventually(() -> assertThat(trouble(LIMIT).code()).isEqualTo(ErrorCode.SERVICE_UNAVAILABLE));
        assertThat(closed.isComplete()).isFalse();

        work.complete(new DigestPinned(DIGEST));
        assertThat(asked.await()).isEqualTo(new DigestPinned(DIGEST));
        closed.await();
        assertThat(taken).hasValue(1);
    }

    @Test
    void closingWaitsNoLongerThanItsLimit() {
        AtomicInteger taken = new AtomicInteger();
        serve(found -> {
            taken.incrementAndGet();
            return Promise.<DigestPinned>promise().future();
        });
        Future<DigestPinned> asked = post.ask(FOUND, LIMIT);
        Eventually.eventually(() -> assertThat(taken).hasValue(1));
        post.close(Duration.ofMillis(50)).await();
        assertThat(asked.isComplete()).isFalse();
    }

    private void serve(Function<DigestFound, Future<? extends DigestPinned>> answer) {
        post.serve(DigestFound.ADDRESS, DigestFound.class, answer);
        post.open().await();
    }

    private PlatformException trouble(Duration limit) {
        var thrown = catchThrowableOfType(
                PlatformException.class, () -> post.ask(FOUND, limit).await());
        assertThat(thrown).as("the question is refused").isNotNull();
        return thrown;
    }
}
