package io.scaibunker.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.scaibunker.bus.Answer;
import io.scaibunker.bus.BusCodec;
import io.scaibunker.bus.Post;
import io.scaibunker.bus.Question.PlaceBunker;
import io.scaibunker.model.BunkerId;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.Room;
import io.scaibunker.model.Settings;
import io.scaibunker.model.TenantId;
import io.scaibunker.model.UserId;
import io.scaibunker.model.WorkerId;
import io.scaibunker.scheduler.Rehearsal;
import io.scaibunker.scheduler.SchedulerConfig;
import io.scaibunker.scheduler.SchedulerVerticle;
import io.scaibunker.store.Candidates;
import io.scaibunker.store.Database;
import io.scaibunker.store.Migrations;
import io.scaibunker.store.StoreConfig;
import io.scaibunker.testkit.Seeds;
import io.scaibunker.testkit.Seeds.Owner;
import io.scaibunker.testkit.TestDatabase;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code bench placement}: real schedulers on a real PostgreSQL that syncs, and a fleet that is rows alone. */
@Command(name = "placement")
final class PlacementBench implements Callable<Integer> {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final Room ONE = new Room(1000, 512, 1024);
    private static final Room LEAST = new Room(1, 1, 1);
    private static final int WIDE = 4096;
    private static final int TIGHT = 20;
    private static final int COPIES = 30;
    private static final int FEW = 10;

    /** How much of all room is asked for where the room is tight. */
    private static final double FILL = 0.9;

    private final ObjectMapper mapper = new ObjectMapper();
    private final Random random = new Random(7);
    private final Vertx vertx = Vertx.vertx();
    private final Post post = new Post(vertx);
    private ProcessHandle postgres = ProcessHandle.current();
    private List<ImageId> images = List.of();
    private List<Candidates.Standing> standings = List.of();

    @Option(names = "--workers", required = true)
    private int workers;

    @Option(names = "--images", required = true)
    private int count;

    @Option(names = "--placements", required = true)
    private int placements;

    @Option(names = "--seconds", required = true)
    private int seconds;

    @Override
    public Integer call() throws Exception {
        BusCodec.install(vertx.eventBus());
        try (TestDatabase server = TestDatabase.durable(made -> Migrations.run(made.url()))) {
            CreateByHttp create = new CreateByHttp(server);
            Seeds seeds = Seeds.in(server);
            Owner owner = seeds.owner();
            say("a fleet of " + workers + " workers and " + count + " images with " + COPIES + " copies each");
            seeds.fleet(owner, workers, count, COPIES, WIDE * 1000, WIDE * 512, WIDE * 1024);
            Database database = open(server);
            postgres = server.process();
            images = seeds.images().stream().map(ImageId::new).toList();
            standings = Candidates.standings(database.client(), images).await();
            ObjectNode outcome = mapper.createObjectNode();
            decide(database, outcome);
            create(create, outcome);
            vertx.deployVerticle(new SchedulerVerticle(schedulerConfig(), database))
                    .await();
            durable(owner, outcome);
            vertx.deployVerticle(new SchedulerVerticle(schedulerConfig(), open(server)))
                    .await();
            overBook(seeds, owner, outcome);
            hitWarm(seeds, database, outcome);
            outcome.put("workers", workers).put("images", count).set("machine", Machine.describe(mapper));
            System.out.println(mapper.writeValueAsString(outcome));
            vertx.close().await();
        }
        return 0;
    }

    private Database open(TestDatabase server) {
        return Database.open(vertx, server.url(), StoreConfig.from(Settings.of(Map.of())));
    }

    private static SchedulerConfig schedulerConfig() {
        // Nobody beats here, and nobody is lost; nobody starts what is placed, so that it would be told of again and
        // again.
        return SchedulerConfig.from(Settings.of(Map.of("scheduler.worker-stale", "10m", "scheduler.sweep", "1m")));
    }

    // --- decisions alone ---

    private void decide(Database database, ObjectNode outcome) {
        Pace few = pace(database, images.subList(0, Math.min(FEW, images.size())));
        Pace all = pace(database, images);
        outcome.put("decisions_per_s", Math.round(all.perSecond()))
                .put("decision_cpu_us", rounded(all.cpuMicros()))
                .put("decision_cpu_us_of_" + FEW + "_images", rounded(few.cpuMicros()))
                .put("flatness", rounded(few.cpuMicros() / all.cpuMicros()));
        say("decisions: " + Math.round(all.perSecond()) + "/s; processor time of each: " + rounded(all.cpuMicros())
                + " µs, among " + FEW + " images " + rounded(few.cpuMicros()) + " µs");
    }

    private record Pace(double perSecond, double cpuMicros) {}

