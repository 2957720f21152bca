package io.scaibunker.cli;

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

/** An image as it is brought here: resolve → fetch what does not lie here. Closing it removes what was fetched. */
final class LocalSource implements AutoCloseable {
    private final SourceOrder order;
    private final Progress progress;
    private final FetchPlace place;
    private final ImageSource source;
    private final Map<String, Duration> phases = new LinkedHashMap<>();

    /** @param near in which directory fetched layers lie meanwhile */
    LocalSource(SourceOrder order, Path near, Progress progress) {
        this.order = order;
        this.progress = progress;
        this.place = new FetchPlace(near);
        this.source = open();
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

    ResolvedImage resolve() throws IOException {
        progress.enter("resolving");
        var start = System.nanoTime();
        var image = source.resolve(progress::bytes);
        phases.put("resolving", Duration.ofNanos(System.nanoTime() - start));
        return image;
    }

    LayerStack fetch(ResolvedImage image) throws IOException {
        progress.enter("fetching");
        var start = System.nanoTime();
        var stack = new LayerStack(layers(image));
        phases.put("fetching", Duration.ofNanos(System.nanoTime() - start));
        return stack;
    }

    private List<Layer> layers(ResolvedImage image) throws IOException {
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
        return layers;
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

    /** Wall time by phase, in the order in which they ran. */
    Map<String, Duration> phases() {
        return phases;
    }

    /** Ends what waits for bytes; from any thread. */
    void cancel() {
        source.cancel();
    }

    @Override
    public void close() throws IOException {
        try (place) {
            source.close();
        }
    }

    /** Where fetched layers lie meanwhile, made when it is needed. */
    private static final class FetchPlace implements AutoCloseable {
        private final Path near;
        private Optional<Path> directory = Optional.empty();

        FetchPlace(Path near) {
            this.near = near;
        }

        BlobDir blobs() throws IOException {
            if (directory.isEmpty()) {
                directory = Optional.of(Files.createTempDirectory(near, ".bake-layers-"));
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
