package io.scaibunker.scheduler;

import io.scaibunker.model.PlatformException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;

/** Orders that are to be decided, in the order in which they came. Lives on one event loop. */
final class WaitingLine {
    static final int BATCH_MAX = 256;

    private final Deque<Order> waiting = new ArrayDeque<>();

    void add(Order order) {
        waiting.add(order);
    }

    void addAll(Collection<Order> orders) {
        waiting.addAll(orders);
    }

    boolean isEmpty() {
        return waiting.isEmpty();
    }

    /**
     * Those that are decided together now. One that is answered already is left out: who asked has heard that it failed, and a
     * bunker for it would be nobody's.
     */
    List<Order> nextBatch(long now) {
        List<Order> batch = new ArrayList<>();
        while (!waiting.isEmpty()
                && batch.size() < BATCH_MAX
                && !(waiting.element().isAlone() && !batch.isEmpty())) {
            Order order = waiting.remove();
            if (order.isAnswered()) {
                continue;
            }
            if (order.isTooLate(now)) {
                order.fail(PlatformException.unavailable("the scheduler, which has too much to do,", null));
            } else {
                batch.add(order);
            }
            if (order.isAlone()) {
                break;
            }
        }
        return batch;
    }
}
