package io.scaibunker.scheduler;

import io.scaibunker.model.GroupId;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.NetworkProfile;
import io.scaibunker.model.Room;
import io.scaibunker.model.Scope;
import io.scaibunker.model.TenantId;
import io.scaibunker.model.WorkerId;
import io.scaibunker.model.WorkerIntent;
import io.scaibunker.model.WorkerStatus;
import io.scaibunker.store.Candidates;
import io.scaibunker.store.Candidates.Members;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The workers, the groups and the images' copies, as this scheduler last saw them: a guess that costs another try where it is
 * wrong, since the database has the last word. Each worker has a <em>slot</em>, and what is true of many workers is a set of
 * slots: so who may take a bunker is an intersection of a few sets, however many images there are.
 *
 * <p>Lives on one event loop.
 */
final class Fleet {
    private static final int IMAGES_MAX = 20_000;

    /** Shared by all that are empty; nobody changes a set of a standing. */
    private static final BitSet NONE = new BitSet();

    private List<FleetHost> hosts = List.of();
    private Map<WorkerId, Integer> slots = Map.of();
    private List<Members> groups = List.of();
    private final Map<GroupId, BitSet> members = new HashMap<>();
    private final Map<Covered, BitSet> scopes = new HashMap<>();
    private final Map<String, Zone> zones = new HashMap<>();
    private final BitSet lost = new BitSet();
    private final BitSet joining = new BitSet();
    private final BitSet draining = new BitSet();
    private final BitSet unable = new BitSet();
    private final Map<NetworkProfile, BitSet> networks = new EnumMap<>(NetworkProfile.class);
    private long readAt = Long.MIN_VALUE;

