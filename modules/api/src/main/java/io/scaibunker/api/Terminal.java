package io.scaibunker.api;

import io.scaibunker.bus.ExecCommand.TerminalSize;
import io.scaibunker.bus.ExecEnd;
import io.scaibunker.bus.ExecOutput;
import io.scaibunker.bus.LiveCall;
import io.scaibunker.model.PlatformException;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A WebSocket and a terminal, tied together: binary frames are bytes, text frames are orders. Either end closes the other, and
 * a caller that is gone without a word is noticed by the pongs that do not come; so nothing is in the way of who connects
 * again.
 */
final class Terminal implements ExecOutput {
    private static final long PING_MILLIS = Duration.ofSeconds(20).toMillis();
    private static final int SILENT_PINGS = 3;
    private static final int SIZE_MAX = 10_000;
    private static final short NORMAL = 1000;
    private static final short WRONG_DATA = 1003;
    private static final short FAILED = 1011;
    private static final int REASON_MAX = 100;

    private final Vertx vertx;
    private @Nullable ServerWebSocket socket;
    private @Nullable LiveCall call;
    private long pinging;
    private int unanswered;

    Terminal(Vertx vertx) {
        this.vertx = vertx;
    }

    Optional<Reply> begin(LiveCall opened, ServerWebSocket upgraded) {
        call = opened;
        socket = upgraded;
        upgraded.binaryMessageHandler(bytes -> type(opened, upgraded, bytes));
        upgraded.textMessageHandler(text -> order(opened, upgraded, text));
        upgraded.pongHandler(pong -> unanswered = 0);
        upgraded.exceptionHandler(broken -> opened.cancel());
        upgraded.closeHandler(closed -> {
            vertx.cancelTimer(pinging);
            opened.cancel();
        });
        opened.onDrain(upgraded::resume);
        pinging = vertx.setPeriodic(PING_MILLIS, tick -> ping(upgraded));
        opened.end().onSuccess(end -> ended(upgraded, end)).onFailure(thrown -> failed(upgraded, thrown));
        opened.resume();
        return Optional.empty();
    }

    private static void type(LiveCall call, ServerWebSocket socket, Buffer bytes) {
        call.write(bytes);
        if (call.isFull()) {
            socket.pause();
        }
    }

    private static void order(LiveCall call, ServerWebSocket socket, String text) {
        try {
            JsonObject size = new JsonObject(text).getJsonObject("resize");
            int columns = size.getInteger("cols");
            int rows = size.getInteger("rows");
            if (columns < 1 || columns > SIZE_MAX || rows < 1 || rows > SIZE_MAX) {
                throw new IllegalArgumentException("a size of " + columns + " by " + rows);
            }
            call.resize(new TerminalSize(columns, rows));
            if (call.isFull()) {
                socket.pause();
            }
        } catch (DecodeException | ClassCastException | NullPointerException | IllegalArgumentException e) {
            socket.close(WRONG_DATA, "expected: {\"resize\":{\"cols\",\"rows\"}}");
        }
    }

    private void ping(ServerWebSocket open) {
        if (unanswered >= SILENT_PINGS) {
            open.close(FAILED, "no answer to pings");
            return;
        }
        unanswered++;
        open.writePing(Buffer.buffer("?"));
    }

    @Override
    public void stdout(Buffer bytes) {
        ServerWebSocket open = socket;
        LiveCall source = call;
        if (open == null || source == null || open.isClosed()) {
            return;
        }
        open.write(bytes);
        if (open.writeQueueFull()) {
            source.pause();
            open.drainHandler(drained -> source.resume());
        }
    }

    @Override
    public void stderr(Buffer bytes) {
        stdout(bytes);
    }

    private static void ended(ServerWebSocket socket, ExecEnd end) {
        if (socket.isClosed()) {
            return;
        }
        if (!end.notStarted().isEmpty()) {
            close(socket, FAILED, "could not be started: " + end.notStarted());
            return;
        }
        socket.writeTextMessage(
                new JsonObject().put("exit", ExecOperations.view(end)).encode());
        close(socket, NORMAL, "");
    }

    private static void failed(ServerWebSocket socket, Throwable thrown) {
        if (!socket.isClosed()) {
            close(
                    socket,
                    FAILED,
                    thrown instanceof PlatformException told ? told.code() + ": " + told.text() : "INTERNAL");
        }
    }

    private static void close(ServerWebSocket socket, short status, String reason) {
        socket.close(status, reason.length() > REASON_MAX ? reason.substring(0, REASON_MAX) : reason);
    }
}
