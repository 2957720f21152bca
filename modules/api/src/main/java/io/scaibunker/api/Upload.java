package io.scaibunker.api;

import io.scaibunker.bus.LiveCall;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;

/** A file on its way from a caller: read as fast as the bunker takes it. */
final class Upload {
    private final HttpServerRequest http;
    private long size;

    Upload(HttpServerRequest http) {
        this.http = http;
    }

    void begin(LiveCall call) {
        http.handler(bytes -> pass(call, bytes));
        http.endHandler(end -> call.finishInput());
        // Half a file is none: the agent drops what has come so far.
        http.exceptionHandler(gone -> call.cancel());
        http.response().closeHandler(gone -> call.cancel());
        call.onDrain(http::resume);
        if ("100-continue".equalsIgnoreCase(http.getHeader("Expect"))) {
            http.response().writeContinue();
        }
        http.resume();
    }

    private void pass(LiveCall call, Buffer bytes) {
        size += bytes.length();
        call.write(bytes);
        // What comes after the end, because the disk is full, is read and dropped.
        if (call.isFull() && !call.end().isComplete()) {
            http.pause();
        }
    }

    long size() {
        return size;
    }
}
