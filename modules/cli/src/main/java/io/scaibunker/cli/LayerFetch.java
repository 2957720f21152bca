package io.scaibunker.cli;

import io.scaibunker.layers.Layer;
import io.scaibunker.layers.LayerStack;
import io.scaibunker.oci.ContentDigest;
import io.scaibunker.oci.ImageSource;
import io.scaibunker.oci.ResolvedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Brings an image's layers to this machine, the lowest one first, one at a time, in a thread of its own: while those that are
 * here are decompressed, the next one is on its way. Who opens a layer waits for it.
 */
final class LayerFetch implements AutoCloseable {
    /** Says where a layer lies that need not be brought. */
    @FunctionalInterface
    interface Here {
        Optional<Path> find(io.scaibunker.oci.Layer layer) throws IOException;
    }

    private final ImageSource source;
    private final ResolvedImage image;
    private final Here here;
    private final BlobPlace place;
    private final Progress progress;
    private final String next;
    private final List<CompletableFuture<Path>> blobs = new ArrayList<>();
    private final Thread thread;
    private final long start = System.nanoTime();
    private volatile long end;
    private volatile long fetchedBytes;
    private volatile boolean underWay = true;
    private volatile @Nullable Throwable failure;

    /**
     * Begins at once. The source is no other thread's until this is closed.
     *
     * @param next what those that watch are told is done when all layers are here
     */
    LayerFetch(ImageSource source, ResolvedImage image, Here here, BlobPlace place, Progress progress, String next) {
        this.source = source;
        this.image = image;
        this.here = here;
        this.place = place;
        this.progress = progress;
        this.next = next;
        image.layers().forEach(_ -> blobs.add(new CompletableFuture<>()));
        progress.enter("fetching");
        thread = Thread.ofPlatform().name("fetch").daemon().start(this::fetchAll);
    }

    /** The layers, each of which opens when it is here. */
    LayerStack layers() {
        var layers = new ArrayList<Layer>();
        for (var layer : image.layers()) {
            var diffId = layer.diffId().map(ContentDigest::toString).orElse("");
            layers.add(new CheckedLayer(diffId, blobs.get(layers.size()), layer.size(), layer.digest()));
        }
        return new LayerStack(layers);
    }

    /**
     * How far who reads the layers is. Those that watch are told when all layers are here; until then it is the fetching that
     * they are told of. Throws what that failed with, before anybody opens the layer that did not come.
     */
    void progressed(long done, long total) {
        if (failure instanceof RuntimeException failed) {
            throw failed;
        }
        if (!underWay) {
            progress.bytes(done, total);
        }
    }

    private void fetchAll() {
        try {
            var before = 0L;
            for (var index = 0; index < blobs.size(); index++) {
                var layer = image.layers().get(index);
                blobs.get(index).complete(fetch(layer, before));
                before += layer.size();
            }
            progress.enter(next);
        } catch (IOException | RuntimeException | Error failed) {
            failure = failed;
            blobs.forEach(blob -> blob.completeExceptionally(failed));
        } finally {
            end = System.nanoTime();
            underWay = false;
        }
    }

    private Path fetch(io.scaibunker.oci.Layer layer, long before) throws IOException {
        var lies = here.find(layer);
        if (lies.isEmpty()) {
            lies = place.find(layer);
        }
        if (lies.isPresent()) {
            return lies.get();
        }
        var total = image.compressedBytes();
        var fetched = place.fetch(source, layer, (bytes, _) -> progress.bytes(before + bytes, total));
        fetchedBytes += layer.size();
        return fetched;
    }

    /** From the first step to the last, or until now. */
    Duration took() {
        return Duration.ofNanos((underWay ? System.nanoTime() : end) - start);
    }

    /** What had to be brought so far. */
    long fetchedBytes() {
        return fetchedBytes;
    }

    /** Ends what is still under way. */
    @Override
    public void close() {
        if (underWay) {
            source.cancel();
        }
        var interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException again) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
