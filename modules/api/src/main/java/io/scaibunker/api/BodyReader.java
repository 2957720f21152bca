package io.scaibunker.api;

import io.scaibunker.model.PlatformException;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import java.time.Duration;

/**
 * Reads a request's body, so much and no more. Of a body beyond the limit the rest is read and dropped, up to a bound: a
 * client that is still sending would not see the answer otherwise.
 */
final class BodyReader {
    /** How many times the limit is read and dropped. */
    private static final int DROPPED = 32;

    private final int limit;
    private final Promise<Buffer> read = Promise.promise();
    private final Buffer body = Buffer.buffer();
    private long seen;

    private BodyReader(int limit) {
        this.limit = limit;
    }

    static Future<Buffer> read(Vertx vertx, HttpServerRequest request, int limit, Duration timeout) {
        BodyReader reader = new BodyReader(limit);
        long timer = vertx.setTimer(timeout.toMillis(), late -> reader.read.tryFail(tooSlow(timeout)));
        request.exceptionHandler(gone -> reader.read.tryFail(tooSlow(timeout)));
        request.handler(reader::take);
        request.endHandler(end -> reader.finish());
        return reader.read.future().onComplete(done -> vertx.cancelTimer(timer));
    }

    private void take(Buffer part) {
        seen += part.length();
        if (seen <= limit) {
            body.appendBuffer(part);
        } else if (seen > (long) limit * DROPPED) {
            read.tryFail(tooLarge());
        }
    }

    private void finish() {
        if (seen > limit) {
            read.tryFail(tooLarge());
        } else {
            read.tryComplete(body);
        }
    }

    private PlatformException tooLarge() {
        return PlatformException.invalid("body", "too large (expected: at most " + limit + " bytes)");
    }

    private static PlatformException tooSlow(Duration timeout) {
        return PlatformException.invalid("body", "did not arrive whole within " + timeout.toSeconds() + " s");
    }
}
