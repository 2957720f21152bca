package io.scaibunker.api;

import io.vertx.core.http.HttpServerResponse;

/** A watcher at the other end of an HTTP response, as Server-Sent Events. */
final class SseSink implements EventSink {
    private static final String RETRY_MILLIS = "2000";

    private final HttpServerResponse response;

    SseSink(HttpServerResponse response) {
        this.response = response;
        response.setStatusCode(200)
                .setChunked(true)
                .putHeader("Content-Type", "text/event-stream")
                .putHeader("Cache-Control", "no-store")
                .putHeader("X-Accel-Buffering", "no"); // a proxy that collects would hold up what is live
        response.write("retry: " + RETRY_MILLIS + "\n\n");
    }

    @Override
    public boolean isFull() {
        return response.writeQueueFull();
    }

    @Override
    public void send(Frame frame) {
        response.write(frame.text());
    }

    @Override
    public void beat() {
        response.write(": \n\n");
    }

    @Override
    public void onDrain(Runnable look) {
        response.drainHandler(drained -> look.run());
    }

    @Override
    public void onClose(Runnable gone) {
        response.closeHandler(closed -> gone.run());
        response.exceptionHandler(broken -> gone.run());
    }

    @Override
    public void close() {
        if (response.writeQueueFull()) {
            // Nobody reads: an orderly end would wait behind what is not read.
            response.reset();
        } else if (!response.ended() && !response.closed()) {
            response.end();
        }
    }
}
