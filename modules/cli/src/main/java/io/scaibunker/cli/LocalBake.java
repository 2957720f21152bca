package io.scaibunker.cli;

import io.scaibunker.ext4.ImageSpec;
import io.scaibunker.ext4.SegmentDirectory;
import io.scaibunker.ext4.SegmentStore;
import io.scaibunker.ext4.WrittenImage;
import io.scaibunker.oci.ResolvedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Objects;

/** One bake on this machine: resolve → fetch what does not lie here, and write what does. */
final class LocalBake {
    private final BakeOrder order;
    private final Progress progress;

    LocalBake(BakeOrder order, Progress progress) {
        this.order = order;
        this.progress = progress;
    }

    BakeResult run() throws IOException {
        var start = System.nanoTime();
        var bytesBefore = ProcessBytes.now();
        var directory = Objects.requireNonNullElse(order.out().getParent(), Path.of("/"));
        try (var source = new LocalSource(order.from(), directory, progress);
                var _ = new Interruption(source::cancel)) {
            var image = source.resolve();
            var written = write(source, image);
            var phases = new LinkedHashMap<>(source.phases());
            phases.putAll(written.phases());
            var bytes = bytesBefore.flatMap(before -> ProcessBytes.now().map(now -> now.minus(before)));
            return new BakeResult(
                    order,
                    image,
                    written,
                    source.fetchedBytes(),
                    phases,
                    Duration.ofNanos(System.nanoTime() - start),
                    bytes);
        } finally {
            progress.end();
        }
    }

    private WrittenImage write(LocalSource source, ResolvedImage image) throws IOException {
        var layers = source.fetch(image, "baking");
        var spec = new ImageSpec(order.sizeMib(), image.digest().toString());
        var segments = order.segments().<SegmentStore>map(SegmentDirectory::new).orElse(SegmentStore.NONE);
        return order.baker().writer(segments).write(layers, spec, order.out(), source::progressed);
    }
}
