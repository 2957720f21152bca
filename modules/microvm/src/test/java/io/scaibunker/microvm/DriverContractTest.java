package io.scaibunker.microvm;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.scaibunker.guest.CollectedExec;
import io.scaibunker.guest.ExecOutcome.Exited;
import io.scaibunker.guest.ExecRequest;
import io.scaibunker.guest.ExecSink;
import io.scaibunker.guest.GuestException;
import io.scaibunker.microvm.MachineExit.Cause;
import io.vertx.core.Vertx;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What every driver's machines do, from their start to their end. */
@Timeout(90)
abstract class DriverContractTest {
    static final Duration BOOT = Duration.ofSeconds(60);
    private static final byte[] NOTHING = new byte[0];

    @TempDir
    static Path directory;

    static GuestImage image;
    static MachineDriver driver;
    static Vertx vertx;

    @TempDir
    Path machines;

    @BeforeAll
    static void open() {
        vertx = Vertx.vertx();
    }

    @AfterAll
    static void close() {
        vertx.close().await();
    }

    @AfterEach
    void nothingIsLeft() throws Exception {
        for (var machine : Leftovers.running(machines).values()) {
            machine.end();
        }
    }

    Machine ready(String name) throws Exception {
        var machine = driver.start(Machines.spec(image, machines.resolve(name), name));
        machine.awaitReady(BOOT);
        return machine;
    }

    static CollectedExec run(Machine machine, String... words) throws InterruptedException {
        return CollectedExec.run(machine::exec, ExecRequest.of(words), NOTHING, Duration.ofSeconds(20), 10_000);
    }

    @Test
    void stopAsksTheAgentAndIsQuick() throws Exception {
        var machine = ready("a");
        var start = System.nanoTime();
        var exit = machine.stop(Duration.ofSeconds(20));
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
        assertThat(exit.cause()).isEqualTo(Cause.ASKED);
        assertThat(exit.consoleTail()).contains("scaibunker-agent: powering off");
        assertThat(machine.stop(Duration.ofSeconds(20))).isEqualTo(exit);
        assertThatThrownBy(() -> run(machine, "helper"))
                .isInstanceOfSatisfying(
                        MachineException.class,
                        e -> assertThat(e.reason()).isEqualTo(MachineException.Reason.NOT_READY));
        assertThat(Leftovers.running(machines)).isEmpty();
    }

    @Test
    void aMachineThatStillBootsIsStoppedToo() {
        var machine = driver.start(Machines.spec(image, machines.resolve("a"), "a"));
        assertThatThrownBy(() -> machine.exec(ExecRequest.of("helper"), ExecSink.NONE))
                .isInstanceOf(MachineException.class);
        assertThatThrownBy(() -> machine.awaitReady(Duration.ofMillis(1)))
                .isInstanceOfSatisfying(
                        MachineException.class, e -> assertThat(e.reason()).isEqualTo(MachineException.Reason.TIMEOUT));
        assertThat(machine.stop(Duration.ofSeconds(20)).cause()).isEqualTo(Cause.ASKED);
    }

    @Test
    void aKilledMonitorIsNoticedWithTheEndOfTheConsole() throws Exception {
        var machine = ready("a");
        run(machine, "helper", "console", "last words\n");
        Machines.eventually(BOOT, () -> machine.consoleTail().contains("last words"));
        var running = machine.exec(ExecRequest.of("helper", "family"), ExecSink.NONE);
        ProcessHandle.of(machine.pid()).orElseThrow().destroyForcibly();
        var exit = machine.onExit().get(10, TimeUnit.SECONDS);
        assertThat(exit.cause()).isEqualTo(Cause.MONITOR);
        assertThat(exit.status()).isEqualTo(137);
        assertThat(exit.consoleTail()).contains("last words");
        assertThatThrownBy(() -> running.outcome().get(10, TimeUnit.SECONDS))
                .isInstanceOf(ExecutionException.class)
                .cause()
                .isInstanceOfSatisfying(
                        GuestException.class, e -> assertThat(e.reason()).isEqualTo(GuestException.Reason.CLOSED));
    }

    @Test
    void aPanicIsTheGuestsOwnEnd() throws Exception {
        var machine = ready("a");
        machine.exec(ExecRequest.of("helper", "panic"), ExecSink.NONE);
        var exit = machine.onExit().get(20, TimeUnit.SECONDS);
        assertThat(exit.cause()).isEqualTo(Cause.GUEST);
        assertThat(exit.consoleTail()).contains("Kernel panic");
    }