    /** The first second is for the compiler. */
    private Pace pace(Database database, List<ImageId> among) {
        Rehearsal rehearsal = Rehearsal.read(database, among).await();
        decideFor(rehearsal, among, TimeUnit.SECONDS.toNanos(1));
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        long cpu = threads.getCurrentThreadCpuTime();
        long start = System.nanoTime();
        long made = decideFor(rehearsal, among, TimeUnit.SECONDS.toNanos(seconds) / 3);
        return new Pace(
                made * 1e9 / (System.nanoTime() - start), (threads.getCurrentThreadCpuTime() - cpu) / 1e3 / made);
    }

    private long decideFor(Rehearsal rehearsal, List<ImageId> among, long nanos) {
        long until = System.nanoTime() + nanos;
        long made = 0;
        while (System.nanoTime() < until) {
            ImageId image = among.get(random.nextInt(among.size()));
            if (rehearsal.place(image, LEAST).isEmpty()) {
                throw new IllegalStateException("the fleet is full");
            }
            made++;
        }
        return made;
    }

    private void create(CreateByHttp create, ObjectNode outcome) throws Exception {
        create.measure(images, outcome);
        say("POST /bunkers, " + outcome.get("create_at_once") + " at once: p50 " + outcome.get("create_p50_ms")
                + " ms, p99 " + outcome.get("create_p99_ms") + " ms, " + outcome.get("create_per_s")
                + "/s; each asking again when a bunker would have booted: p50 " + outcome.get("create_booting_p50_ms")
                + " ms, p99 " + outcome.get("create_booting_p99_ms") + " ms");
    }

    // --- decided, booked, on disk ---

    private void durable(Owner owner, ObjectNode outcome) {
        closedLoop(owner, 256, Duration.ofSeconds(Math.max(2, seconds / 3)));
        long start = System.nanoTime();
        Duration ours = ours();
        Duration theirs = theirs();
        long placed = closedLoop(owner, 256, Duration.ofSeconds(seconds));
        double rate = placed * 1e9 / (System.nanoTime() - start);
        long oursEach = ours().minus(ours).dividedBy(placed).toNanos() / 1000;
        long theirsEach = theirs().minus(theirs).dividedBy(placed).toNanos() / 1000;
        outcome.put("durable_per_s", Math.round(rate))
                .put("cpu_us_each", oursEach)
                .put("cpu_us_each_database", theirsEach);
        say("durable placements: " + Math.round(rate) + "/s; processor time of each: " + oursEach + " µs and "
                + theirsEach + " µs of the database");
        List<Long> nanos = openLoop(owner, rate / 2, Duration.ofSeconds(seconds));
        outcome.put("half_load_per_s", Math.round(rate / 2))
                .put("p50_ms", milliseconds(nanos, 0.5))
                .put("p99_ms", milliseconds(nanos, 0.99));
        say("at half of that: p50 " + milliseconds(nanos, 0.5) + " ms, p99 " + milliseconds(nanos, 0.99) + " ms");
    }

    private static Duration ours() {
        return ProcessHandle.current().info().totalCpuDuration().orElse(Duration.ZERO);
    }

    private Duration theirs() {
        return postgres.children()
                .map(process -> process.info().totalCpuDuration().orElse(Duration.ZERO))
                .reduce(Duration.ZERO, Duration::plus);
    }

    private long closedLoop(Owner owner, int atOnce, Duration length) {
        long until = System.nanoTime() + length.toNanos();
        AtomicLong placed = new AtomicLong();
        List<Future<Void>> askers = new ArrayList<>();
        for (int i = 0; i < atOnce; i++) {
            Promise<Void> done = Promise.promise();
            vertx.runOnContext(go -> askUntil(owner, until, placed, done));
            askers.add(done.future());
        }
        Future.all(askers).await();
        return placed.get();
    }

    private void askUntil(Owner owner, long until, AtomicLong placed, Promise<Void> done) {
        if (System.nanoTime() > until) {
            done.complete();
            return;
        }
        post.ask(order(owner), LIMIT)
                .onSuccess(answer -> {
                    if (answer instanceof Answer.Placed) {
                        placed.incrementAndGet();
                    }
                    askUntil(owner, until, placed, done);
                })
                .onFailure(done::fail);
    }

    /** Orders come by the clock, whatever became of those before. */
    private List<Long> openLoop(Owner owner, double perSecond, Duration length) {
        List<Long> nanos = Collections.synchronizedList(new ArrayList<>());
        AtomicInteger open = new AtomicInteger();
        Promise<Void> done = Promise.promise();
        long start = System.nanoTime();
        long[] asked = {0};
        vertx.setPeriodic(1, timer -> {
            long now = System.nanoTime();
            boolean over = now - start > length.toNanos();
            for (; !over && asked[0] < (now - start) / 1e9 * perSecond; asked[0]++) {
                open.incrementAndGet();
                post.ask(order(owner), LIMIT).onComplete(answer -> {
                    nanos.add(System.nanoTime() - now);
                    open.decrementAndGet();
                });
            }
            if (over && open.get() == 0) {
                vertx.cancelTimer(timer);
                done.tryComplete();
            }
        });
        done.future().await();
        return nanos;
    }

