package io.scaibunker.api;

import io.scaibunker.bus.ExecOutput;
import io.scaibunker.bus.LiveCall;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A file on its way to a caller: what the agent tells of it becomes the head of the answer, its content the body. */
final class Download implements ExecOutput {
    private static final int HEAD_MAX = 256;

    private final HttpServerResponse response;
    private final Buffer head = Buffer.buffer();
    private @Nullable LiveCall call;
    private boolean begun;

    Download(HttpServerResponse response) {
        this.response = response;
    }

    void begin(LiveCall opened) {
        call = opened;
        response.closeHandler(gone -> opened.cancel());
        response.exceptionHandler(gone -> opened.cancel());
    }

    @Override
    public void stdout(Buffer bytes) {
        if (begun) {
            pass(bytes);
            return;
        }
        head.appendBuffer(bytes);
        int end = 0;
        while (end < head.length() && head.getByte(end) != 0) {
            end++;
        }
        if (end < head.length()) {
            answer(FileRecord.parse(head.getString(0, end, StandardCharsets.UTF_8.name())));
            pass(head.getBuffer(end + 1, head.length()));
        } else if (end > HEAD_MAX && call != null) {
            call.cancel();
        }
    }

    @Override
    public void stderr(Buffer bytes) {
        // The agent has nothing to say there.
    }

    private void answer(FileRecord file) {
        begun = true;
        response.setStatusCode(200)
                .putHeader("Content-Type", "application/octet-stream")
                .putHeader("Cache-Control", "no-store")
                .putHeader("X-Content-Type-Options", "nosniff")
                .putHeader("X-File-Mode", file.mode());
        if (file.size() > 0) {
            response.putHeader("Content-Length", Long.toString(file.size()));
        } else {
            response.setChunked(true);
        }
    }

    private void pass(Buffer bytes) {
        if (bytes.length() == 0 || response.closed()) {
            return;
        }
        response.write(bytes);
        LiveCall source = call;
        if (source != null && response.writeQueueFull()) {
            source.pause();
            response.drainHandler(drained -> source.resume());
        }
    }

    Optional<Reply> end() {
        if (!response.closed() && !response.ended()) {
            response.end();
        }
        return Optional.empty();
    }

    /** Half a file must not look like a whole one: where the answer has begun, it is torn. */
    Future<Optional<Reply>> failed(Throwable thrown) {
        if (!begun) {
            return Future.failedFuture(thrown);
        }
        response.reset();
        return Future.succeededFuture(Optional.empty());
    }
}
