package io.scaibunker.worker;

import io.scaibunker.model.ImageId;
import java.util.List;
import java.util.concurrent.PriorityBlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** A few threads and who waits for one: first what somebody waits for, then what came first. */
final class Turns {
    private final PriorityBlockingQueue<Runnable> waiting = new PriorityBlockingQueue<>();
    private final ThreadPoolExecutor threads;
    private final AtomicLong numbers = new AtomicLong();

    /** Work for one image. Where it stands never changes while it waits; who is hurried waits anew. */
    private record Turn(ImageId image, boolean awaited, long number, Runnable work)
            implements Runnable, Comparable<Turn> {
        @Override
        public void run() {
            work.run();
        }

        @Override
        public int compareTo(Turn other) {
            return awaited == other.awaited ? Long.compare(number, other.number) : (awaited ? -1 : 1);
        }
    }

    Turns(int slots, ThreadFactory factory) {
        this.threads = new ThreadPoolExecutor(slots, slots, 0, TimeUnit.MILLISECONDS, waiting, factory);
    }

    /** @throws java.util.concurrent.RejectedExecutionException after {@link #close} */
    void execute(ImageId image, boolean awaited, Runnable work) {
        threads.execute(new Turn(image, awaited, numbers.getAndIncrement(), work));
    }

    /** What waits for this image goes before what nobody waits for. */
    void hurry(ImageId image) {
        for (Runnable one : List.copyOf(waiting)) {
            if (one instanceof Turn turn && turn.image().equals(image) && !turn.awaited() && waiting.remove(turn)) {
                waiting.add(new Turn(image, true, turn.number(), turn.work()));
            }
        }
    }

    /** How many wait. */
    int waiting() {
        return waiting.size();
    }

    /** Ends what runs and takes no more. */
    void close() {
        threads.shutdownNow();
    }

    void awaitTermination(long milliseconds, TimeUnit unit) throws InterruptedException {
        threads.awaitTermination(milliseconds, unit);
    }
}
