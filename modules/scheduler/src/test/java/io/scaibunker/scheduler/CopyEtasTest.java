package io.scaibunker.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.bus.News.CopyProgressed;
import io.scaibunker.model.CachePhase;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.WorkerId;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class CopyEtasTest {
    private static final ImageId IMAGE = ImageId.fresh();
    private static final WorkerId WORKER = WorkerId.fresh();

    private Instant now = Instant.EPOCH;
    private final CopyEtas etas = new CopyEtas(() -> now);

    @Test
    void aCopyIsReadyWhenWhatIsLeftHasCome() {
        assertThat(etas.of(IMAGE, WORKER)).isEmpty();
        etas.hear(progress(WORKER, 200, 1000, 40));
        assertThat(etas.of(IMAGE, WORKER)).hasValue(20);
        now = now.plusSeconds(5);
        assertThat(etas.of(IMAGE, WORKER)).hasValue(15);
        etas.hear(progress(WORKER, 1000, 1000, 40));
        assertThat(etas.of(IMAGE, WORKER)).hasValue(1);
        assertThat(etas.of(ImageId.fresh(), WORKER)).isEmpty();
    }

    @Test
    void whereNothingMovesNothingIsKnown() {
        etas.hear(progress(WORKER, 200, 1000, 40));
        etas.hear(progress(WORKER, 200, 1000, 0));
        assertThat(etas.of(IMAGE, WORKER)).isEmpty();
        etas.hear(progress(WORKER, 200, 0, 40));
        assertThat(etas.of(IMAGE, WORKER)).isEmpty();
    }

    @Test
    void whoSaysNoMoreIsForgottenAndNoMoreThanSoManyAreKept() {
        etas.hear(progress(WORKER, 200, 1000, 1));
        now = now.plus(CopyEtas.FORGOTTEN_AFTER).plusMillis(1);
        assertThat(etas.of(IMAGE, WORKER)).isEmpty();
        for (int i = 0; i < CopyEtas.COPIES_MAX + 10; i++) {
            etas.hear(progress(WorkerId.fresh(), 200, 1000, 1));
        }
        assertThat(etas.size()).isEqualTo(CopyEtas.COPIES_MAX);
    }

    private static CopyProgressed progress(WorkerId worker, long done, long total, long perSecond) {
        return new CopyProgressed(worker, IMAGE, 1, CachePhase.FETCHING, done, total, perSecond, "registry");
    }
}
