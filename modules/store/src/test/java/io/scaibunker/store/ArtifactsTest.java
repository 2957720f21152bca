package io.scaibunker.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.model.Digest;
import io.scaibunker.model.PartnerId;
import io.scaibunker.model.Scope;
import io.scaibunker.model.TenantId;
import io.scaibunker.model.WorkerId;
import io.scaibunker.store.Artifacts.Artifact;
import io.scaibunker.store.Artifacts.Layout;
import io.scaibunker.store.Artifacts.Segment;
import io.scaibunker.testkit.Seeds.Owner;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class ArtifactsTest extends StoreFixture {
    private static final Digest BASE = new Digest("sha256:" + "b".repeat(64));
    private static final Digest TOP = new Digest("sha256:" + "7".repeat(64));

    private final Owner owner = seeds.owner();
    private final UUID image = seeds.image(owner);
    private int made;

    @Test
    void theLayoutThatTheBakerToldFirstIsKept() {
        baked(image, segment(BASE, true), segment(TOP, false));
        lay(digestOf(1), segment(TOP, true));

        assertThat(layout(owner, image)).contains(new Layout(List.of(segment(BASE, true), segment(TOP, false)), 2));
    }

    @Test
    void whatNobodyToldIsNotThere() {
        assertThat(layout(owner, image)).isEmpty();
        record(image, digestOf(1));
        assertThat(layout(owner, image)).isEmpty();
        assertThat(lay(digestOf(2), segment(BASE, false))).isFalse();
        assertThat(layout(owner, image)).isEmpty();
    }

    @Test
    void aWriterThatLaysNothingOutByLayersSaysSo() {
        baked(image);
        assertThat(layout(owner, image)).contains(new Layout(List.of(), 2));
    }

    @Test
    void aLayerWithoutANameIsSharedWithNobody() {
        baked(image, segment(null, false));
        baked(seeds.image(owner), segment(null, false));
        assertThat(layout(owner, image).orElseThrow().segments()).containsExactly(segment(null, false));
    }

    @Test
    void ofTheImagesThatShareALayerThoseAreCountedThatOneSees() {
        Owner stranger = seeds.owner();
        UUID retired = seeds.image(owner);
        baked(image, segment(BASE, false), segment(TOP, false));
        baked(seeds.image(owner), segment(BASE, true));
        baked(retired, segment(BASE, true));
        baked(seeds.image(stranger), segment(BASE, true), segment(TOP, true));
        baked(seeds.image(stranger, "platform"), segment(BASE, true));
        seeds.deactivate(retired);

        assertThat(layout(owner, image).orElseThrow().segments())
                .extracting(Segment::sharedWith)
                .containsExactly(2, 0);
        var whole = new Viewer(Scope.PLATFORM, new TenantId(owner.tenant()), new PartnerId(owner.partner()));
        assertThat(Artifacts.layout(sql, whole, image(image))
                        .await()
                        .orElseThrow()
                        .segments())
                .extracting(Segment::sharedWith)
                .containsExactly(3, 1);
    }

    private void baked(UUID of, Segment... segments) {
        Digest digest = digestOf(++made);
        record(of, digest);
        assertThat(lay(digest, segments)).isTrue();
    }

    private void record(UUID of, Digest digest) {
        var artifact = new Artifact("print of " + digest, digest, digest, 64, 32, 7);
        Artifacts.record(sql, image(of), WorkerId.fresh(), artifact).await();
    }

    private boolean lay(Digest digest, Segment... segments) {
        return Artifacts.layOut(sql, "print of " + digest, digest, new Layout(List.of(segments), 2))
                .await();
    }

    private Optional<Layout> layout(Owner seenBy, UUID of) {
        var viewer = Viewer.ofTenant(new TenantId(seenBy.tenant()), new PartnerId(seenBy.partner()));
        return Artifacts.layout(sql, viewer, image(of)).await();
    }

    private static Digest digestOf(int number) {
        return new Digest("sha256:" + String.format("%064x", number));
    }

    private static Segment segment(Digest diffId, boolean reused) {
        return new Segment(Optional.ofNullable(diffId), 8192, 4096, reused, 0);
    }
}
