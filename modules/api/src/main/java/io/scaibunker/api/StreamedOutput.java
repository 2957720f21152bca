package io.scaibunker.api;

import io.scaibunker.bus.ExecOutput;
import io.scaibunker.bus.LiveCall;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.PlatformException;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a command writes, told while it runs. A caller that reads slowly holds up the command, not us; one that goes away ends
 * it.
 */
final class StreamedOutput implements ExecOutput {
    private final HttpServerResponse response;
    private final Utf8Stream stdout = new Utf8Stream();
    private final Utf8Stream stderr = new Utf8Stream();
    private @Nullable EventSink sink;
    private @Nullable LiveCall call;

    StreamedOutput(HttpServerResponse response) {
        this.response = response;
    }

    void begin(LiveCall begun) {
        call = begun;
        response.closeHandler(gone -> begun.cancel());
        response.exceptionHandler(gone -> begun.cancel());
    }

    @Override
    public void stdout(Buffer bytes) {
        tell("stdout", stdout.text(bytes));
    }

    @Override
    public void stderr(Buffer bytes) {
        tell("stderr", stderr.text(bytes));
    }

    private void tell(String event, String text) {
        if (text.isEmpty() || response.closed()) {
            return;
        }
        EventSink told = sink();
        told.send(new Frame(null, event, new JsonObject().put("text", text)));
        if (call != null && told.isFull()) {
            call.pause();
            told.onDrain(call::resume);
        }
    }

    /** The head of the answer is sent with the first event: what fails before is an answer like any other. */
    private EventSink sink() {
        if (sink == null) {
            sink = new SseSink(response);
        }
        return sink;
    }

    Optional<Reply> end(String event, JsonObject data) {
        if (!response.closed()) {
            tell("stdout", stdout.rest());
            tell("stderr", stderr.rest());
            sink().send(new Frame(null, event, data));
            sink().close();
        }
        return Optional.empty();
    }

    /** Told as an event where the answer has begun. */
    Future<Optional<Reply>> failed(Throwable thrown) {
        if (sink == null) {
            return Future.failedFuture(thrown);
        }
        PlatformException told = thrown instanceof PlatformException said
                ? said
                : new PlatformException(ErrorCode.INTERNAL, "an error of the platform itself", thrown);
        return Future.succeededFuture(
                end("error", new JsonObject().put("code", told.code().name()).put("message", told.text())));
    }
}
