package io.scaibunker.worker;

import static io.scaibunker.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.model.ImageId;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TurnsTest {
    private final Turns turns = new Turns(1, Thread.ofPlatform().daemon().factory());
    private final CountDownLatch first = new CountDownLatch(1);
    private final List<ImageId> done = new CopyOnWriteArrayList<>();

    TurnsTest() {
        turns.execute(ImageId.fresh(), false, () -> {
            try {
                first.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    @AfterEach
    void close() {
        turns.close();
    }

    @Test
    void whatSomebodyWaitsForGoesFirstAndTheRestAsItCame() {
        var one = wait(false);
        var two = wait(false);
        var awaited = wait(true);
        var three = wait(false);
        first.countDown();
        eventually(() -> assertThat(done).containsExactly(awaited, one, two, three));
    }

    @Test
    void whoIsHurriedGoesBeforeThoseThatNobodyWaitsForAndNobodyIsLost() {
        var one = wait(false);
        var two = wait(false);
        var three = wait(false);
        turns.hurry(three);
        turns.hurry(two);
        turns.hurry(ImageId.fresh());
        first.countDown();
        eventually(() -> assertThat(done).containsExactly(two, three, one));
    }

    private ImageId wait(boolean awaited) {
        var image = ImageId.fresh();
        turns.execute(image, awaited, () -> done.add(image));
        return image;
    }
}
