package io.scaibunker.bus;

import io.vertx.core.buffer.Buffer;

/** Takes what a command writes, as it comes, on the caller's event loop. */
public interface ExecOutput {
    void stdout(Buffer bytes);

    void stderr(Buffer bytes);
}
