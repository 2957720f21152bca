package io.scaibunker.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Ctrl-C and SIGTERM, for one piece of work: the process ends only after the work has ended and cleaned up, which it is asked
 * to do at once. A second signal changes nothing; SIGKILL does.
 */
final class Interruption implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 20;

    private final CountDownLatch ended = new CountDownLatch(1);
    private final Thread hook;

    /** @param stop ends the work of the calling thread, which is interrupted besides */
    Interruption(Runnable stop) {
        var worker = Thread.currentThread();
        hook = Thread.ofPlatform().name("interruption").unstarted(() -> {
            stop.run();
            worker.interrupt();
            awaitEnd();
        });
        Runtime.getRuntime().addShutdownHook(hook);
    }

    private void awaitEnd() {
        try {
            if (!ended.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                System.err.println("scaibunker: the work did not end in time");
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException _) {
            // The end has begun, and waits for this.
        }
        ended.countDown();
    }
}
