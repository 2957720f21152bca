package io.scaibunker.bus;

import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.Kind;
import io.scaibunker.model.PlatformException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.Message;
import io.vertx.core.eventbus.MessageConsumer;
import io.vertx.core.eventbus.ReplyException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One room's way to the bus: it nudges, asks, publishes, and serves what others say to the room. Every served question
 * gets an answer, also when the room's code throws: the asker would otherwise learn nothing until its time is out.
 */
public final class Post {
    private static final Logger LOG = LoggerFactory.getLogger(Post.class);

    private final Vertx vertx;
    private final List<MessageConsumer<?>> consumers = new ArrayList<>();
    private final AtomicInteger inFlight = new AtomicInteger();

    public Post(Vertx vertx) {
        this.vertx = vertx;
    }

    public void nudge(Nudge nudge) {
        vertx.eventBus().send(nudge.address(), nudge);
    }

    public void publish(News news) {
        vertx.eventBus().publish(news.address(), news);
    }

    /**
     * Asks and waits no longer than {@code limit}.
     *
     * @return the answer, or a failure with a {@link PlatformException}: what the other side said, or
     *     {@link ErrorCode#SERVICE_UNAVAILABLE} when nobody answered
     */
    public <A extends Answer> Future<A> ask(Question<A> question, Duration limit) {
        DeliveryOptions options = new DeliveryOptions().setSendTimeout(limit.toMillis());
        RequestScope.current().ifPresent(id -> options.addHeader(RequestScope.HEADER, id));
        return vertx.eventBus()
                .<Object>request(question.address(), question, options)
                .transform(asked -> {
                    if (asked.failed()) {
                        return Future.failedFuture(nobody(question, asked.cause()));
                    }
                    return asked.result().body() instanceof Answer.Trouble trouble
                            ? Future.failedFuture(told(trouble))
                            : Future.succeededFuture(
                                    question.answer().cast(asked.result().body()));
                });
    }

    private static PlatformException nobody(Question<?> question, Throwable cause) {
        String room = question.address().substring(0, question.address().indexOf('.'));
        return cause instanceof ReplyException
                ? PlatformException.unavailable(room, cause)
                : new PlatformException(ErrorCode.INTERNAL, "asking " + room + " failed", cause);
    }

    private static PlatformException told(Answer.Trouble trouble) {
        PlatformException told = new PlatformException(trouble.code(), trouble.message()).with(trouble.details());
        return trouble.retryAfterSeconds() > 0
                ? told.retryAfter(Duration.ofSeconds(trouble.retryAfterSeconds()))
                : told;
    }

    /** Takes nudges at {@code address}. */
    public void heed(String address, Runnable look) {
        consumers.add(vertx.eventBus().<Nudge>consumer(address, message -> look.run()));
    }

    /** Takes nudges at {@code address} whose id says more than «look now»: where to look first. */
    public <N extends Nudge> void heed(String address, Class<N> type, Consumer<N> look) {
        consumers.add(vertx.eventBus().<Nudge>consumer(address, message -> look.accept(type.cast(message.body()))));
    }

    /** Watches what is published at {@code address}. */
    public <N extends News> void watch(String address, Class<N> type, Consumer<N> watcher) {
        consumers.add(vertx.eventBus().<News>consumer(address, message -> watcher.accept(type.cast(message.body()))));
    }

    /** Answers questions of one type. */
    public <A extends Answer, Q extends Question<A>> void serve(
            String address, Class<Q> type, Function<Q, Future<? extends A>> answer) {
        consumers.add(vertx.eventBus().<Object>consumer(address, message -> {
            inFlight.incrementAndGet();
            String request = message.headers().get(RequestScope.HEADER);
            if (request != null) {
                RequestScope.enter(request);
            }
            reply(message, type, answer).onComplete(done -> inFlight.decrementAndGet());
        }));
    }

    private static <A extends Answer, Q extends Question<A>> Future<?> reply(
            Message<Object> message, Class<Q> type, Function<Q, Future<? extends A>> answer) {
        return Future.succeededFuture(message.body())
                .compose(question -> answer.apply(type.cast(question)))
                .onSuccess(message::reply)
                .onFailure(thrown -> message.reply(trouble(type, thrown)));
    }

    private static Answer.Trouble trouble(Class<?> question, Throwable thrown) {
        if (thrown instanceof PlatformException known) {
            if (known.code().kind() == Kind.BUG) {
                LOG.error("answering {} failed", question.getSimpleName(), known);
            }
            return new Answer.Trouble(known.code(), known.text(), known.details(), (int)
                    known.retryAfter().orElse(Duration.ZERO).toSeconds());
        }
        LOG.error("answering {} failed", question.getSimpleName(), thrown);
        return new Answer.Trouble(ErrorCode.INTERNAL, "an error of the platform itself", List.of(), 0);
    }

    /** Done when every consumer is known to the whole cluster. */
    public Future<?> open() {
        return Future.all(consumers.stream().map(MessageConsumer::completion).toList());
    }

    /** Takes no more, then waits for what is under way: at most {@code limit}. */
    public Future<?> close(Duration limit) {
        return Future.join(consumers.stream().map(MessageConsumer::unregister).toList())
                .otherwiseEmpty()
                .compose(gone -> idle(System.nanoTime() + limit.toNanos()));
    }

    private Future<?> idle(long deadline) {
        return inFlight.get() == 0 || System.nanoTime() > deadline
                ? Future.succeededFuture()
                : vertx.timer(10).compose(tick -> idle(deadline));
    }
}
