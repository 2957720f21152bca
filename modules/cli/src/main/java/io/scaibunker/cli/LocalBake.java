package io.scaibunker.cli;

import io.scaibunker.ext4.ImageSpec;
import io.scaibunker.ext4.SegmentDirectory;
import io.scaibunker.ext4.SegmentStore;
import io.scaibunker.ext4.WrittenImage;
import io.scaibunker.oci.ImageReference;
import io.scaibunker.oci.ImageSource;
import io.scaibunker.oci.ImageSources;
import io.scaibunker.oci.Layer;
import io.scaibunker.oci.ResolvedImage;
import io.scaibunker.oci.SourceConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** One bake on this machine: resolve → fetch what does not lie here, and write what does. */
final class LocalBake {
    private final BakeOrder order;
    private final Progress progress;
    private final Map<String, Duration> phases = new LinkedHashMap<>();

    LocalBake(BakeOrder order, Progress progress) {
        this.order = order;
        this.progress = progress;
    }

    BakeResult run() throws IOException {
        var measure = new Measure();
        try (var source = open();
                var _ = new Interruption(source::cancel)) {
            return bake(source, resolve(source), measure);
        } finally {
            progress.end();
        }
    }

    private ImageSource open() {
        var config = SourceConfig.DEFAULTS.withInsecureHosts(order.insecureRegistries());
        var sources = order.dockerConfig().map(config::withDockerConfig).orElse(config);
        return switch (order.source()) {
            case BakeSource.Registry(var reference) ->
                new ImageSources(sources).registry(reference, order.platform(), Optional.empty());
            case BakeSource.Layout(var directory) -> local(sources, directory);
            case BakeSource.Archive(var file) -> local(sources, file);
        };
    }

    /** The path is the caller's own: the directory that it lies in is opened for it. */
    private ImageSource local(SourceConfig config, Path path) {
        var parent = Objects.requireNonNullElse(path.getParent(), path);
        return new ImageSources(config.withTarRoots(List.of(parent))).tar(path.toString(), order.platform());
    }

    private ResolvedImage resolve(ImageSource source) {
        progress.enter("resolving");
        var start = System.nanoTime();
        var image = source.resolve(progress::bytes);
        phases.put("resolving", Duration.ofNanos(System.nanoTime() - start));
        return image;
    }

    private BakeResult bake(ImageSource source, ResolvedImage image, Measure measure) throws IOException {
        WrittenImage written;
        LayerFetch fetch;
        try (var place = place();
                var begun = new LayerFetch(source, image, layer -> lyingHere(layer, image), place, progress)) {
            fetch = begun;
            var spec = new ImageSpec(order.sizeMib(), image.digest().toString());
            var segments =
                    order.segments().<SegmentStore>map(SegmentDirectory::new).orElse(SegmentStore.NONE);
            written = order.baker().writer(segments).write(fetch.layers(), spec, order.out(), fetch::baked);
        }
        phases.put("fetching", fetch.took());
        phases.putAll(written.phases());
        return new BakeResult(order, image, written, fetch.fetchedBytes(), phases, measure.took(), measure.bytes());
    }

    private BlobPlace place() throws IOException {
        return order.source() instanceof BakeSource.Registry(var reference)
                        && order.blobs().isPresent()
                ? new KeptBlobs(order.blobs().get(), ImageReference.parse(reference), KeptBlobs.MOST_BYTES)
                : new BlobPlace.Passing(order.out());
    }

    /** The layer's file in the source itself, where it has one of its own. */
    private Optional<Path> lyingHere(Layer layer, ResolvedImage image) throws IOException {
        var file = switch (order.source()) {
            case BakeSource.Registry _ -> null;
            case BakeSource.Layout(var directory) ->
                directory.resolve("blobs/sha256").resolve(layer.digest().hex());
            case BakeSource.Archive(var archive) -> layer.digest().equals(image.digest()) ? archive : null;
        };
        // Anything else than a file of this length is left to the source, which has words for it.
        return file != null && Files.isRegularFile(file) && Files.size(file) == layer.size()
                ? Optional.of(file)
                : Optional.empty();
    }

    /** What was used since it was made. */
    private static final class Measure {
        private final long start = System.nanoTime();
        private final Optional<ProcessBytes> before = ProcessBytes.now();

        Duration took() {
            return Duration.ofNanos(System.nanoTime() - start);
        }

        Optional<ProcessBytes> bytes() {
            return before.flatMap(first -> ProcessBytes.now().map(now -> now.minus(first)));
        }
    }
}
