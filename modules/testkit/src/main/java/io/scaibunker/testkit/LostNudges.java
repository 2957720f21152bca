package io.scaibunker.testkit;

import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.DeliveryContext;
import io.vertx.core.eventbus.Message;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A bus that loses every nudge: messages sent to one receiver without asking for a reply. Questions, replies and
 * publications pass. With it in place only the sweeps are left, and they must still finish the work.
 */
public final class LostNudges implements AutoCloseable {
    private static final String REPLIES = "__vertx.reply.";

    private final Vertx vertx;
    private final AtomicInteger lost = new AtomicInteger();
    private final Handler<DeliveryContext<Object>> interceptor = this::pass;

    private LostNudges(Vertx vertx) {
        this.vertx = vertx;
    }

    /** Starts losing. */
    public static LostNudges on(Vertx vertx) {
        var nudges = new LostNudges(vertx);
        vertx.eventBus().addOutboundInterceptor(nudges.interceptor);
        return nudges;
    }

    public int count() {
        return lost.get();
    }

    /** Nudges pass again. */
    @Override
    public void close() {
        vertx.eventBus().removeOutboundInterceptor(interceptor);
    }

    private void pass(DeliveryContext<Object> delivery) {
        Message<Object> message = delivery.message();
        boolean nudge = message.isSend()
                && message.replyAddress() == null
                && !message.address().startsWith(REPLIES);
        if (nudge) {
            lost.incrementAndGet();
        } else {
            delivery.next();
        }
    }
}
