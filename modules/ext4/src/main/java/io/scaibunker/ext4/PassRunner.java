package io.scaibunker.ext4;

import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * Runs the passes over the layers, the lowest ones first, on threads of its own; tells of the progress meanwhile. When one
 * fails, or the bake is cancelled, all are ended before that is thrown.
 */
final class PassRunner {
    private final int threads;
    private final Segments segments;
    private final BakeProgress progress;

    PassRunner(int threads, Segments segments, BakeProgress progress) {
        this.threads = threads;
        this.segments = segments;
        this.progress = progress;
    }

    void run(List<LayerPass> passes) throws IOException {
        if (passes.isEmpty()) {
            return;
        }
        var factory = Thread.ofPlatform().name("bake-layer-", 0).daemon().factory();
        var executor = Executors.newFixedThreadPool(Math.min(threads, passes.size()), factory);
        try {
            var completion = new ExecutorCompletionService<LayerPass>(executor);
            passes.forEach(pass -> completion.submit(running(pass)));
            for (var left = passes.size(); left > 0; ) {
                progress.tick();
                var ended = completion.poll(50, TimeUnit.MILLISECONDS);
                if (ended != null) {
                    ended.get();
                    left--;
                }
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new CancellationException("the bake was interrupted");
        } catch (ExecutionException failed) {
            throw failure(failed);
        } finally {
            segments.stop();
            end(executor);
        }
    }

    private static Callable<LayerPass> running(LayerPass pass) {
        return () -> {
            pass.run();
            return pass;
        };
    }

    /** The pass's own exception, as the caller of a writer knows them. */
    private static IOException failure(ExecutionException failed) {
        return switch (Objects.requireNonNull(failed.getCause())) {
            case IOException problem -> problem;
            case RuntimeException problem -> throw problem;
            case Error problem -> throw problem;
            default -> throw new IllegalStateException(failed);
        };
    }

    /** Ends the threads and waits for them, for the files they write to are about to go. */
    private static void end(ExecutorService executor) {
        executor.shutdownNow();
        await(executor);
    }

    /** Waits for the threads of an executor that is shut down, whatever comes. */
    static void await(ExecutorService executor) {
        var interrupted = false;
        for (var ended = false; !ended; ) {
            try {
                ended = executor.awaitTermination(1, TimeUnit.MINUTES);
            } catch (InterruptedException again) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
