package io.scaibunker.microvm;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The control groups of machines, where this host lets us make some: {@code scaibunker/<machine>} of the one tree of version 2,
 * or of a tree for each controller.
 */
final class Cages {
    private static final Logger log = LoggerFactory.getLogger(Cages.class);
    private static final Path ROOT = Path.of("/sys/fs/cgroup");
    private static final String OURS = "scaibunker";
    private static final String MEMBERS = "cgroup.procs";

    /** What can be held. */
    enum Limit {
        CPU("cpu"),
        MEMORY("memory"),
        PROCESSES("pids");

        private final String controller;

        Limit(String controller) {
            this.controller = controller;
        }
    }

    /** Whether all controllers share one tree. */
    private static final boolean UNIFIED = Files.exists(ROOT.resolve("cgroup.controllers"));

    private final Map<Limit, String> missing = new EnumMap<>(Limit.class);

    private Cages() {}

    /** Finds out what works, by making a group and setting its limit. */
    static Cages open() {
        var cages = new Cages();
        for (var limit : Limit.values()) {
            cages.tryOut(limit);
        }
        return cages;
    }

    private static Path parent(Limit limit) {
        return UNIFIED ? ROOT.resolve(OURS) : ROOT.resolve(limit.controller).resolve(OURS);
    }

    private void tryOut(Limit limit) {
        var parent = parent(limit);
        var probe = parent.resolve("probe-" + ProcessHandle.current().pid());
        try {
            if (UNIFIED) {
                enable(ROOT, limit);
            }
            Files.createDirectories(parent);
            if (UNIFIED) {
                enable(parent, limit);
            }
            Files.createDirectories(probe);
            set(limit, probe, limit == Limit.MEMORY ? 1 << 30 : 1000);
        } catch (IOException e) {
            missing.put(limit, "no control group can hold it: " + e);
        } finally {
            remove(probe);
        }
    }

    private static void enable(Path group, Limit limit) throws IOException {
        Files.writeString(group.resolve("cgroup.subtree_control"), "+" + limit.controller);
    }

    /** The limits that do not hold here, and why. */
    Map<Limit, String> missing() {
        return missing;
    }

    /**
     * Makes a machine's groups, without a limit for the processor yet.
     *
     * @return the files by which a process joins them
     */
    List<Path> make(String id, long memoryBytes, int processes) throws IOException {
        var members = new ArrayList<Path>();
        for (var limit : Limit.values()) {
            if (missing.containsKey(limit)) {
                continue;
            }
            var group = parent(limit).resolve(id);
            Files.createDirectories(group);
            if (limit == Limit.MEMORY) {
                set(Limit.MEMORY, group, memoryBytes);
            } else if (limit == Limit.PROCESSES) {
                set(Limit.PROCESSES, group, processes);
            }
            if (!members.contains(group.resolve(MEMBERS))) {
                members.add(group.resolve(MEMBERS));
            }
        }
        return members;
    }

    /** From here on the machine gets no more of the processors than it asked for; its boot had what was free. */
    static void hold(String id, int millicores) {
        var group = parent(Limit.CPU).resolve(id);
        try {
            if (Files.exists(group)) {
                set(Limit.CPU, group, millicores);
            }
        } catch (IOException e) {
            log.warn("machine {} is not held to its share of the processors: {}", id, e.toString());
        }
    }

    /** When the machine is gone. */
    static void remove(String id) {
        for (var limit : Limit.values()) {
            remove(parent(limit).resolve(id));
        }
    }

    private static void remove(Path group) {
        try {
            Files.deleteIfExists(group);
        } catch (IOException e) {
            log.debug("{} is left: {}", group, e.toString());
        }
    }

    private static void set(Limit limit, Path group, long value) throws IOException {
        switch (limit) {
            case CPU -> {
                // A hundred milliseconds hold a hundred microseconds of each thousandth of a processor.
                var quota = Math.max(1000, value * 100);
                Files.writeString(
                        group.resolve(UNIFIED ? "cpu.max" : "cpu.cfs_quota_us"),
                        UNIFIED ? quota + " 100000" : Long.toString(quota));
            }
            case MEMORY ->
                Files.writeString(
                        group.resolve(UNIFIED ? "memory.max" : "memory.limit_in_bytes"), Long.toString(value));
            case PROCESSES -> Files.writeString(group.resolve("pids.max"), Long.toString(value));
        }
    }
}