    private PlaceBunker order(Owner owner) {
        return new PlaceBunker(
                BunkerId.fresh(),
                new TenantId(owner.tenant()),
                new UserId(owner.user()),
                images.get(random.nextInt(images.size())),
                "bench",
                ONE,
                "{\"lifecycle_mode\":\"ephemeral\",\"network_profile\":\"isolated\"}",
                0);
    }

    // --- two schedulers, and less room than orders ---

    private void overBook(Seeds seeds, Owner owner, ObjectNode outcome) {
        int each = 1 + placements / workers;
        seeds.emptied(each * 1000, each * 512, each * 1024);
        AtomicInteger left = new AtomicInteger(each * workers + placements / 50);
        AtomicInteger placed = new AtomicInteger();
        AtomicInteger refused = new AtomicInteger();
        List<Future<Void>> askers = new ArrayList<>();
        long start = System.nanoTime();
        for (int i = 0; i < 512; i++) {
            Promise<Void> done = Promise.promise();
            vertx.runOnContext(go -> askWhile(owner, left, placed, refused, done));
            askers.add(done.future());
        }
        Future.all(askers).await();
        double took = (System.nanoTime() - start) / 1e9;
        Seeds.Tally tally = seeds.tally();
        outcome.put("overbooked", tally.overBooked())
                .put("miscounted", tally.miscounted())
                .put("two_schedulers_placed", placed.get())
                .put("two_schedulers_refused", refused.get())
                .put("two_schedulers_per_s", Math.round((placed.get() + refused.get()) / took));
        say("two schedulers: " + placed.get() + " placed (" + tally.bunkers() + " rows), " + refused.get()
                + " refused in " + Math.round(took) + " s; over-booked workers: " + tally.overBooked());
    }

    private void askWhile(
            Owner owner, AtomicInteger left, AtomicInteger placed, AtomicInteger refused, Promise<Void> done) {
        if (left.decrementAndGet() < 0) {
            done.complete();
            return;
        }
        post.ask(order(owner), LIMIT).onComplete(answer -> {
            (answer.succeeded() && answer.result() instanceof Answer.Placed ? placed : refused).incrementAndGet();
            askWhile(owner, left, placed, refused, done);
        });
    }

    // --- how often the copy is there, beside the best that anybody could do ---

    private void hitWarm(Seeds seeds, Database database, ObjectNode outcome) {
        seeds.emptied(TIGHT * 1000, TIGHT * 512, TIGHT * 1024);
        int[] demand = demand();
        List<ImageId> orders = new ArrayList<>();
        for (int image = 0; image < demand.length; image++) {
            orders.addAll(Collections.nCopies(demand[image], images.get(image)));
        }
        Collections.shuffle(orders, random);
        Rehearsal rehearsal = Rehearsal.read(database, images).await();
        long warm = orders.stream()
                .filter(image -> rehearsal.place(image, ONE).isPresent())
                .count();
        int[] room = new int[workers];
        Arrays.fill(room, TIGHT);
        long best = BestPlaces.of(demand, holders(), room);
        outcome.put("warm_hit_rate", rounded((double) warm / best))
                .put("warm_orders", orders.size())
                .put("warm_hits", warm)
                .put("warm_hits_best", best);
        say("of " + orders.size() + " orders " + warm + " found a copy, at best " + best);
    }

    /** Popular images are asked for more: by the root of their rank. */
    private int[] demand() {
        double[] weights = new double[images.size()];
        for (int rank = 0; rank < weights.length; rank++) {
            weights[rank] = 1 / Math.sqrt(rank + 1.0);
        }
        double all = Arrays.stream(weights).sum();
        return Arrays.stream(weights)
                .mapToInt(weight -> (int) Math.round(weight / all * workers * TIGHT * FILL))
                .toArray();
    }

    private int[][] holders() {
        Map<WorkerId, Integer> numbers = new HashMap<>();
        Map<ImageId, int[]> held = new HashMap<>();
        standings.forEach(standing -> held.put(
                standing.id(),
                standing.ready().stream()
                        .mapToInt(worker -> numbers.computeIfAbsent(worker, first -> numbers.size()))
                        .toArray()));
        return images.stream().map(held::get).toArray(int[][]::new);
    }

    private static double milliseconds(List<Long> nanos, double share) {
        List<Long> sorted = new ArrayList<>(nanos);
        Collections.sort(sorted);
        return rounded(sorted.get((int) Math.min(sorted.size() - 1L, (long) (sorted.size() * share))) / 1e6);
    }

    private static double rounded(double exact) {
        return Math.round(exact * 1000) / 1000.0;
    }

    private static void say(String text) {
        System.out.println(text);
    }
}
