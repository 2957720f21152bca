package io.scaibunker.scheduler;

import io.scaibunker.model.BunkerId;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.FieldError;
import io.scaibunker.model.NetworkProfile;
import io.scaibunker.model.Room;
import io.scaibunker.model.WorkerId;
import io.scaibunker.scheduler.Comparison.Pick;
import io.scaibunker.scheduler.Fleet.Standing;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;

/**
 * Who takes a bunker: a decision over the fleet as it is, that changes nothing.
 *
 * <p>Filters first, each a set of slots: status, scope, machines, network, copy. Of who is left some are looked at, beginning
 * at a place that the order's id draws, until a few with room are found ({@link Comparison}); the best of those takes it. So a rush of
 * orders spreads, and the time does not grow with the fleet. A ready copy goes before one that will soon be there, and that
 * before none at all (lazy pull).
 */
final class Placement {
    /** A copy that is there in so many seconds is worth waiting for rather than beginning another one. */
    static final int SOON_S = 60;

    /**
     * What is asked for.
     *
     * @param order tells orders apart, so that a rush of them does not run to one worker
     */
    record Ask(BunkerId order, Room room, NetworkProfile network) {}

    /** Whether the worker has the image. */
    enum Copy {
        READY,
        /** It is on its way and will be there soon. */
        COMING,
        TO_BE_FETCHED;

        String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** What was decided. */
    sealed interface Decision {}

    /**
     * @param considered workers that there are
     * @param passed how many of them were passed over, by reason
     * @param compared how many with room were compared
     * @param fullness of the worker, before
     * @param zoneFullness of its zone
     */
    record Chosen(
            int slot,
            WorkerId workerId,
            Copy copy,
            int considered,
            Map<Reason, Integer> passed,
            int compared,
            double fullness,
            double zoneFullness)
            implements Decision {}

    /**
     * @param earliestS when the first copy may be ready
     * @param worthWaiting whether a ready copy is all that is missing
     */
    record Refused(
            ErrorCode code, String message, List<FieldError> reasons, OptionalInt earliestS, boolean worthWaiting)
            implements Decision {}

    /** Why a worker is passed over; the first that holds counts. */
    enum Reason {
        LOST("is not heard any more"),
        JOINING("has just come and is not ready yet"),
        DRAINING("takes no new bunkers"),
        OUT_OF_SCOPE("is in no group that covers the image"),
        NO_MACHINES("cannot run microVMs"),
        NO_NETWORK("cannot give that network profile"),
        COPY_BUILDING("is making the image"),
        COPY_PENDING("will make the image"),
        COPY_FAILED("could not make the image"),
        COPY_MISSING("does not have the image"),
        NO_ROOM("has not enough room free");

        private final String text;

        Reason(String text) {
            this.text = text;
        }

        String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private final Fleet fleet;
    private final Ask ask;
    private final Standing standing;
    private final Function<WorkerId, OptionalInt> etaS;
    private final Map<Reason, Integer> passed = new EnumMap<>(Reason.class);

    private Placement(Fleet fleet, Ask ask, Standing standing, Function<WorkerId, OptionalInt> etaS) {
        this.fleet = fleet;
        this.ask = ask;
        this.standing = standing;
        this.etaS = etaS;
    }

    /** @param etaS in how many seconds a worker that makes the copy may have it */
    static Decision choose(Fleet fleet, Ask ask, Standing standing, Function<WorkerId, OptionalInt> etaS) {
        return new Placement(fleet, ask, standing, etaS).choose();
    }

    private Decision choose() {
        BitSet able = able();
        BitSet warm = intersection(able, standing.ready());
        Optional<Pick> pick = best(warm);
        if (pick.isPresent()) {
            able.andNot(warm);
            countCopies(able);
            return chosen(pick.get(), Copy.READY);
        }
        int full = warm.cardinality();
        able.andNot(warm);
        if (standing.image().lazyPull()) {
            return chosenCold(able).orElseGet(() -> {
                count(Reason.NO_ROOM, full + able.cardinality());
                return refused(able, full);
            });
        }
        countCopies(able);
        count(Reason.NO_ROOM, full);
        return refused(able, full);
    }

    /** Who could take it, had they the copy and the room. */
    private BitSet able() {
        BitSet left = new BitSet(fleet.size());
        left.set(0, fleet.size());
        drop(left, fleet.lost(), Reason.LOST);
        drop(left, fleet.joining(), Reason.JOINING);
        drop(left, fleet.draining(), Reason.DRAINING);
        keep(left, standing.inScope(), Reason.OUT_OF_SCOPE);
        drop(left, fleet.unable(), Reason.NO_MACHINES);
        keep(left, fleet.giving(ask.network()), Reason.NO_NETWORK);
        return left;
    }

