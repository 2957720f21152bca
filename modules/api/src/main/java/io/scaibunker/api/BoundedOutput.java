package io.scaibunker.api;

import io.scaibunker.bus.ExecOutput;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;

/** The beginning of what a command writes; the rest is dropped, and said to be. */
final class BoundedOutput implements ExecOutput {
    private final int limit;
    private final Buffer stdout = Buffer.buffer();
    private final Buffer stderr = Buffer.buffer();
    private boolean stdoutTruncated;
    private boolean stderrTruncated;

    BoundedOutput(int limit) {
        this.limit = limit;
    }

    @Override
    public void stdout(Buffer bytes) {
        stdoutTruncated |= !append(stdout, bytes);
    }

    @Override
    public void stderr(Buffer bytes) {
        stderrTruncated |= !append(stderr, bytes);
    }

    /** @return whether all of it fitted */
    private boolean append(Buffer kept, Buffer bytes) {
        int room = limit - kept.length();
        kept.appendBuffer(bytes, 0, Math.min(room, bytes.length()));
        return bytes.length() <= room;
    }

    /** Bytes that are not UTF-8 become U+FFFD. */
    String stdoutText() {
        return stdout.toString(StandardCharsets.UTF_8);
    }

    String stderrText() {
        return stderr.toString(StandardCharsets.UTF_8);
    }

    boolean stdoutTruncated() {
        return stdoutTruncated;
    }

    boolean stderrTruncated() {
        return stderrTruncated;
    }
}
