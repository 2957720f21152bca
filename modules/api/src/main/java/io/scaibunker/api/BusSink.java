package io.scaibunker.api;

import io.vertx.core.Vertx;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;

/**
 * A watcher within the cluster. It is sent {@code {"events":[{id,event,data}…]}} and answers each message when it has
 * taken it; nothing more is sent until then. Who does not answer is gone.
 */
final class BusSink implements EventSink {
    private static final int BATCH = 50;

    private final Vertx vertx;
    private final String address;
    private final DeliveryOptions options;
    private JsonArray batch = new JsonArray();
    private boolean underWay;
    private boolean closed;
    private Runnable look = () -> {};
    private Runnable gone = () -> {};

    BusSink(Vertx vertx, String address, Duration answerTimeout) {
        this.vertx = vertx;
        this.address = address;
        this.options = new DeliveryOptions().setSendTimeout(answerTimeout.toMillis());
    }

    @Override
    public boolean isFull() {
        return closed || batch.size() >= BATCH;
    }

    @Override
    public void send(Frame frame) {
        batch.add(frame.json());
        flush();
    }

    @Override
    public void beat() {
        flush();
    }

    private void flush() {
        if (!underWay && !closed) {
            send();
        }
    }

    private void send() {
        JsonObject message = new JsonObject().put("events", batch);
        batch = new JsonArray();
        underWay = true;
        vertx.eventBus().request(address, message, options).onComplete(answered -> {
            underWay = false;
            if (answered.failed()) {
                closed = true;
                gone.run();
                return;
            }
            if (!batch.isEmpty()) {
                send();
            }
            look.run();
        });
    }

    @Override
    public void onDrain(Runnable look) {
        this.look = look;
    }

    @Override
    public void onClose(Runnable gone) {
        this.gone = gone;
    }

    @Override
    public void close() {
        closed = true;
    }
}
