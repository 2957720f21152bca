package io.scaibunker.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A whole fleet of real parts: control nodes and workers, each a process, over one database; a registry behind a link that can be
 * made bad. All of it can be killed and started again.
 */
public final class ChaosWorld implements AutoCloseable {
    private static final Duration START = Duration.ofMinutes(3);
    private static final Duration CALL = Duration.ofSeconds(20);

    private final Path dir;
    private final TestDatabase database = TestDatabase.empty();
    private final LocalRegistry registry;
    private final Link link;
    private final Authority authority;
    private final List<Seat> controls = new ArrayList<>();
    private final List<Seat> workers = new ArrayList<>();
    private final ApiClient api;
    private final ChaosCalls calls;

    /** A node's place: what stays of it while its processes come and go. */
    private static final class Seat {
        private final String name;
        private final Map<String, String> settings = new TreeMap<>();
        private final Path dir;
        private @Nullable NodeProcess process;
        private final int clusterPort = Ports.free();

        Seat(String name, Path dir) {
            this.name = name;
            this.dir = dir;
        }

        void start() {
            var before = process;
            if (before == null || !before.isAlive()) {
                process = NodeProcess.start(dir, settings);
            }
        }

        /** As whoever looks after a service: what does not come up is started again. */
        void awaitReady() {
            Eventually.eventually(name + " is ready", START, this::isReady, ready -> ready);
        }

        private boolean isReady() {
            start();
            return running().isReady();
        }

        void kill() {
            running().kill();
        }

        NodeProcess running() {
            var now = process;
            if (now == null) {
                throw new IllegalStateException(name + " was never started");
            }
            return now;
        }
    }

    /** @param dir for all that it keeps, the nodes' words among it */
    public ChaosWorld(Path dir, ChaosPlan.Size size) {
        this.dir = dir;
        registry = LocalRegistry.start(dir.resolve("registry"));
        link = Link.to(registry.port());
        authority = Authority.in(dir, "authority");
        fillRegistry(size.contents());
        var apiPorts = IntStream.range(0, size.controls())
                .map(i -> Ports.free())
                .boxed()
                .toList();
        for (var i = 0; i < size.controls(); i++) {
            controls.add(new Seat("control-" + i, dir.resolve("control-" + i)));
        }
        for (var i = 0; i < size.workers(); i++) {
            workers.add(new Seat("worker-" + i, dir.resolve("worker-" + i)));
        }
        for (var i = 0; i < size.controls(); i++) {
            controls.get(i).settings.putAll(ofControl(apiPorts.get(i)));
        }
        workers.forEach(worker -> worker.settings.putAll(ofWorker(worker.name)));
        seats().forEach(seat -> seat.settings.putAll(ofAll(seat)));
        api = new ApiClient(apiPorts.stream().map(port -> "127.0.0.1:" + port).toList(), this::key, CALL);
        calls = new ChaosCalls(api, registryHost() + "/chaos/app:v");
    }

    /** Starts all of it. */
    void open() {
        // The first one makes the tables, the key and the secrets of all.
        controls.getFirst().awaitReady();
        seats().forEach(Seat::start);
        seats().forEach(Seat::awaitReady);
        calls.openGroup();
        workers.forEach(worker -> {
            Eventually.eventually(
                    worker.name + " is known", START, () -> calls.idsOf(worker.name), ids -> !ids.isEmpty());
            calls.join(worker.name);
        });
    }

    private Stream<Seat> seats() {
        return Stream.concat(controls.stream(), workers.stream());
    }

    private Map<String, String> ofControl(int apiPort) {
        var settings = new TreeMap<String, String>();
        settings.put("node.rooms", "fanout,scheduler,scanner,api");
        settings.put(
                "node.secrets-key-file",
                dir.resolve("control-0/var/secrets-key").toString());
        settings.put("store.url", database.url());
        settings.put("api.port", "" + apiPort);
        settings.put("fanout.sweep", "1s");
        settings.put("fanout.bake-lease", "8s");
        settings.put("scanner.sweep", "1s");
        settings.put("scanner.lease", "10s");
        settings.put("scheduler.worker-stale", "6s");
        settings.put("scheduler.give-up-after", "20s");
        return settings;
    }

    private Map<String, String> ofWorker(String name) {
        var settings = new TreeMap<String, String>();
        settings.put("node.rooms", "worker");
        settings.put("worker.name", name);
        settings.put("worker.sweep", "1s");
        settings.put("worker.beat", "1s");
        settings.put("worker.ask-timeout", "3s");
        settings.put("worker.cpu-millicores", "8000");
        settings.put("worker.acceleration", "tcg");
        settings.put("worker.insecure-registries", registryHost());
        settings.put("worker.connect-timeout", "2s");
        settings.put("worker.stall-timeout", "5s");
        return settings;
    }