    /** The image used longest ago is the eldest. */
    private final Map<ImageId, Standing> standings = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<ImageId, Standing> eldest) {
            return size() > IMAGES_MAX;
        }
    };

    /** What decides where bunkers of an image may go: equal ones share their set. */
    private record Covered(List<GroupId> groups, Optional<TenantId> lazyOf) {}

    private static final class Zone {
        private int workers;
        private double fullness;
    }

    /**
     * How an image stands on the workers, each set in slots.
     *
     * @param inScope those that may take a bunker from it
     * @param readAt when the rows were asked for
     */
    record Standing(
            Candidates.Standing image,
            BitSet inScope,
            BitSet ready,
            BitSet building,
            BitSet pending,
            BitSet failed,
            long readAt) {}

    /** Takes in what was read of all workers and groups, asked for at {@code at}; older than what is known, it is passed over. */
    void read(List<Candidates.Host> seen, List<Members> groupsSeen, long at) {
        if (at <= readAt) {
            return;
        }
        readAt = at;
        boolean sameSlots = seen.size() == hosts.size() && seen.stream().allMatch(host -> slots.containsKey(host.id()));
        if (!sameSlots) {
            slots = new HashMap<>();
            seen.forEach(host -> slots.put(host.id(), slots.size()));
        }
        FleetHost[] now = new FleetHost[seen.size()];
        for (Candidates.Host host : seen) {
            now[slot(host.id())] = taken(new FleetHost(host), sameSlots, at);
        }
        hosts = List.of(now);
        if (!sameSlots || !groupsSeen.equals(groups)) {
            groups = groupsSeen;
            members.clear();
            scopes.clear();
            groupsSeen.forEach(group -> members.put(group.id(), set(group.workers())));
            standings.clear();
        }
        sort();
    }

    /** What a booking told later than {@code at} is newer than what was read. */
    private FleetHost taken(FleetHost fresh, boolean sameSlots, long at) {
        if (sameSlots) {
            FleetHost before = hosts.get(slot(fresh.seen().id()));
            if (before.toldAt() > at) {
                fresh.told(before.allocated(), before.toldAt());
            }
        }
        return fresh;
    }

    private void sort() {
        List.of(lost, joining, draining, unable).forEach(BitSet::clear);
        networks.values().forEach(BitSet::clear);
        zones.clear();
        for (int slot = 0; slot < hosts.size(); slot++) {
            FleetHost host = hosts.get(slot);
            lost.set(slot, host.seen().status() == WorkerStatus.LOST);
            joining.set(slot, host.seen().status() == WorkerStatus.JOINING);
            draining.set(slot, drains(host.seen().status(), host.seen().intent()));
            unable.set(slot, host.seen().acceleration().startsWith("none"));
            for (NetworkProfile profile : host.seen().networkProfiles()) {
                networks.computeIfAbsent(profile, first -> new BitSet()).set(slot);
            }
            Zone zone = zones.computeIfAbsent(host.seen().zone(), first -> new Zone());
            zone.workers++;
            zone.fullness += host.fullness();
        }
    }

    private static boolean drains(WorkerStatus status, WorkerIntent intent) {
        return status == WorkerStatus.DRAINING || intent == WorkerIntent.DRAIN;
    }

    /** Takes in how an image stands, asked for at {@code at}. */
    void learn(Candidates.Standing image, long at) {
        standings.put(
                image.id(),
                new Standing(
                        image,
                        scope(image),
                        set(image.ready()),
                        set(image.building()),
                        set(image.pending()),
                        set(image.failed()),
                        at));
    }

    private BitSet scope(Candidates.Standing image) {
        Optional<TenantId> lazyOf = image.lazyPull() ? Optional.of(image.tenantId()) : Optional.empty();
        return scopes.computeIfAbsent(new Covered(image.groups(), lazyOf), this::scope);
    }

    /** Workers of the groups that cover it; for a lazy image also those that are not another tenant's own. */
    private BitSet scope(Covered covered) {
        BitSet scope = new BitSet();
        covered.lazyOf().ifPresent(tenant -> {
            scope.set(0, hosts.size());
            groups.stream()
                    .filter(group ->
                            group.scope() == Scope.TENANT && !group.tenantId().equals(tenant))
                    .forEach(group -> scope.andNot(members.getOrDefault(group.id(), NONE)));
        });
        covered.groups().forEach(group -> scope.or(members.getOrDefault(group, NONE)));
        return scope;
    }

    private BitSet set(List<WorkerId> workers) {
        if (workers.isEmpty()) {
            return NONE;
        }
        BitSet set = new BitSet();
        for (WorkerId worker : workers) {
            Integer slot = slots.get(worker);
            if (slot != null) {
                set.set(slot);
            }
        }
        return set;
    }

    private int slot(WorkerId worker) {
        Integer slot = slots.get(worker);
        if (slot == null) {
            throw new IllegalArgumentException("no slot for " + worker);
        }
        return slot;
    }

    Optional<Standing> standing(ImageId image) {
        return Optional.ofNullable(standings.get(image));
    }

    void forget(ImageId image) {
        standings.remove(image);
    }

    void forgetImages() {
        standings.clear();
    }

    /** Images not looked at since {@code at} are read again. */
    void forgetOlderThan(long at) {
        standings.values().removeIf(standing -> standing.readAt() < at);
    }

    /** When what is known of all workers was asked for. */
    long readAt() {
        return readAt;
    }

    int size() {
        return hosts.size();
    }

    BitSet lost() {
        return lost;
    }

    BitSet joining() {
        return joining;
    }

    BitSet draining() {
        return draining;
    }

    /** Who cannot run microVMs. */
    BitSet unable() {
        return unable;
    }

    /** Who can give a bunker this network. */
    BitSet giving(NetworkProfile profile) {
        return networks.getOrDefault(profile, NONE);
    }

    WorkerId worker(int slot) {
        return hosts.get(slot).seen().id();
    }

    boolean hasRoom(int slot, Room ask) {
        return hosts.get(slot).free().holds(ask);
    }

    /** Of the part of the worker that is fullest: 0 to 1. */
    double fullness(int slot) {
        return hosts.get(slot).fullness();
    }

    /** Of the worker's zone, in the mean. */
    double zoneFullness(int slot) {
        @Nullable Zone zone = zones.get(hosts.get(slot).seen().zone());
        return zone == null ? 0 : zone.fullness / zone.workers;
    }

    /** A bunker is about to be booked there. */
    void take(int slot, Room ask) {
        Room taken = hosts.get(slot).allocated();
        hold(slot, taken.plus(ask));
    }

    /** So much was taken when a booking that was sent at {@code at} had ended. */
    void holds(WorkerId worker, Room allocated, long at) {
        Integer slot = slots.get(worker);
        if (slot != null) {
            hold(slot, allocated);
            hosts.get(slot).told(allocated, at);
        }
    }

    private void hold(int slot, Room allocated) {
        FleetHost host = hosts.get(slot);
        double before = host.fullness();
        host.holds(allocated);
        @Nullable Zone zone = zones.get(host.seen().zone());
        if (zone != null) {
            zone.fullness += host.fullness() - before;
        }
    }
}
