package io.scaibunker.node;

import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/**
 * SIGTERM and SIGINT: the first asks for an orderly stop, the second ends the process where it stands.
 *
 * <p>A shutdown hook could do the first only, and would end with 143 where a clean end is 0. The JDK's own signal class
 * is supported but marked so that any direct use is a compiler warning; hence by reflection.
 */
final class Signals {
    private static final int FORCED = 130;
    private static final Duration ECHO = Duration.ofSeconds(1);

    private final CountDownLatch asked = new CountDownLatch(1);

    private @Nullable Thread starting;
    private long heardAt;

    private Signals() {}

    static Signals listen() {
        var signals = new Signals();
        try {
            var signal = Class.forName("sun.misc.Signal");
            var handler = Class.forName("sun.misc.SignalHandler");
            var proxy = Proxy.newProxyInstance(
                    Signals.class.getClassLoader(),
                    new Class<?>[] {handler},
                    (self, method, arguments) -> switch (method.getName()) {
                        case "handle" -> signals.take();
                        case "equals" -> self == arguments[0];
                        case "hashCode" -> System.identityHashCode(self);
                        default -> "signals";
                    });
            for (var name : List.of("TERM", "INT")) {
                signal.getMethod("handle", signal, handler)
                        .invoke(null, signal.getConstructor(String.class).newInstance(name), proxy);
            }
            return signals;
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("this Java has no signals", e);
        }
    }

    /** Blocks until somebody wants this process to end. */
    void await() throws InterruptedException {
        asked.await();
    }

    /** Some callers, such as timeout(1), send a signal to the process and to its group: that is one wish, not two. */
    private void endUnlessAnEcho() {
        if (System.nanoTime() - heardAt > ECHO.toNanos()) {
            Runtime.getRuntime().halt(FORCED);
        }
    }

    boolean heard() {
        return asked.getCount() == 0;
    }

    /** Until {@link #ready}, the first signal interrupts this thread. */
    synchronized void interruptUntilReady(Thread thread) {
        starting = thread;
        if (heard()) {
            thread.interrupt();
        }
    }

    /** Called by that thread, which is no longer interrupted afterwards. */
    synchronized void ready() {
        starting = null;
        Thread.interrupted();
    }

    private synchronized @Nullable Object take() {
        if (heard()) {
            endUnlessAnEcho();
            return null;
        }
        heardAt = System.nanoTime();
        asked.countDown();
        if (starting != null) {
            starting.interrupt();
        }
        return null;
    }
}
