package io.scaibunker.scheduler;

import io.scaibunker.model.BunkerId;
import io.scaibunker.model.CacheStatus;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.FieldError;
import io.scaibunker.model.NetworkProfile;
import io.scaibunker.model.Room;
import io.scaibunker.model.WorkerId;
import io.scaibunker.model.WorkerIntent;
import io.scaibunker.model.WorkerStatus;
import io.scaibunker.store.Workers.Candidate;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Who takes a bunker: a pure decision over the workers as they are. */
final class Placement {
    /** What was decided. */
    sealed interface Decision {}

    /**
     * @param considered workers that were looked at
     * @param passed how many of them were passed over, by reason
     */
    record Chosen(WorkerId workerId, boolean copyReady, int considered, Map<Reason, Integer> passed)
            implements Decision {}

    record Refused(ErrorCode code, String message, List<FieldError> reasons) implements Decision {}

    /** Why a worker is passed over; the first that holds counts. */
    enum Reason {
        LOST("is not heard any more"),
        JOINING("has just come and is not ready yet"),
        DRAINING("takes no new bunkers"),
        NO_MACHINES("cannot run microVMs"),
        NO_NETWORK("cannot give that network profile"),
        OUT_OF_SCOPE("is in no group that covers the image"),
        COPY_MISSING("does not have the image"),
        COPY_PENDING("will make the image"),
        COPY_BUILDING("is making the image"),
        COPY_FAILED("could not make the image"),
        NO_ROOM("has not enough room free");

        private final String text;

        Reason(String text) {
            this.text = text;
        }

        String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private Placement() {}

    /** @param order tells workers apart that are equally good, so that a rush of orders does not run to one of them */
    static Decision choose(BunkerId order, Room ask, NetworkProfile network, List<Candidate> workers) {
        Map<Reason, Integer> passed = new EnumMap<>(Reason.class);
        List<Candidate> fit = workers.stream()
                .filter(worker -> {
                    Optional<Reason> reason = whyNot(ask, network, worker);
                    reason.ifPresent(why -> passed.merge(why, 1, Integer::sum));
                    return reason.isEmpty();
                })
                .toList();
        return fit.stream()
                .min(preference(order))
                .<Decision>map(best -> new Chosen(best.id(), copyReady(best), workers.size(), passed))
                .orElseGet(() -> refused(passed));
    }

    private static Optional<Reason> whyNot(Room ask, NetworkProfile network, Candidate worker) {
        if (worker.status() == WorkerStatus.LOST) {
            return Optional.of(Reason.LOST);
        }
        if (worker.status() == WorkerStatus.JOINING) {
            return Optional.of(Reason.JOINING);
        }
        if (worker.status() == WorkerStatus.DRAINING || worker.intent() == WorkerIntent.DRAIN) {
            return Optional.of(Reason.DRAINING);
        }
        if (!worker.targeted()) {
            return Optional.of(Reason.OUT_OF_SCOPE);
        }
        if (worker.acceleration().startsWith("none")) {
            return Optional.of(Reason.NO_MACHINES);
        }
        if (!worker.networkProfiles().contains(network)) {
            return Optional.of(Reason.NO_NETWORK);
        }
        if (!copyReady(worker) && !worker.mayFetch()) {
            return Optional.of(copyReason(worker));
        }
        return worker.capacity().minus(worker.allocated()).holds(ask) ? Optional.empty() : Optional.of(Reason.NO_ROOM);
    }

    private static boolean copyReady(Candidate worker) {
        return worker.copy().filter(CacheStatus.READY::equals).isPresent();
    }

    private static Reason copyReason(Candidate worker) {
        return worker.copy()
                .map(status -> switch (status) {
                    case PENDING -> Reason.COPY_PENDING;
                    case BUILDING -> Reason.COPY_BUILDING;
                    case FAILED -> Reason.COPY_FAILED;
                    case READY, EVICTED -> Reason.COPY_MISSING;
                })
                .orElse(Reason.COPY_MISSING);
    }

    /** Ready copies first, then the emptiest worker; the ids decide the rest, so that equal input decides equally. */
    private static Comparator<Candidate> preference(BunkerId order) {
        return Comparator.comparing((Candidate worker) -> !copyReady(worker))
                .thenComparing(Placement::fullness)
                .thenComparing(worker -> lot(order, worker.id()))
                .thenComparing(worker -> worker.id().value());
    }

    /** Differs by order and worker as if drawn, and is always the same for the same two. */
    private static long lot(BunkerId order, WorkerId worker) {
        long mixed = order.value().getLeastSignificantBits() ^ worker.value().getLeastSignificantBits();
        mixed = (mixed ^ (mixed >>> 31)) * 0x9e3779b97f4a7c15L;
        return mixed ^ (mixed >>> 29);
    }

    private static double fullness(Candidate worker) {
        return Math.max(
                share(worker.allocated().cpuMillicores(), worker.capacity().cpuMillicores()),
                Math.max(
                        share(worker.allocated().memoryMb(), worker.capacity().memoryMb()),
                        share(worker.allocated().diskMb(), worker.capacity().diskMb())));
    }

    private static double share(int taken, int all) {
        return all == 0 ? 1 : (double) taken / all;
    }

    private static Refused refused(Map<Reason, Integer> passed) {
        List<FieldError> reasons = passed.entrySet().stream()
                .map(entry -> new FieldError(
                        entry.getKey().word(),
                        entry.getValue()
                                + (entry.getValue() == 1 ? " worker " : " workers: each ")
                                + entry.getKey().text))
                .toList();
        return passed.containsKey(Reason.NO_ROOM)
                ? new Refused(
                        ErrorCode.WORKER_UNAVAILABLE, "workers have the image ready, none has room for this", reasons)
                : new Refused(
                        ErrorCode.NO_SUITABLE_WORKER, "no worker that may take this has the image ready", reasons);
    }
}
