package io.scaibunker.bus;

import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.PlatformException;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import io.vertx.core.parsetools.RecordParser;
import org.jspecify.annotations.Nullable;

/**
 * A command in a bunker that is told while it runs. Who closes this ends it; so does the end of the caller's process, or of its
 * link to the node.
 */
public final class RunningCommand implements AutoCloseable {
    /** One event, its text escaped, at most. */
    private static final int EVENT_MAX = 1 << 20;

    private final CommandOutput output;
    private final Promise<Void> begun = Promise.promise();
    private final Promise<JsonObject> end = Promise.promise();
    private @Nullable HttpClientRequest request;
    private @Nullable HttpClientResponse response;
    private boolean paused;
    private boolean closed;

    RunningCommand(CommandOutput output) {
        this.output = output;
    }

    /** Done when it has said something, or is over; fails when it could not begin. */
    public Future<Void> begun() {
        return begun.future();
    }

    /**
     * {@code {exit_code, signal, timed_out, duration_ms}} after the last of its output; a {@link PlatformException} if it could not begin, or
     * did not come to its end.
     */
    public Future<JsonObject> end() {
        return end.future();
    }

    /** Sends what asks for it. */
    synchronized void begin(HttpClientRequest asking, Buffer command) {
        if (closed) {
            asking.reset();
            return;
        }
        request = asking;
        asking.putHeader("Accept", "text/event-stream").putHeader("Content-Type", "application/json");
        DataLine.accepted(asking.send(command)).onSuccess(this::read).onFailure(this::fail);
    }

    private synchronized void read(HttpClientResponse answered) {
        response = answered;
        begun.tryComplete();
        RecordParser events = RecordParser.newDelimited("\n\n", this::event).maxRecordSize(EVENT_MAX);
        answered.exceptionHandler(thrown -> fail(PlatformException.unavailable("the api", thrown)));
        events.exceptionHandler(this::fail);
        answered.handler(events);
        answered.endHandler(over -> fail(PlatformException.unavailable("the api", null)));
        if (!paused) {
            answered.resume();
        }
    }

    void fail(Throwable thrown) {
        begun.tryFail(thrown);
        end.tryFail(thrown);
    }

    private void event(Buffer record) {
        String event = "";
        String data = "";
        for (String line : record.toString().split("\n")) {
            if (line.startsWith("event: ")) {
                event = line.substring("event: ".length());
            } else if (line.startsWith("data: ")) {
                data = line.substring("data: ".length());
            }
        }
        try {
            switch (event) {
                case "stdout" -> output.stdout(new JsonObject(data).getString("text"));
                case "stderr" -> output.stderr(new JsonObject(data).getString("text"));
                case "exit" -> end.tryComplete(new JsonObject(data));
                case "error" -> fail(ScaiBunkerClient.failure(new JsonObject(data)));
                default -> {
                    // How long to wait before coming again, or that the connection lives.
                }
            }
        } catch (DecodeException e) {
            fail(PlatformException.unavailable("the api", e));
        }
    }

    /** Holds its output back, in the bunker itself once what lies between is full. */
    public synchronized void pause() {
        paused = true;
        if (response != null) {
            response.pause();
        }
    }

    public synchronized void resume() {
        paused = false;
        if (response != null) {
            response.resume();
        }
    }

    /** Ends it; nothing if it is over. */
    @Override
    public synchronized void close() {
        closed = true;
        boolean goesOn = !end.future().isComplete();
        // First, so that it is not told as the broken connection that the reset is to those who listen.
        fail(new PlatformException(ErrorCode.CANCELLED, "closed by its caller"));
        if (request != null && goesOn) {
            request.reset();
        }
    }
}
