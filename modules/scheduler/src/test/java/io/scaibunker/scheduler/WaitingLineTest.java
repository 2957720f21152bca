package io.scaibunker.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.bus.Question.PlaceBunker;
import io.scaibunker.model.BunkerId;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.PlatformException;
import io.scaibunker.model.Room;
import io.scaibunker.model.TenantId;
import io.scaibunker.model.UserId;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class WaitingLineTest {
    private final WaitingLine line = new WaitingLine();

    private static Order order() {
        return new Order(new PlaceBunker(
                BunkerId.fresh(), TenantId.fresh(), UserId.fresh(), ImageId.fresh(), "b", new Room(1, 1, 1), "{}", 0));
    }

    private List<Order> next() {
        return line.nextBatch(System.nanoTime());
    }

    @Test
    void whoseAskerHasHeardThatItFailedIsNotBookedAfterAll() {
        Order failed = order();
        Order other = order();
        line.addAll(List.of(failed, other));
        failed.fail(PlatformException.unavailable("the database", null));
        assertThat(next()).containsExactly(other);
        assertThat(line.isEmpty()).isTrue();
    }

    @Test
    void aBatchIsBoundedAndOneThatMayBeWrongIsByItself() {
        line.addAll(Stream.generate(WaitingLineTest::order)
                .limit(WaitingLine.BATCH_MAX + 1)
                .toList());
        assertThat(next()).hasSize(WaitingLine.BATCH_MAX);
        Order alone = order();
        alone.isolate();
        line.add(alone);
        line.add(order());
        assertThat(next()).hasSize(1).doesNotContain(alone);
        assertThat(next()).containsExactly(alone);
        assertThat(next()).hasSize(1);
    }

    @Test
    void whoWaitedTooLongHearsThatAndIsNotDecided() {
        Order late = order();
        line.add(late);
        assertThat(line.nextBatch(System.nanoTime() + Duration.ofMinutes(1).toNanos()))
                .isEmpty();
        assertThat(late.answered().failed()).isTrue();
    }
}
