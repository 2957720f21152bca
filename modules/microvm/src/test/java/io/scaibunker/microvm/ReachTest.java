package io.scaibunker.microvm;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.scaibunker.guest.CollectedExec;
import io.scaibunker.guest.ExecRequest;
import io.scaibunker.model.AllowRule;
import io.scaibunker.model.Ipv4Network;
import io.scaibunker.model.NetworkProfile;
import io.scaibunker.network.NetworkSettings;
import io.scaibunker.network.Networks;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What can be reached from inside a machine, by network profile: real machines, and hosts in a namespace of the test's own. */
@Timeout(180)
class ReachTest {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final String OPEN = "sbtest-unrestricted";
    private static final String LISTED = "sbtest-allowlisted";
    private static final String REGISTRY = "sbtest-registry";
    private static final String ALONE = "sbtest-isolated";
    private static final List<String> ALLOWED =
            List.of("good.example.org:443", "*.wild.example.org", "inner.example.org");

    @TempDir
    static Path directory;

    static final Map<String, Machine> machines = new TreeMap<>();
    static World world;
    static Networks networks;

    @BeforeAll
    static void boot() throws Exception {
        var image = GuestImage.make(directory);
        networks = Networks.open(settings(List.of()));
        var ability = networks.probe("sbtest-probe");
        if (!ability.profiles().contains(NetworkProfile.UNRESTRICTED)) {
            GuestImage.skip(ability.reason());
        }
        networks.close();
        world = World.make(directory.resolve("tree/bin/reach"));
        networks = Networks.open(settings(List.of(world.names())));
        var driver = Machines.driver();
        start(driver, image, ALONE, NetworkProfile.ISOLATED, 0);
        start(driver, image, OPEN, NetworkProfile.UNRESTRICTED, 0);
        start(driver, image, LISTED, NetworkProfile.ALLOWLISTED, 8);
        start(driver, image, REGISTRY, NetworkProfile.REGISTRY, 0);
        for (var machine : machines.values()) {
            machine.awaitReady(SOON);
        }
    }

    private static NetworkSettings settings(List<java.net.InetSocketAddress> names) {
        return new NetworkSettings(
                Ipv4Network.of("100.112.0.0/24"), List.of(), List.of(AllowRule.parse("good.example.org:80")), names);
    }

    private static void start(QemuDriver driver, GuestImage image, String name, NetworkProfile profile, int mbit)
            throws Exception {
        var allowed = profile == NetworkProfile.ALLOWLISTED
                ? ALLOWED.stream().map(AllowRule::parse).toList()
                : List.<AllowRule>of();
        var rules = networks.rules(profile, allowed, mbit);
        var network = Optional.<MachineNetwork>empty();
        if (rules.isPresent()) {
            var made = networks.up(name, rules.get(), 0);
            network = Optional.of(
                    new MachineNetwork(made.namespace(), made.tap(), made.address(), made.gateway(), made.mtu()));
        }
        machines.put(
                name,
                driver.start(Machines.spec(image, directory.resolve("machines").resolve(name), name, network)));
    }

    @AfterAll
    static void end() throws Exception {
        for (var machine : machines.values()) {
            machine.stop(Duration.ZERO);
        }
        for (var name : machines.keySet()) {
            networks.down(name);
            assertThat(Path.of("/run/netns", name)).doesNotExist();
        }
        if (networks != null) {
            networks.close();
        }
        if (world != null) {
            world.close();
        }
    }

