package io.scaibunker.api;

import io.scaibunker.bus.ExecOutput;
import io.scaibunker.bus.LiveCall;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.PlatformException;
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

    /** What the agent said that the content has; 0 where it did not know. */
    private long told;

    private long passed;

    /** The agent lied: nothing that it says is passed on any more. */
    private @Nullable PlatformException lie;

    Download(HttpServerResponse response) {
        this.response = response;
    }

    void begin(LiveCall opened) {
        call = opened;
        if (lie != null) {
            opened.cancel(lie);
        }
        response.closeHandler(gone -> opened.cancel());
        response.exceptionHandler(gone -> opened.cancel());
    }

    @Override
    public void stdout(Buffer bytes) {
        if (lie != null) {
            return;
        }
        if (begun) {
            pass(bytes);
            return;
        }
        int room = HEAD_MAX - head.length();
        Buffer start = bytes.slice(0, Math.min(room, bytes.length()));
        int end = 0;
        while (end < start.length() && start.getByte(end) != 0) {
            end++;
        }
        head.appendBuffer(start.slice(0, end));
        if (end < start.length()) {
            begin(bytes.slice(end + 1, bytes.length()));
        } else if (head.length() >= HEAD_MAX) {
            lied(FileRecord.wrong());
        }
    }

    private void begin(Buffer content) {
        try {
            answer(FileRecord.parse(head.toString(StandardCharsets.UTF_8)));
        } catch (PlatformException wrong) {
            lied(wrong);
            return;
        }
        pass(content);
    }

    private void lied(PlatformException what) {
        lie = what;
        LiveCall source = call;
        if (source != null) {
            source.cancel(what);
        }
    }

    @Override
    public void stderr(Buffer bytes) {
        // The agent has nothing to say there.
    }

    private void answer(FileRecord file) {
        begun = true;
        told = file.size();
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
        passed += bytes.length();
        if (told > 0 && passed > told) {
            // What comes after the end of one answer would be read as the next one.
            lied(new PlatformException(ErrorCode.FILE_CONFLICT, "the bunker sent more than the file has"));
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
        if (!begun) {
            throw lie == null ? FileRecord.wrong() : lie;
        }
        if (lie != null || passed < told) {
            tear();
        } else if (!response.closed() && !response.ended()) {
            response.end();
        }
        return Optional.empty();
    }

    /** Half a file must not look like a whole one: where the answer has begun, it is torn. */
    Future<Optional<Reply>> failed(Throwable thrown) {
        if (!begun) {
            return Future.failedFuture(thrown);
        }
        tear();
        return Future.succeededFuture(Optional.empty());
    }

    private void tear() {
        if (!response.closed()) {
            response.reset();
        }
    }
}