    private Map<String, String> ofAll(Seat seat) {
        var others = seats().filter(other -> other != seat)
                .map(other -> "127.0.0.1:" + other.clusterPort)
                .toList();
        var shown = authority.issue(seat.name);
        return Map.of(
                "cluster.tls-certificate",
                shown.certificate().toString(),
                "cluster.tls-key",
                shown.key().toString(),
                "cluster.tls-authority",
                authority.certificate().toString(),
                "cluster.bus-port",
                "0",
                "cluster.join-token",
                "a word among tests",
                "cluster.port",
                "" + seat.clusterPort,
                "cluster.silence",
                "5s",
                "cluster.members",
                String.join(",", others));
    }

    private String registryHost() {
        return "127.0.0.1:" + link.port();
    }

    /** Images on one base: a program that runs, and some megabytes; each with some of its own above. */
    private void fillRegistry(int contents) {
        try {
            var base = Files.createDirectories(dir.resolve("base"));
            SampleImages.answer(base);
            SampleImages.bulk(base.resolve("bulk"), 6, 1);
            var layer = SampleImages.tar(base, dir.resolve("base.tar"));
            for (var i = 0; i < contents; i++) {
                var top = Files.createDirectories(dir.resolve("top-" + i));
                SampleImages.bulk(top.resolve("own"), 1 + i, 2 + i);
                SampleImages.push(
                        registry, "chaos/app", "v" + i, List.of(layer, SampleImages.tar(top, dir.resolve(i + ".tar"))));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String key() {
        try {
            return Files.readString(dir.resolve("control-0/var/super-admin.key"))
                    .strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    TestDatabase database() {
        return database;
    }

    ChaosCalls calls() {
        return calls;
    }

    /** Where worker nodes keep all that is theirs, by their names. */
    Map<String, Path> workerDirs() {
        var dirs = new TreeMap<String, Path>();
        workers.forEach(worker -> dirs.put(worker.name, worker.dir.resolve("var/worker")));
        return dirs;
    }

    /** Does what a step says, as far as it can be done now; what cannot is refused, and said. */
    void act(ChaosPlan.Step step) {
        switch (step) {
            case ChaosPlan.KillWorker kill -> workers.get(kill.worker()).kill();
            case ChaosPlan.WipeWorker wipe -> wipe(workers.get(wipe.worker()));
            case ChaosPlan.StartWorker start -> workers.get(start.worker()).start();
            case ChaosPlan.PauseWorker pause ->
                workers.get(pause.worker()).running().pause();
            case ChaosPlan.ResumeWorker resume ->
                workers.get(resume.worker()).running().resume();
            case ChaosPlan.LoseCopy lose -> loseCopy(workers.get(lose.worker()));
            case ChaosPlan.KillControl kill -> controls.get(kill.control()).kill();
            case ChaosPlan.StartControl start -> controls.get(start.control()).start();
            case ChaosPlan.SpoilRegistry spoil -> link.suffer(spoil.trouble());
            case ChaosPlan.HealRegistry heal -> link.suffer(Link.Trouble.NONE);
            case ChaosPlan.CutDatabase cut -> database.cutConnections();
            case ChaosPlan.Register register -> calls.register(register.image(), register.content());
            case ChaosPlan.Warm warm -> calls.warm(warm.image());
            case ChaosPlan.Deactivate gone -> calls.deactivate(gone.image());
            case ChaosPlan.Join join -> calls.join(workers.get(join.worker()).name);
            case ChaosPlan.Leave leave -> calls.leave(workers.get(leave.worker()).name);
            case ChaosPlan.StartBunker start -> calls.startBunker(start.bunker(), start.image());
            case ChaosPlan.EndBunker end -> calls.endBunker(end.bunker());
        }
    }

    private void wipe(Seat worker) {
        worker.kill();
        NodeProcess.wipe(worker.dir.resolve("var"));
    }

    private static void loseCopy(Seat worker) {
        try (var copies = Files.newDirectoryStream(worker.dir.resolve("var/worker/copies"), "*.ext4")) {
            for (var copy : copies) {
                Files.deleteIfExists(copy);
                return;
            }
        } catch (IOException none) {
            throw new UncheckedIOException(none);
        }
    }

    /** Everything runs and is well. */
    void calm() {
        link.suffer(Link.Trouble.NONE);
        seats().forEach(Seat::start);
        seats().forEach(seat -> seat.running().resume());
        seats().forEach(Seat::awaitReady);
    }

    /** What had failed is asked for again. */
    void warm() {
        Eventually.eventually(START, calls::warmAll);
    }

    /** The last words of every node. */
    public String tails() {
        var tails = new StringBuilder();
        seats().forEach(seat -> tails.append("---- ")
                .append(seat.name)
                .append('\n')
                .append(seat.running().tail())
                .append('\n'));
        return tails.toString();
    }

    @Override
    public void close() {
        api.close();
        seats().map(seat -> seat.process).forEach(process -> {
            if (process != null && process.isAlive()) {
                process.kill();
            }
        });
        // Workers leave them to their next start, which there will not be.
        Machines.below(dir).values().forEach(ProcessHandle::destroyForcibly);
        link.close();
        registry.close();
        database.close();
    }
}