    @Test
    void aPausedMachineStandsStillAlsoForTheNextWorkerAndKnowsTheTimeAfterwards() throws Exception {
        var first = ready("a");
        assertThat(first.startTimes().spawn()).isPositive();
        first.pause();
        first.pause();
        assertThat(first.isPaused()).isTrue();
        var late = first.exec(ExecRequest.of("helper", "exit", "7"), ExecSink.NONE);
        assertThatThrownBy(() -> late.outcome().get(2, TimeUnit.SECONDS))
                .isInstanceOf(java.util.concurrent.TimeoutException.class);
        first.leave();

        var again = Leftovers.running(machines).get("a").attach(vertx, "a");
        assertThat(again.isPaused()).isTrue();
        assertThatThrownBy(() -> again.awaitReady(Duration.ofMillis(500))).isInstanceOf(MachineException.class);
        again.resume(BOOT);
        assertThat(again.isPaused()).isFalse();
        var guest = Long.parseLong(new String(run(again, "helper", "clock").stdout(), UTF_8).strip());
        assertThat(guest).isCloseTo(System.currentTimeMillis() / 1000, Offset.offset(1L));
        again.pause();
        var exit = again.stop(Duration.ofSeconds(20));
        assertThat(exit.cause()).isEqualTo(Cause.ASKED);
        assertThat(exit.consoleTail()).contains("powering off");
    }

    @Test
    void twoMachinesShareOneImageAndSeeOnlyTheirOwnWrites() throws Exception {
        var before = sha256(image.rootfs());
        var one = driver.start(Machines.spec(image, machines.resolve("one"), "one"));
        var two = driver.start(Machines.spec(image, machines.resolve("two"), "two"));
        one.awaitReady(BOOT);
        two.awaitReady(BOOT);
        assertThat(run(one, "helper", "write", "/etc/plain", "mine").outcome()).isEqualTo(new Exited(0));
        assertThat(new String(run(one, "helper", "print", "/etc/plain").stdout(), UTF_8))
                .isEqualTo("mine");
        assertThat(new String(run(two, "helper", "print", "/etc/plain").stdout(), UTF_8))
                .isEqualTo("text\n");
        one.stop(Duration.ofSeconds(20));
        two.stop(Duration.ZERO);
        assertThat(sha256(image.rootfs())).isEqualTo(before);
    }

    @Test
    void millicoresAreRoundedUpAndADirectoryTooLongForASocketIsFine() throws Exception {
        var deep = machines.resolve("d".repeat(120)).resolve("a, b\"c");
        var machine = driver.start(Machines.spec(image, deep, "a", 1001));
        machine.awaitReady(BOOT);
        assertThat(new String(
                        run(machine, "helper", "print", "/sys/devices/system/cpu/online")
                                .stdout(),
                        UTF_8))
                .isEqualTo("0-1\n");
        machine.stop(Duration.ZERO);
        Leftovers.remove(machines.resolve("d".repeat(120)));
    }

    @Test
    void aMachineThatWasLeftIsTakenHoldOfAgainAndEndsLikeAnyOther() throws Exception {
        var first = ready("a");
        assertThat(run(first, "helper", "write", "/etc/plain", "kept").outcome())
                .isEqualTo(new Exited(0));
        var flood = first.exec(ExecRequest.of("helper", "flood", "100000000000"), ExecSink.NONE);
        first.leave();
        assertThatThrownBy(() -> flood.outcome().get(10, TimeUnit.SECONDS)).isInstanceOf(ExecutionException.class);

        var process = Leftovers.running(machines).get("a");
        assertThat(process.pid()).isEqualTo(first.pid());
        var again = process.attach(vertx, "a");
        again.awaitReady(BOOT);
        assertThat(new String(run(again, "helper", "print", "/etc/plain").stdout(), UTF_8))
                .isEqualTo("kept");
        assertThat(again.stop(Duration.ofSeconds(20)).cause()).isEqualTo(Cause.ASKED);
        assertThat(first.onExit().get(10, TimeUnit.SECONDS)).isNotNull();
    }

    @Test
    void aFoundMachineThatIsKilledIsNoticedToo() throws Exception {
        var first = ready("a");
        first.leave();
        var again = Leftovers.running(machines).get("a").attach(vertx, "a");
        again.awaitReady(BOOT);
        ProcessHandle.of(again.pid()).orElseThrow().destroyForcibly();
        var exit = again.onExit().get(10, TimeUnit.SECONDS);
        assertThat(exit.cause()).isEqualTo(Cause.UNKNOWN);
        assertThat(exit.status()).isEqualTo(-1);
    }

    @Test
    void anImageThatIsNoneEndsWithTheReasonOnTheConsole() throws Exception {
        var garbage = Files.write(directory.resolve("garbage.ext4"), new byte[1 << 20]);
        var broken = new GuestImage(image.kernel(), image.initrd(), garbage);
        var machine = driver.start(Machines.spec(broken, machines.resolve("a"), "a"));
        assertThatThrownBy(() -> machine.awaitReady(BOOT)).isInstanceOfSatisfying(MachineException.class, e -> {
            assertThat(e.reason()).isEqualTo(MachineException.Reason.ENDED);
            assertThat(e).hasMessageContaining("mount of the image");
        });
        assertThat(machine.onExit().join().cause()).isEqualTo(Cause.GUEST);
    }

    private static String sha256(Path file) throws Exception {
        return HexFormat.of()
                .formatHex(java.security.MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
    }
}
