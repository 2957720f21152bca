package io.scaibunker.guest;

/**
 * Takes a command's output while it runs. Called by one thread, in order, never after the outcome is known; it may
 * block, which holds up this command and no other. If it throws, the command is killed and its outcome is that
 * exception.
 */
public interface ExecSink {
    /** A sink for those who care for the outcome alone. */
    ExecSink NONE = new ExecSink() {
        @Override
        public void stdout(byte[] bytes) {}

        @Override
        public void stderr(byte[] bytes) {}
    };

    /** Between 1 byte and the window of the stream (256 KiB); the array is the sink's to keep. */
    void stdout(byte[] bytes);

    void stderr(byte[] bytes);
}
