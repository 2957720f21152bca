package io.scaibunker.bus;

import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.PlatformException;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.WebSocket;
import io.vertx.core.json.JsonObject;

/** A terminal in a bunker. Who closes this hangs it up; so does the end of the caller's process, or of its link to the node. */
public final class BunkerShell implements AutoCloseable {
    private final WebSocket socket;
    private final Promise<JsonObject> end = Promise.promise();

    BunkerShell(WebSocket socket, Handler<Buffer> output) {
        this.socket = socket;
        socket.binaryMessageHandler(output);
        socket.textMessageHandler(text -> end.tryComplete(new JsonObject(text).getJsonObject("exit")));
        socket.exceptionHandler(thrown -> end.tryFail(PlatformException.unavailable("the api", thrown)));
        socket.closeHandler(closed -> end.tryFail(new PlatformException(
                ErrorCode.SERVICE_UNAVAILABLE,
                "the terminal was closed: " + (socket.closeReason() == null ? "" : socket.closeReason()))));
        socket.resume();
    }

    /** How its program ended, {@code {exit_code, signal, timed_out, duration_ms}}; fails when the terminal ended without it. */
    public Future<JsonObject> end() {
        return end.future();
    }

    /** Types. Done when the bytes have left; who types without waiting for that keeps them in memory. */
    public Future<Void> write(Buffer bytes) {
        return socket.writeBinaryMessage(bytes);
    }

    public Future<Void> resize(int columns, int rows) {
        JsonObject size = new JsonObject().put("cols", columns).put("rows", rows);
        return socket.writeTextMessage(new JsonObject().put("resize", size).encode());
    }

    /** Holds its output back, in the bunker itself once what lies between is full. */
    public void pause() {
        socket.pause();
    }

    public void resume() {
        socket.resume();
    }

    @Override
    public void close() {
        socket.close();
    }
}
