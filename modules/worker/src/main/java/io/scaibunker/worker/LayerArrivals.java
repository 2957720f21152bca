package io.scaibunker.worker;

import io.scaibunker.layers.Layer;
import io.scaibunker.layers.LayerStack;
import io.scaibunker.model.CachePhase;
import io.scaibunker.oci.ByteProgress;
import io.scaibunker.oci.ContentDigest;
import io.scaibunker.oci.ResolvedImage;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/**
 * Brings an image's layers, the lowest one first, in a thread of its own: while those that are here are unpacked, the next one
 * is on its way. Who opens a layer waits for it.
 */
final class LayerArrivals implements AutoCloseable {
    private static final int BUFFER = 1 << 18;

    /** Brings one layer's blob as a local file. */
    @FunctionalInterface
    interface Fetch {
        Path blob(io.scaibunker.oci.Layer layer, ByteProgress progress) throws IOException;
    }

    private final BakeJob job;
    private final ResolvedImage image;
    private final Fetch fetch;
    private final List<CompletableFuture<Path>> blobs = new ArrayList<>();
    private final Thread thread;
    private volatile boolean underWay = true;

    /** Begins at once; what {@code fetch} asks is no other thread's until this is closed. */
    LayerArrivals(BakeJob job, ResolvedImage image, Fetch fetch) {
        this.job = job;
        this.image = image;
        this.fetch = fetch;
        image.layers().forEach(layer -> blobs.add(new CompletableFuture<>()));
        job.enter(CachePhase.FETCHING);
        thread = Thread.ofPlatform().name("bake-arrivals").daemon().start(this::fetchAll);
    }

    /** The layers, each of which opens when it is here. */
    LayerStack layers() {
        List<Layer> layers = new ArrayList<>();
        for (io.scaibunker.oci.Layer layer : image.layers()) {
            layers.add(new Arriving(
                    layer.diffId().map(ContentDigest::toString).orElse(""), blobs.get(layers.size()), layer.size()));
        }
        return new LayerStack(layers);
    }

    private record Arriving(String diffId, CompletableFuture<Path> blob, long storedBytes) implements Layer {
        @Override
        public InputStream open() throws IOException {
            return new BufferedInputStream(Files.newInputStream(arrived(blob)), BUFFER);
        }
    }

    private static Path arrived(CompletableFuture<Path> blob) throws IOException {
        try {
            return blob.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted while a layer was fetched");
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case IOException problem -> throw problem;
                case RuntimeException problem -> throw problem;
                case null, default -> throw new IllegalStateException(e);
            }
        }
    }

    private void fetchAll() {
        try {
            long total = image.compressedBytes();
            long before = 0;
            for (int index = 0; index < blobs.size(); index++) {
                io.scaibunker.oci.Layer layer = image.layers().get(index);
                long done = before;
                blobs.get(index)
                        .complete(fetch.blob(
                                layer, (bytes, all) -> job.progress(CachePhase.FETCHING, done + bytes, total)));
                before += layer.size();
            }
            job.enter(CachePhase.BAKING);
        } catch (IOException | RuntimeException | Error failed) {
            blobs.forEach(blob -> blob.completeExceptionally(failed));
        } finally {
            underWay = false;
        }
    }

    /** How far the unpacking is; told when all layers are here, and until then it is their fetching that is. */
    void progressed(long done, long total) {
        if (underWay) {
            job.check();
        } else {
            job.progress(CachePhase.BAKING, done, total);
        }
    }

    /** Waits for all layers, also those that nobody had to open: who may not have one of them may not have the image. */
    void await() throws IOException {
        for (CompletableFuture<Path> blob : blobs) {
            arrived(blob);
        }
        try {
            // What it tells of itself is told before anything else is.
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted while layers were fetched");
        }
    }

    /** Ends what is still under way. */
    @Override
    public void close() {
        if (underWay) {
            job.stopReading();
            thread.interrupt();
        }
        boolean interrupted = false;
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