    private static String run(String machine, String... words) {
        try {
            var ended =
                    CollectedExec.run(machines.get(machine)::exec, ExecRequest.of(words), new byte[0], SOON, 10_000);
            return new String(ended.stdout(), UTF_8).strip();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The first line of what came of it: {@code hello from …}, {@code not reached: …} or {@code no such name: …}. */
    private static String reach(String machine, String host, int port) {
        var said = run(machine, "reach", "reach", host, "" + port)
                .lines()
                .findFirst()
                .orElse("nothing");
        System.out.printf("%-20s %-22s %5d  %s%n", machine, host, port, said);
        return said;
    }

    private static String hello(String from) {
        return "hello from " + from;
    }

    @Test
    void anIsolatedOneHasNoNetworkDevice() {
        assertThat(run(ALONE, "helper", "print", "/proc/net/dev").lines().filter(line -> line.contains(":")))
                .singleElement()
                .asString()
                .contains("lo:");
        assertThat(reach(ALONE, World.PUBLIC, 80)).startsWith("not reached");
        assertThat(reach(ALONE, "good.example.org", 80)).startsWith("no such name");
    }

    @Test
    void anUnrestrictedOneReachesWhatIsPublic() {
        assertThat(reach(OPEN, World.PUBLIC, 80)).isEqualTo(hello(World.PUBLIC));
        assertThat(reach(OPEN, "bad.example.org", 443)).isEqualTo(hello(World.THIRD));
        assertThat(reach(OPEN, "nobody.example.org", 443)).startsWith("no such name");
    }

    @Test
    void nobodyReachesMetadataPrivateNetworksTheHostOrOthers() {
        var inside = CompletableFuture.supplyAsync(() -> gateway(LISTED)).join();
        for (var machine : List.of(OPEN, LISTED, REGISTRY)) {
            assertThat(reach(machine, World.METADATA, 80)).startsWith("not reached");
            assertThat(reach(machine, World.PRIVATE, 80)).startsWith("not reached");
            assertThat(reach(machine, "inner.example.org", 80)).startsWith("no such name");
            assertThat(reach(machine, World.HOST, 8080)).startsWith("not reached");
            assertThat(reach(machine, "10.0.0.1", 8080)).startsWith("not reached");
            assertThat(reach(machine, inside, 80)).startsWith("not reached");
        }
    }

    /** An address of another machine's link. */
    private static String gateway(String machine) {
        try {
            var process = new ProcessBuilder("ip", "-n", machine, "-o", "-4", "address", "show", "dev", "up0").start();
            return new String(process.getInputStream().readAllBytes(), UTF_8)
                    .split("inet ")[1]
                    .split(" ")[0];
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void anAllowlistedOneReachesWhatIsListedOnItsPortAndOnlyAfterAskingForItsName() {
        assertThat(reach(LISTED, World.THIRD, 443)).startsWith("not reached");
        assertThat(reach(LISTED, "bad.example.org", 443)).startsWith("no such name");
        assertThat(reach(LISTED, "good.example.org", 443)).isEqualTo(hello(World.PUBLIC));
        assertThat(reach(LISTED, World.PUBLIC, 443)).isEqualTo(hello(World.PUBLIC));
        assertThat(reach(LISTED, "good.example.org", 80)).startsWith("not reached");
        assertThat(reach(LISTED, "wild.example.org", 80)).startsWith("no such name");
        assertThat(reach(LISTED, "a.wild.example.org", 80)).isEqualTo(hello(World.OTHER));
    }

    @Test
    void aRegistryOneReachesWhatTheOperatorNamed() {
        assertThat(reach(REGISTRY, World.PUBLIC, 80)).startsWith("not reached");
        assertThat(reach(REGISTRY, "a.wild.example.org", 80)).startsWith("no such name");
        assertThat(reach(REGISTRY, "good.example.org", 443)).startsWith("not reached");
        assertThat(reach(REGISTRY, "good.example.org", 80)).isEqualTo(hello(World.PUBLIC));
    }

    @Test
    void bandwidthIsHeldTo() {
        var start = System.nanoTime();
        assertThat(run(LISTED, "reach", "reach", "a.wild.example.org", "5000")).contains(World.BYTES + 24 + " bytes");
        // Two million bytes at eight million bits a second are two seconds; what is let through at once is less than a
        // tenth.
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofMillis(1700));
    }

    @Test
    void anotherRunOfTheWorkerAnswersNamesAgain() throws Exception {
        var rules = networks.rules(
                        NetworkProfile.ALLOWLISTED,
                        ALLOWED.stream().map(AllowRule::parse).toList(),
                        8)
                .orElseThrow();
        try (var later = Networks.open(settings(List.of(world.names())))) {
            networks.close();
            for (var name : List.of(LISTED, OPEN, REGISTRY)) {
                later.adopt(name, rules);
            }
            assertThat(reach(LISTED, "a.wild.example.org", 443)).isEqualTo(hello(World.OTHER));
            assertThatThrownBy(() -> later.adopt("sbtest-nobody", rules)).hasMessageContaining("sbtest-nobody");
        }
        assertThat(Files.exists(Path.of("/run/netns", LISTED))).isTrue();
        networks = Networks.open(settings(List.of(world.names())));
        networks.adopt(LISTED, rules);
        networks.adopt(
                OPEN, networks.rules(NetworkProfile.UNRESTRICTED, List.of(), 0).orElseThrow());
        networks.adopt(
                REGISTRY, networks.rules(NetworkProfile.REGISTRY, List.of(), 0).orElseThrow());
    }
}
