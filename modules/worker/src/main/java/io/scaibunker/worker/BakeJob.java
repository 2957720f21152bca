package io.scaibunker.worker;

import io.scaibunker.bus.Answer.RegistryCredential;
import io.scaibunker.bus.Answer.Turn;
import io.scaibunker.bus.Answer.WantedCopy;
import io.scaibunker.bus.Question.Copy;
import io.scaibunker.model.BuildSource;
import io.scaibunker.model.CachePhase;
import io.scaibunker.model.Digest;
import io.scaibunker.oci.ImageSource;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** One bake under way, as its thread and the event loop share it. Cancelling reaches it also while it waits on a socket. */
final class BakeJob {
    /** Told how a bake goes on, by the thread that bakes. */
    interface Listener {
        void phase(CachePhase phase);

        /**
         * @param source where they come from
         * @param total 0 while it is not known
         */
        void bytes(CachePhase phase, String source, long done, long total);

        /** The copy is in the ledger; what is left to do needs nobody to wait. */
        default void made(Copy copy) {}
    }

    private final WantedCopy wanted;
    private final Optional<RegistryCredential> credential;
    private final UnaryOperator<Digest> pin;
    private final Supplier<Turn> turn;
    private final Listener listener;
    private volatile String from;
    private volatile CachePhase phase;
    private volatile boolean made;
    private volatile boolean cancelled;
    private volatile @Nullable ImageSource source;
    private @Nullable Thread thread;

    /**
     * @param pin tells the fleet which digest the reference named; answers the one that is pinned. Blocks
     * @param turn asks the fleet whether this is ours to bake. Blocks
     */
    BakeJob(
            WantedCopy wanted,
            Optional<RegistryCredential> credential,
            UnaryOperator<Digest> pin,
            Supplier<Turn> turn,
            Listener listener) {
        this.wanted = wanted;
        this.credential = credential;
        this.pin = pin;
        this.turn = turn;
        this.listener = listener;
        this.phase = wanted.pinned() == null ? CachePhase.RESOLVING : CachePhase.FETCHING;
        this.from = switch (wanted.source()) {
            case BuildSource.Oci oci -> "registry";
            case BuildSource.Tar tar -> "tar";
            case BuildSource.Snapshot snapshot -> "snapshot";
        };
    }

    WantedCopy wanted() {
        return wanted;
    }

    Optional<RegistryCredential> credential() {
        return credential;
    }

    Digest pin(Digest found) {
        return pin.apply(found);
    }

    Turn turn() {
        return turn.get();
    }

    /** From here on its bytes come from another worker. */
    void from(String peer) {
        from = peer;
    }

    void enter(CachePhase entered) {
        check();
        phase = entered;
        listener.phase(entered);
    }

    /** What it does now, or would do first if it were its turn. */
    CachePhase phase() {
        return phase;
    }

    void made(Copy copy) {
        made = true;
        listener.made(copy);
    }

    /** Whether the listener was told of the copy. */
    boolean isMade() {
        return made;
    }

    void progress(CachePhase phase, long done, long total) {
        check();
        listener.bytes(phase, from, done, Math.max(0, total));
    }

    /** @throws CancellationException once the job is cancelled */
    void check() {
        if (cancelled) {
            throw new CancellationException("the copy of " + wanted.imageId() + " is not wanted any more");
        }
    }

    /** Waits, and no longer than the job is wanted. */
    synchronized void pause(long millis) throws InterruptedException {
        check();
        wait(millis);
        check();
    }

    /** From here on, cancelling interrupts {@code baking}. */
    synchronized void runOn(Thread baking) {
        thread = baking;
        check();
    }

    synchronized void finished() {
        thread = null;
        // What interrupted this bake must not interrupt the thread's next one.
        Thread.interrupted();
    }

    void opened(ImageSource opened) {
        source = opened;
        check();
    }

    void cancel() {
        cancelled = true;
        stopReading();
        interrupt();
    }

    /** Ends what reads the source now, for good. */
    void stopReading() {
        ImageSource open = source;
        if (open != null) {
            open.cancel();
        }
    }

    private synchronized void interrupt() {
        notifyAll();
        if (thread != null) {
            thread.interrupt();
        }
    }
}
