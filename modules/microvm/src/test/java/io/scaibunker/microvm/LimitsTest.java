package io.scaibunker.microvm;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.guest.CollectedExec;
import io.scaibunker.guest.ExecOutcome.Exited;
import io.scaibunker.guest.ExecRequest;
import io.scaibunker.guest.ExecSink;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a machine is held to, and what its monitor is kept in: one machine, looked at from outside while it runs. */
@Timeout(120)
class LimitsTest {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final String NAME = "sbtest-limits";
    private static final int RATE = 4_000_000;

    @TempDir
    static Path directory;

    static Confinement confinement;
    static Machine machine;

    @BeforeAll
    static void boot() throws Exception {
        var image = GuestImage.make(directory);
        if (!Confinement.isRoot()) {
            GuestImage.skip("this needs root");
        }
        confinement = Machines.confinement(directory);
        var settings = Machines.driver(directory);
        machine = QemuDriver.open(QemuSettings.of(settings.acceleration()).withDiskRate(RATE), confinement)
                .start(Machines.spec(image, directory.resolve("machines").resolve(NAME), NAME, 200));
        machine.awaitReady(SOON);
        Confinement.hold(NAME, 200);
    }

    @AfterAll
    static void end() {
        if (machine != null) {
            machine.stop(Duration.ZERO);
            Confinement.release(NAME);
            assertThat(cgroup("cpu")).doesNotExist();
        }
    }

    private static Map<String, String> status() throws IOException {
        return Files.readAllLines(Path.of("/proc", Long.toString(machine.pid()), "status")).stream()
                .map(line -> line.split(":\\s*", 2))
                .collect(Collectors.toMap(line -> line[0], line -> line[1]));
    }

    private static Path cgroup(String controller) {
        var root = Path.of("/sys/fs/cgroup");
        var unified = Files.exists(root.resolve("cgroup.controllers"));
        return (unified ? root : root.resolve(controller)).resolve("scaibunker").resolve(NAME);
    }

    @Test
    void itsMonitorIsNobodyAndCannotBecomeAnybody() throws Exception {
        var user = Integer.toString(confinement.user(NAME));
        assertThat(status())
                .containsEntry("Uid", String.join("\t", user, user, user, user))
                .containsEntry("Gid", String.join("\t", user, user, user, user))
                .containsEntry("CapEff", "0000000000000000")
                .containsEntry("NoNewPrivs", "1")
                .containsEntry("Seccomp", "2");
        assertThat(confinement.reasons().get("confinement")).contains("a user for each machine");
    }

    @Test
    void ofItsDirectoryTheMonitorHasOnlyThePlaceOfItsSockets() throws Exception {
        var workDir = directory.resolve("machines").resolve(NAME);
        assertThat(Files.getAttribute(workDir, "unix:uid")).isEqualTo(0);
        assertThat(Files.getAttribute(workDir.resolve("scratch.ext4"), "unix:uid"))
                .isEqualTo(0);
        assertThat(Files.getAttribute(workDir.resolve("run"), "unix:uid")).isEqualTo(confinement.user(NAME));
        assertThat(Leftovers.running(workDir.getParent())).containsOnlyKeys(NAME);
    }

    @Test
    void itsProcessorsAreHeldTo() throws Exception {
        if (!confinement.enforced().contains("cpu")) {
            GuestImage.skip(confinement.reasons().get("cpu"));
        }
        var flood = machine.exec(ExecRequest.of("helper", "flood", "1000000000000"), ExecSink.NONE);
        try {
            Machines.eventually(
                    SOON,
                    () -> Files.readAllLines(cgroup("cpu").resolve("cpu.stat")).stream()
                            .anyMatch(line -> line.matches("nr_throttled [1-9][0-9]*")));
        } finally {
            flood.signal(9);
        }
    }

    @Test
    void itsMemoryAndThreadsAreBounded() throws Exception {
        assertThat(confinement.enforced()).contains("memory", "disk");
        for (var held : Map.of("memory", "memory", "processes", "pids").entrySet()) {
            if (confinement.enforced().contains(held.getKey()) && Files.exists(cgroup(held.getValue()))) {
                assertThat(Files.readString(cgroup(held.getValue()).resolve("cgroup.procs")))
                        .contains(Long.toString(machine.pid()));
            }
        }
    }

    @Test
    void itsDiskIsAsLargeAsWasAskedFor() throws Exception {
        // The scratch has 64 MiB; the guest writes until there is no more.
        var filled =
                CollectedExec.run(machine::exec, ExecRequest.of("reach", "fill", "/full"), new byte[0], SOON, 10_000);
        assertThat(new String(filled.stdout(), UTF_8)).contains("No space left on device");
        assertThat(Files.size(directory.resolve("machines").resolve(NAME).resolve("scratch.ext4")))
                .isEqualTo(64L << 20);
    }

    @Test
    void itsDisksAreReadNoFasterThanTheRate() throws Exception {
        var start = System.nanoTime();
        var read = CollectedExec.run(
                machine::exec, ExecRequest.of("reach", "read", "/dev/vda"), new byte[0], SOON, 10_000);
        assertThat(read.outcome()).isEqualTo(new Exited(0));
        assertThat(new String(read.stdout(), UTF_8)).contains((16 << 20) + " bytes");
        // Sixteen MiB at four million bytes a second are four seconds; some of it may be in the guest's memory already.
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofSeconds(2));
    }
}
