package io.scaibunker.worker;

import io.scaibunker.model.ImageId;
import io.scaibunker.telemetry.Measure;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Where blocking work is done: bakes on a few platform threads, since they keep a core or a disk busy; short file work on
 * one more; waiting for machines on virtual threads, a bounded number of boots at once.
 */
final class Bench {
    private final Vertx vertx;
    private final Turns bakes;
    private final Turns fetches;
    private final ExecutorService files;
    private final ExecutorService waits;
    private final int bootSlots;
    private final Semaphore boots;
    private final List<Runnable> gauges;

    Bench(Vertx vertx, int bakeSlots, int downloadSlots, int bootSlots) {
        this.vertx = vertx;
        this.bakes = new Turns(
                bakeSlots, Thread.ofPlatform().name("bake-", 1).daemon().factory());
        this.fetches = new Turns(
                downloadSlots, Thread.ofPlatform().name("fetch-", 1).daemon().factory());
        this.files = Executors.newSingleThreadExecutor(
                Thread.ofPlatform().name("files").daemon().factory());
        this.waits = Executors.newThreadPerTaskExecutor(
                Thread.ofVirtual().name("machine-", 1).factory());
        this.bootSlots = bootSlots;
        this.boots = new Semaphore(bootSlots, true);
        this.gauges = List.of(
                Measure.QUEUE.gauge(bakes::waiting, "bake"),
                Measure.QUEUE.gauge(fetches::waiting, "fetch"),
                Measure.QUEUE.gauge(boots::getQueueLength, "boot"));
    }

    /** A bake; waits its turn, behind those that somebody waits for. */
    <T> Future<T> run(ImageId image, boolean awaited, Callable<T> work) {
        return on(task -> bakes.execute(image, awaited, task), work);
    }

    /** A copy from other workers; waits its turn, behind those that somebody waits for. */
    <T> Future<T> fetch(ImageId image, boolean awaited, Callable<T> work) {
        return on(task -> fetches.execute(image, awaited, task), work);
    }

    /** Somebody waits for this image now: if it waits its turn, it goes before those that nobody waits for. */
    void hurry(ImageId image) {
        bakes.hurry(image);
        fetches.hurry(image);
    }

    /** Something short with files. */
    <T> Future<T> runShort(Callable<T> work) {
        return on(files, work);
    }

    /** Something that waits for a machine. */
    <T> Future<T> await(Callable<T> work) {
        return on(waits, work);
    }

    /** A boot; waits its turn. */
    <T> Future<T> boot(Callable<T> work) {
        return on(waits, () -> {
            boots.acquire();
            try {
                return work.call();
            } finally {
                boots.release();
            }
        });
    }

    /** Done on the caller's context. */
    private <T> Future<T> on(Executor executor, Callable<T> work) {
        Context context = vertx.getOrCreateContext();
        Promise<T> promise = Promise.promise();
        try {
            executor.execute(() -> {
                try {
                    T result = work.call();
                    context.runOnContext(back -> promise.complete(result));
                } catch (Throwable e) {
                    context.runOnContext(back -> promise.fail(e));
                }
            });
        } catch (RejectedExecutionException e) {
            promise.fail(e);
        }
        return promise.future();
    }

    /** Whether a machine boots now. */
    boolean isBooting() {
        return boots.availablePermits() < bootSlots;
    }

    /** Ends what runs and takes no more. */
    void close(Duration limit) throws InterruptedException {
        gauges.forEach(Runnable::run);
        bakes.close();
        fetches.close();
        waits.shutdownNow();
        files.shutdown();
        bakes.awaitTermination(limit.toMillis(), TimeUnit.MILLISECONDS);
        fetches.awaitTermination(limit.toMillis(), TimeUnit.MILLISECONDS);
        waits.awaitTermination(limit.toMillis(), TimeUnit.MILLISECONDS);
        files.awaitTermination(limit.toMillis(), TimeUnit.MILLISECONDS);
    }
}
