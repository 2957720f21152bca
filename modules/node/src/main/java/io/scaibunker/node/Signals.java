package io.scaibunker.node;

import java.lang.reflect.Proxy;
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

    private final CountDownLatch asked = new CountDownLatch(1);

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
                        case "handle" -> signals.heard();
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

    private @Nullable Object heard() {
        if (asked.getCount() == 0) {
            Runtime.getRuntime().halt(FORCED);
        }
        asked.countDown();
        return null;
    }
}