    /** Who makes the copy, or will, and could take the order then. */
    private BitSet making(BitSet able) {
        BitSet makers = (BitSet) standing.building().clone();
        makers.or(standing.pending());
        makers.and(able);
        makers.stream().filter(slot -> !fleet.hasRoom(slot, ask.room())).forEach(makers::clear);
        return makers;
    }

    private Optional<Decision> chosenCold(BitSet cold) {
        BitSet coming = intersection(cold, standing.building());
        Optional<Pick> soonest = soonest(coming);
        return soonest.isPresent()
                ? soonest.map(pick -> chosen(pick, Copy.COMING))
                : best(cold).map(pick -> chosen(pick, Copy.TO_BE_FETCHED));
    }

    private Optional<Pick> soonest(BitSet coming) {
        return coming.stream()
                .filter(slot -> fleet.hasRoom(slot, ask.room()))
                .filter(slot -> eta(slot).orElse(Integer.MAX_VALUE) <= SOON_S)
                .mapToObj(slot -> new Pick(slot, 1, 0, eta(slot).orElseThrow()))
                .min((one, other) -> Double.compare(one.score(), other.score()));
    }

    private OptionalInt eta(int slot) {
        return etaS.apply(fleet.worker(slot));
    }

    /** The best of the first few with room, from a place that the order draws. */
    private Optional<Pick> best(BitSet among) {
        if (among.isEmpty()) {
            return Optional.empty();
        }
        int start = Math.floorMod(lot(), fleet.size());
        Comparison comparison = new Comparison(fleet, ask.room());
        comparison.look(among, start, fleet.size());
        comparison.look(among, 0, start);
        return comparison.best();
    }

    private Chosen chosen(Pick pick, Copy copy) {
        count(Reason.NO_ROOM, pick.full());
        return new Chosen(
                pick.slot(),
                fleet.worker(pick.slot()),
                copy,
                fleet.size(),
                passed,
                pick.compared(),
                fleet.fullness(pick.slot()),
                fleet.zoneFullness(pick.slot()));
    }

    /** As if drawn, and always the same for the same order. */
    private int lot() {
        long mixed = ask.order().value().getLeastSignificantBits() * 0x9e3779b97f4a7c15L;
        return (int) (mixed >>> 32);
    }

    private void countCopies(BitSet without) {
        BitSet left = (BitSet) without.clone();
        drop(left, standing.building(), Reason.COPY_BUILDING);
        drop(left, standing.pending(), Reason.COPY_PENDING);
        drop(left, standing.failed(), Reason.COPY_FAILED);
        count(Reason.COPY_MISSING, left.cardinality());
    }

    private void drop(BitSet left, BitSet out, Reason reason) {
        int before = left.cardinality();
        left.andNot(out);
        count(reason, before - left.cardinality());
    }

    private void keep(BitSet left, BitSet in, Reason reason) {
        int before = left.cardinality();
        left.and(in);
        count(reason, before - left.cardinality());
    }

    private void count(Reason reason, int workers) {
        if (workers > 0) {
            passed.merge(reason, workers, Integer::sum);
        }
    }

    private static BitSet intersection(BitSet one, BitSet other) {
        BitSet both = (BitSet) one.clone();
        both.and(other);
        return both;
    }

    /**
     * @param cold who could take it, had they the copy
     * @param full how many have it and have no room
     */
    private Refused refused(BitSet cold, int full) {
        BitSet making = making(cold);
        OptionalInt earliest = intersection(making, standing.building()).stream()
                .mapToObj(this::eta)
                .filter(OptionalInt::isPresent)
                .mapToInt(OptionalInt::getAsInt)
                .min();
        List<FieldError> reasons = passed.entrySet().stream()
                .map(entry -> new FieldError(entry.getKey().word(), words(entry.getKey(), entry.getValue(), earliest)))
                .toList();
        if (passed.containsKey(Reason.NO_ROOM)) {
            String message = full == 0
                    ? "no worker that may take this has room for it"
                    : "workers have the image ready, none has room for this";
            return new Refused(ErrorCode.WORKER_UNAVAILABLE, message, reasons, earliest, !making.isEmpty());
        }
        boolean copyIsMissing =
                List.of(Reason.COPY_BUILDING, Reason.COPY_PENDING, Reason.COPY_FAILED, Reason.COPY_MISSING).stream()
                        .anyMatch(passed::containsKey);
        String message = "no worker that may take this has the image ready";
        return new Refused(ErrorCode.NO_SUITABLE_WORKER, message, reasons, earliest, copyIsMissing);
    }

    private static String words(Reason reason, int workers, OptionalInt earliest) {
        String eta = reason == Reason.COPY_BUILDING && earliest.isPresent()
                ? ", the first is ready in about " + earliest.getAsInt() + " s"
                : "";
        return workers + (workers == 1 ? " worker " : " workers: each ") + reason.text + eta;
    }
}
