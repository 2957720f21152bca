package io.scaibunker.scheduler;

import io.scaibunker.bus.Nudge;
import io.scaibunker.bus.Post;
import io.scaibunker.bus.Question.PlaceBunker;
import io.scaibunker.model.Room;
import io.scaibunker.model.WorkerId;
import io.scaibunker.scheduler.Placement.Chosen;
import io.scaibunker.scheduler.Placement.Copy;
import io.scaibunker.store.Bookings;
import io.scaibunker.store.Bookings.Booking;
import io.scaibunker.store.Bookings.Fate;
import io.scaibunker.store.Bookings.Outcome;
import io.scaibunker.store.Database;
import io.vertx.core.Future;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Has a batch booked, learns from what was said how workers stand, and tells those that have got a bunker. */
final class BookingDesk {
    private static final Logger LOG = LoggerFactory.getLogger(BookingDesk.class);

    private final Database database;
    private final Post post;
    private final Fleet fleet;

    BookingDesk(Database database, Post post, Fleet fleet) {
        this.database = database;
        this.post = post;
        this.fleet = fleet;
    }

    /** What became of each. */
    Future<Map<Order, Outcome>> book(Map<Order, Chosen> chosen) {
        List<Booking> bookings = chosen.entrySet().stream()
                .map(one -> booking(one.getKey(), one.getValue()))
                .toList();
        boolean cold = chosen.values().stream().anyMatch(one -> one.copy() != Copy.READY);
        long at = System.nanoTime();
        return Bookings.book(database.client(), bookings).map(outcomes -> {
            correct(bookings, outcomes, at);
            tell(outcomes, cold);
            Map<Order, Outcome> byOrder = new LinkedHashMap<>();
            chosen.keySet().forEach(order -> byOrder.put(order, outcomes.get(byOrder.size())));
            return byOrder;
        });
    }

    private static Booking booking(Order order, Chosen chosen) {
        PlaceBunker asked = order.asked();
        return new Booking(
                asked.bunkerId(),
                asked.tenantId(),
                asked.userId(),
                asked.name(),
                asked.imageId(),
                chosen.workerId(),
                asked.room(),
                order.wish(),
                PlacementRecord.of(chosen, order.attempt())
                        .put("decide_ms", order.age().toMillis()));
    }

    /** The room of the workers as the database has it. */
    private void correct(List<Booking> bookings, List<Outcome> outcomes, long at) {
        Map<WorkerId, Room> allocated = new HashMap<>();
        for (int i = 0; i < outcomes.size(); i++) {
            Outcome outcome = outcomes.get(i);
            Booking booking = bookings.get(i);
            outcome.before().ifPresent(before -> {
                allocated.putIfAbsent(booking.workerId(), before.allocated());
                if (outcome.fate() == Fate.BOOKED) {
                    allocated.merge(booking.workerId(), booking.room(), Room::plus);
                }
            });
        }
        allocated.forEach((worker, room) -> fleet.holds(worker, room, at));
    }

    private void tell(List<Outcome> outcomes, boolean cold) {
        Set<WorkerId> workers = new HashSet<>();
        for (Outcome outcome : outcomes) {
            if (outcome.fate() == Fate.BOOKED) {
                workers.add(outcome.workerId());
                LOG.info("{} goes to {}", outcome.id(), outcome.workerId());
            }
        }
        workers.forEach(worker -> post.nudge(new Nudge.BunkersChanged(worker)));
        if (cold) {
            post.nudge(new Nudge.CopiesAsked());
        }
    }
}
