package io.scaibunker.cli;

import io.scaibunker.ext4.ImageSpec;
import io.scaibunker.ext4.SegmentDirectory;
import io.scaibunker.ext4.SegmentStore;
import io.scaibunker.ext4.WrittenImage;
import io.scaibunker.layers.Layer;
import io.scaibunker.layers.LayerStack;
import io.scaibunker.oci.BlobDir;
import io.scaibunker.oci.ContentDigest;
import io.scaibunker.oci.ImageSource;
import io.scaibunker.oci.ImageSources;
import io.scaibunker.oci.ResolvedImage;
import io.scaibunker.oci.SourceConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** One bake on this machine: resolve → fetch what does not lie here → write. */
final class LocalBake {
    private final BakeOrder order;
    private final Progress progress;
    private final Map<String, Duration> phases = new LinkedHashMap<>();

    LocalBake(BakeOrder order, Progress progress) {
        this.order = order;
        this.progress = progress;
    }

    BakeResult run() throws IOException {
        var start = System.nanoTime();
        var bytesBefore = ProcessBytes.now();
        try (var source = open();
                var _ = new Interruption(source::cancel)) {
            var image = resolve(source);
            var written = bake(source, image);
            phases.putAll(written.phases());
            var bytes = bytesBefore.flatMap(before -> ProcessBytes.now().map(now -> now.minus(before)));
            return new BakeResult(order, image, written, phases, Duration.ofNanos(System.nanoTime() - start), bytes);
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

    private WrittenImage bake(ImageSource source, ResolvedImage image) throws IOException {
        try (var place = new FetchPlace(order.out())) {
            progress.enter("fetching");
            var start = System.nanoTime();
            var layers = fetch(source, image, place);
            phases.put("fetching", Duration.ofNanos(System.nanoTime() - start));
            progress.enter("baking");
            var spec = new ImageSpec(order.sizeMib(), image.digest().toString());
            var segments =
                    order.segments().<SegmentStore>map(SegmentDirectory::new).orElse(SegmentStore.NONE);
            return order.baker().writer(segments).write(layers, spec, order.out(), progress::bytes);
        }
    }

    private LayerStack fetch(ImageSource source, ResolvedImage image, FetchPlace place) throws IOException {
        var total = image.compressedBytes();
        var layers = new ArrayList<Layer>();
        var before = 0L;
        for (var layer : image.layers()) {
            var done = before;
            var here = lyingHere(layer, image);
            var blob = here.isPresent()
                    ? here.get()
                    : source.fetch(layer, place.blobs(), (bytes, _) -> progress.bytes(done + bytes, total));
            var diffId = layer.diffId().map(ContentDigest::toString).orElse("");
            layers.add(new CheckedLayer(diffId, blob, layer.size(), layer.digest()));
            before += layer.size();
        }
        return new LayerStack(layers);
    }

    /** The layer's file in the source itself, where it has one of its own. */
    private Optional<Path> lyingHere(io.scaibunker.oci.Layer layer, ResolvedImage image) throws IOException {
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

    /** Where fetched layers lie meanwhile: beside the target, made when it is needed. */
    private static final class FetchPlace implements AutoCloseable {
        private final Path target;
        private Optional<Path> directory = Optional.empty();

        FetchPlace(Path target) {
            this.target = target;
        }

        BlobDir blobs() throws IOException {
            if (directory.isEmpty()) {
                directory = Optional.of(Files.createTempDirectory(target.getParent(), ".bake-layers-"));
            }
            return new BlobDir(directory.get());
        }

        @Override
        public void close() throws IOException {
            if (directory.isPresent()) {
                try (var files = Files.newDirectoryStream(directory.get())) {
                    for (var file : files) {
                        Files.deleteIfExists(file);
                    }
                }
                Files.deleteIfExists(directory.get());
            }
        }
    }
}
