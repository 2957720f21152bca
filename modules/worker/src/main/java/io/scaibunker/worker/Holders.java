package io.scaibunker.worker;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Those who have a copy, as one fetch sees them: whom to ask next, and when to give up. A link that breaks says nothing about who is
 * behind it, so a peer that fails is asked again, after pauses that grow; one that lied or has not got it is not. To give up means
 * to read the source once more, so it takes a while in which nobody gave anything. For one thread.
 */
final class Holders {
    private static final long FIRST_PAUSE = TimeUnit.MILLISECONDS.toNanos(250);
    private static final long LONGEST_PAUSE = TimeUnit.SECONDS.toNanos(5);

    /** So often, while nobody gives anything, it is worth asking who has it by now. */
    private static final int LOOKS = 6;

    /** How it goes with a peer that fails. */
    private static final class Trouble {
        private int inARow;
        private long notBefore;
    }

    private final long patience;
    private final LongSupplier nanos;
    private final Set<String> told = new LinkedHashSet<>();
    private final Deque<String> next = new ArrayDeque<>();
    private final Map<String, Trouble> failing = new HashMap<>();
    private final Set<String> useless = new HashSet<>();
    private long lastSign;
    private long lastLook;

    /**
     * @param told those who have it all
     * @param patience how long it may be that nobody gives anything
     * @param nanos the time
     */
    Holders(List<String> told, Duration patience, LongSupplier nanos) {
        this.patience = patience.toNanos();
        this.nanos = nanos;
        this.told.addAll(told);
        this.next.addAll(told);
        lastSign = nanos.getAsLong();
        lastLook = lastSign;
    }

    /** Who is asked now; empty if all were, or none may be yet. */
    Optional<String> next() {
        for (String peer = next.poll(); peer != null; peer = next.poll()) {
            if (mayBeAsked(peer)) {
                return Optional.of(peer);
            }
        }
        return Optional.empty();
    }

    private boolean mayBeAsked(String peer) {
        Trouble trouble = failing.get(peer);
        return !useless.contains(peer) && (trouble == null || nanos.getAsLong() - trouble.notBefore >= 0);
    }

    /** All who have it are asked once more. */
    void again() {
        told.stream().filter(peer -> !next.contains(peer)).forEach(next::add);
    }

    /** Something new came from this peer. */
    void gave(String peer) {
        failing.remove(peer);
        lastSign = nanos.getAsLong();
        lastLook = lastSign;
    }

    /** The peer is there, and serves as many as it may; it names some of those, who have it soon. */
    void busy(String peer, List<String> instead) {
        gave(peer);
        instead.stream().filter(this::mayBeAsked).forEach(next::addFirst);
    }

    void failed(String peer) {
        Trouble trouble = failing.computeIfAbsent(peer, first -> new Trouble());
        trouble.notBefore = nanos.getAsLong() + Math.min(LONGEST_PAUSE, FIRST_PAUSE << Math.min(trouble.inARow, 10));
        trouble.inARow++;
    }

    /** It is not asked again. */
    void drop(String peer) {
        useless.add(peer);
    }

    /** Whether it is time to hear who has it by now; not again for a while. */
    boolean isTimeToLook() {
        long now = nanos.getAsLong();
        boolean due = now - lastLook >= patience / LOOKS;
        if (due) {
            lastLook = now;
        }
        return due;
    }

    /** These have it by now. A worker that was started anew has another address. */
    void found(List<String> holders) {
        told.clear();
        told.addAll(holders);
    }

    boolean isHopeless() {
        return useless.containsAll(told) || nanos.getAsLong() - lastSign >= patience;
    }
}
