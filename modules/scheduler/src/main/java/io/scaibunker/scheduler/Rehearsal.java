package io.scaibunker.scheduler;

import io.scaibunker.model.BunkerId;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.NetworkProfile;
import io.scaibunker.model.Room;
import io.scaibunker.model.WorkerId;
import io.scaibunker.scheduler.Placement.Ask;
import io.scaibunker.scheduler.Placement.Chosen;
import io.scaibunker.store.Candidates;
import io.scaibunker.store.Database;
import io.vertx.core.Future;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The scheduler's decisions without their bookings, over the fleet as it was when this was read: what the benchmarks measure
 * beside the whole.
 */
public final class Rehearsal {
    private final Fleet fleet = new Fleet();

    private Rehearsal() {}

    /** Reads all workers and groups, and how {@code images} stand; at most 20,000 of them are remembered. */
    public static Future<Rehearsal> read(Database database, List<ImageId> images) {
        Rehearsal rehearsal = new Rehearsal();
        return Candidates.hosts(database.client())
                .compose(hosts -> Candidates.groups(database.client())
                        .onSuccess(groups -> rehearsal.fleet.read(hosts, groups, 1)))
                .compose(groups -> Candidates.standings(database.client(), images))
                .map(standings -> {
                    standings.forEach(standing -> rehearsal.fleet.learn(standing, 1));
                    return rehearsal;
                });
    }

    /** Who would take a bunker; its room is taken from then on. Empty if nobody would. */
    public Optional<WorkerId> place(ImageId image, Room room) {
        Ask ask = new Ask(BunkerId.fresh(), room, NetworkProfile.ISOLATED);
        return fleet.standing(image)
                .map(standing -> Placement.choose(fleet, ask, standing, worker -> OptionalInt.empty()))
                .filter(Chosen.class::isInstance)
                .map(Chosen.class::cast)
                .map(chosen -> {
                    fleet.take(chosen.slot(), room);
                    return chosen.workerId();
                });
    }
}
