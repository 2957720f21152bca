package io.scaibunker.cli;

import io.scaibunker.layers.LayerStack;
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
import org.jspecify.annotations.Nullable;

/**
 * An image as it is brought here: resolve → fetch what does not lie here. Closing it removes what was fetched, unless there is
 * a directory that keeps it.
 */
final class LocalSource implements AutoCloseable {
    private final SourceOrder order;
    private final Progress progress;
    private final ImageSource source;
    private final BlobPlace place;
    private final Map<String, Duration> phases = new LinkedHashMap<>();
    private @Nullable LayerFetch fetch;

    /** @param near in which directory fetched layers lie meanwhile */
    LocalSource(SourceOrder order, Path near, Progress progress) throws IOException {
        this.order = order;
        this.progress = progress;
        this.source = open();
        this.place = order.source() instanceof BakeSource.Registry(var reference)
                        && order.blobs().isPresent()
                ? new KeptBlobs(order.blobs().get(), ImageReference.parse(reference), KeptBlobs.MOST_BYTES)
                : new BlobPlace.Passing(near);
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

    /**
     * Begins to bring the layers here: each of them opens when it has come.
     *
     * @param next what those that watch are told is done when all are here
     */
    LayerStack fetch(ResolvedImage image, String next) {
        fetch = new LayerFetch(source, image, layer -> lyingHere(layer, image), place, progress, next);
        return fetch.layers();
    }

    /** How far who reads the layers is, for those that watch. Throws what kept a layer from coming. */
    void progressed(long done, long total) {
        if (fetch != null) {
            fetch.progressed(done, total);
        }
    }

    /** Of layers, brought here so far. */
    long fetchedBytes() {
        return fetch == null ? 0 : fetch.fetchedBytes();
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

    /** Wall time by phase, in the order in which they began; fetching goes on while layers are read. */
    Map<String, Duration> phases() {
        if (fetch != null) {
            phases.put("fetching", fetch.took());
        }
        return phases;
    }

    /** Ends what waits for bytes; from any thread. */
    void cancel() {
        source.cancel();
    }

    @Override
    public void close() throws IOException {
        try (place;
                source) {
            if (fetch != null) {
                fetch.close();
            }
        }
    }
}
