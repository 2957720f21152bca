package io.scaibunker.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.model.CachePhase;
import io.scaibunker.model.PartnerId;
import io.scaibunker.model.Scope;
import io.scaibunker.model.TenantId;
import io.scaibunker.store.Convergence.Leaving;
import io.scaibunker.store.Convergence.Tally;
import io.scaibunker.store.Convergence.UnderWay;
import io.scaibunker.store.ImageCache.Answered;
import io.scaibunker.testkit.Seeds.Owner;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class ConvergenceTest extends StoreFixture {
    private final Owner owner = seeds.owner();
    private final UUID image = seeds.image(owner);
    private final UUID worker = seeds.worker();
    private final UUID group = seeds.group(owner);

    @Test
    void sinceWhenACopyIsMadeIsTrueHoweverOftenItsWorkerSaysThatItLives() {
        ask();
        Answered row = new Answered(worker(worker), image(image), 1);
        ImageCache.building(sql, row, runOf(worker(worker)), CachePhase.RESOLVING)
                .await();
        run("UPDATE image_cache SET building_since = now() - interval '5 minutes'", Map.of());
        OffsetDateTime began = underWay().getFirst().since();

        ImageCache.building(sql, row, runOf(worker(worker)), CachePhase.BAKING).await();
        assertThat(underWay()).extracting(UnderWay::since).containsExactly(began);

        ImageCache.pendingAgain(sql, row).await();
        ImageCache.building(sql, row, runOf(worker(worker)), CachePhase.BAKING).await();
        assertThat(underWay().getFirst().since()).isAfter(began.plusMinutes(4));
    }

    @Test
    void aCopyLeavesUntilItIsGone() {
        ask();
        seeds.ready(image, worker, "sha256:" + "1".repeat(64));
        assertThat(leaving()).isEmpty();

        run("UPDATE image_cache SET wanted = false", Map.of());
        assertThat(leaving()).extracting(Leaving::copies).containsExactly(1);
        assertThat(leaving()).extracting(Leaving::workerId).containsExactly(worker(worker));
        assertThat(tally()).extracting(Tally::leaving).containsExactly(1);

        ImageCache.evicted(sql, new Answered(worker(worker), image(image), 1)).await();
        assertThat(leaving()).isEmpty();
        assertThat(tally()).extracting(Tally::leaving).containsExactly(0);
    }

    @Test
    void whatLeavesIsOfImagesThatOneSees() {
        ask();
        seeds.ready(image, worker, "sha256:" + "1".repeat(64));
        run("UPDATE image_cache SET wanted = false", Map.of());
        Owner stranger = seeds.owner();
        assertThat(Convergence.leaving(sql, viewer(stranger), 10).await()).isEmpty();
    }

    private void ask() {
        seeds.addImage(group, image);
        seeds.addWorker(group, worker);
        ImageCache.spread(sql, image(image)).await();
    }

    private List<UnderWay> underWay() {
        return Convergence.underWay(sql, viewer(owner), 10).await();
    }

    private List<Leaving> leaving() {
        return Convergence.leaving(sql, viewer(owner), 10).await();
    }

    private List<Tally> tally() {
        return Convergence.tally(sql, viewer(owner)).await();
    }

    private static Viewer viewer(Owner whose) {
        return new Viewer(Scope.TENANT, new TenantId(whose.tenant()), new PartnerId(whose.partner()));
    }
}
