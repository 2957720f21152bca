package io.scaibunker.scheduler;

import io.scaibunker.model.ImageId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/** Orders that wait for the first copy of their image. Lives on one event loop. */
final class Parking {
    static final int ORDERS_MAX = 5_000;

    private final Map<ImageId, List<Order>> orders = new HashMap<>();
    private int count;

    /** @return false if too many wait already */
    boolean park(Order order) {
        if (count >= ORDERS_MAX) {
            return false;
        }
        orders.computeIfAbsent(order.asked().imageId(), first -> new ArrayList<>())
                .add(order);
        count++;
        return true;
    }

    boolean isEmpty() {
        return count == 0;
    }

    /** Those that wait for one of these images; they wait no more. */
    List<Order> leave(Collection<ImageId> images) {
        List<Order> leaving = new ArrayList<>();
        images.forEach(image -> leaving.addAll(orders.getOrDefault(image, List.of())));
        images.forEach(orders::remove);
        count -= leaving.size();
        return leaving;
    }

    List<Order> leaveAll() {
        return leave(Set.copyOf(orders.keySet()));
    }

    /** Those whose time is over. */
    List<Order> leaveIf(Predicate<Order> over) {
        List<Order> leaving =
                orders.values().stream().flatMap(List::stream).filter(over).toList();
        orders.values().forEach(waiting -> waiting.removeAll(leaving));
        orders.values().removeIf(List::isEmpty);
        count -= leaving.size();
        return leaving;
    }
}
