package io.scaibunker.bus;

import io.vertx.core.buffer.Buffer;

/** Takes what a command writes, as it comes, on the caller's event loop. */
public interface ExecOutput {
    /** For what says nothing, or nothing that matters. */
    ExecOutput NONE = new ExecOutput() {
        @Override
        public void stdout(Buffer bytes) {}

        @Override
        public void stderr(Buffer bytes) {}
    };

    void stdout(Buffer bytes);

    void stderr(Buffer bytes);
}
