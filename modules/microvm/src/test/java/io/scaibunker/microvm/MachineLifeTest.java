package io.scaibunker.microvm;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.scaibunker.guest.CollectedExec;
import io.scaibunker.guest.ExecOutcome.Exited;
import io.scaibunker.guest.ExecRequest;
import io.scaibunker.guest.ExecSink;
import io.scaibunker.guest.GuestConnection;
import io.scaibunker.guest.GuestException;
import io.scaibunker.microvm.MachineExit.Cause;
import java.io.BufferedReader;
import java.lang.ProcessBuilder.Redirect;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** How machines begin and end. */
@Timeout(90)
class MachineLifeTest {
    private static final Duration BOOT = Duration.ofSeconds(60);
    private static final byte[] NOTHING = new byte[0];

    @TempDir
    static Path directory;

    static GuestImage image;
    static QemuDriver driver;

    @TempDir
    Path machines;

    @BeforeAll
    static void prepare() throws Exception {
        image = GuestImage.make(directory);
        driver = Machines.driver();
    }

    @AfterEach
    void nothingIsLeft() throws Exception {
        for (var machine : Leftovers.running(machines).values()) {
            Leftovers.end(machine);
        }
    }

    private Machine ready(String name) throws Exception {
        var machine = driver.start(Machines.spec(image, machines.resolve(name), name));
        machine.awaitReady(BOOT);
        return machine;
    }

    private static CollectedExec run(Machine machine, String... words) throws InterruptedException {
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
    void aGuestThatPowersOffIsToldFromOneThatFails() throws Exception {
        var machine = ready("a");
        machine.exec(ExecRequest.of("helper", "poweroff"), ExecSink.NONE);
        assertThat(machine.onExit().get(20, TimeUnit.SECONDS).cause()).isEqualTo(Cause.POWERED_OFF);
    }

    /** No guest can be made to lose its first process, so the monitor is another program here, its sockets are ours. */
    @Test
    void aMachineWhoseAgentIsGoneIsEnded() throws Exception {
        var workDir = Files.createDirectories(machines.resolve("a"));
        var process = new ProcessBuilder("sleep", "600").start();
        try (var console = listen(workDir.resolve(QemuCommand.CONSOLE_SOCKET));
                var door = listen(workDir.resolve(QemuCommand.MONITOR_SOCKET));
                var agent = listen(workDir.resolve(QemuCommand.AGENT_SOCKET))) {
            var said = Machines.async(() -> answerTwice(door));
            var machine = QemuMachine.found("a", workDir, process.toHandle());
            machine.attach();
            assertThat(said.get(10, TimeUnit.SECONDS)).contains("qmp_capabilities", "query-status");
            agent.accept().close();
            assertThat(machine.onExit().get(20, TimeUnit.SECONDS).cause()).isEqualTo(Cause.AGENT);
            assertThat(console.isOpen()).isTrue();
        } finally {
            process.destroyForcibly().waitFor();
        }
    }

    private static ServerSocketChannel listen(Path socket) throws Exception {
        var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(socket));
        return server;
    }

    /** What was asked, each answered as QEMU would of a machine that runs. */
    private static String answerTwice(ServerSocketChannel door) throws Exception {
        var said = new StringBuilder();
        var channel = door.accept();
        var lines = new BufferedReader(Channels.newReader(channel, UTF_8));
        for (var id = 1; id <= 2; id++) {
            said.append(lines.readLine());
            channel.write(UTF_8.encode("{\"return\": {\"status\": \"running\"}, \"id\": " + id + "}\r\n"));
        }
        return said.toString();
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

        var again = QemuDriver.attach(
                "a", machines.resolve("a"), Leftovers.running(machines).get("a"));
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
    void leftoversOfADeadWorkerAreEndedAndNothingElse() throws Exception {
        var left = orphan(machines.resolve("left"));
        var other = orphan(directory.resolve("elsewhere/other"));
        try {
            var found = Leftovers.running(machines);
            assertThat(found).containsOnlyKeys("left");
            Leftovers.end(found.get("left"));
            assertThat(left.waitFor(10, TimeUnit.SECONDS)).isTrue();
            assertThat(other.isAlive()).isTrue();
            assertThat(Leftovers.running(machines)).isEmpty();
        } finally {
            other.destroyForcibly().waitFor();
        }
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
        var again = QemuDriver.attach("a", machines.resolve("a"), process);
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
        var again = QemuDriver.attach(
                "a", machines.resolve("a"), Leftovers.running(machines).get("a"));
        again.awaitReady(BOOT);
        ProcessHandle.of(again.pid()).orElseThrow().destroyForcibly();
        var exit = again.onExit().get(10, TimeUnit.SECONDS);
        assertThat(exit.cause()).isEqualTo(Cause.UNKNOWN);
        assertThat(exit.status()).isEqualTo(-1);
    }

    @Test
    void aSecondHostTakesOverFromOneThatVanishedInTheMiddle() throws Exception {
        var workDir = machines.resolve("a");
        var process = orphan(workDir);
        var socket = UnixDomainSocketAddress.of(workDir.resolve(QemuCommand.AGENT_SOCKET));
        Machines.eventually(BOOT, () -> Files.exists(socket.getPath()));
        var first = GuestConnection.open("first", SocketChannel.open(socket));
        first.awaitHello(BOOT);
        var flood = first.exec(ExecRequest.of("helper", "flood", "100000000000"), ExecSink.NONE);
        first.close();
        assertThatThrownBy(() -> flood.outcome().get(10, TimeUnit.SECONDS)).isInstanceOf(ExecutionException.class);
        try (var half = SocketChannel.open(socket)) {
            half.write(ByteBuffer.wrap(new byte[] {0, 0, 1, 0, 0x10, 0, 0}));
        }
        try (var second = GuestConnection.open("second", SocketChannel.open(socket))) {
            second.awaitHello(Duration.ofSeconds(20));
            var ended = CollectedExec.run(
                    second::exec, ExecRequest.of("helper", "exit", "7"), NOTHING, Duration.ofSeconds(20), 100);
            assertThat(ended.outcome()).isEqualTo(new Exited(7));
            second.powerOff();
            assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void anAgentThatWasSentGarbageStillAnswersAnHonestHost() throws Exception {
        var workDir = machines.resolve("a");
        orphan(workDir);
        var socket = UnixDomainSocketAddress.of(workDir.resolve(QemuCommand.AGENT_SOCKET));
        Machines.eventually(BOOT, () -> Files.exists(socket.getPath()));
        var random = new Random(42);
        for (var round = 0; round < 8; round++) {
            try (var garbage = SocketChannel.open(socket)) {
                garbage.write(Garbage.greeting());
                for (var frame = 0; frame < 200; frame++) {
                    garbage.write(Garbage.frame(random));
                }
            }
            try (var honest = GuestConnection.open("honest", SocketChannel.open(socket))) {
                honest.awaitHello(BOOT);
                var ended = CollectedExec.run(
                        honest::exec, ExecRequest.of("helper", "exit", "7"), NOTHING, Duration.ofSeconds(20), 100);
                assertThat(ended.outcome()).isEqualTo(new Exited(7));
            }
        }
    }

    @Test
    void aHostThatIsNotFitSaysWhat() {
        var settings = QemuSettings.of(driver.acceleration());
        var missing = new QemuSettings(Path.of("no-such-qemu"), settings.acceleration(), true);
        assertThatThrownBy(() -> QemuDriver.open(missing).start(Machines.spec(image, machines.resolve("a"), "a")))
                .isInstanceOf(MachineException.class)
                .hasMessageContaining("no-such-qemu");
        var noImage = new GuestImage(image.kernel(), image.initrd(), directory.resolve("nowhere.ext4"));
        assertThatThrownBy(() -> driver.start(Machines.spec(noImage, machines.resolve("b"), "b")))
                .isInstanceOf(MachineException.class)
                .hasMessageContaining("nowhere.ext4");
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

    /** A machine as a dead worker leaves it: nobody holds its sockets. */
    private static Process orphan(Path workDir) throws Exception {
        var spec = Machines.spec(image, workDir, "orphan");
        Files.createDirectories(workDir);
        io.scaibunker.ext4.ScratchDisk.create(spec.scratch(), spec.diskMb());
        var words = new ArrayList<>(List.of("setsid"));
        var clock = HostClock.tscKilohertz();
        words.addAll(new QemuCommand(QemuSettings.of(driver.acceleration()), clock).words(spec));
        return new ProcessBuilder(words)
                .directory(workDir.toFile())
                .redirectErrorStream(true)
                .redirectOutput(Redirect.DISCARD)
                .start();
    }

    @Test
    void theHostsClockIsMeasured() throws Exception {
        assertThat(HostClock.tscKilohertz()).isNotEqualTo(OptionalLong.empty());
        assertThat(HostClock.tscKilohertz().getAsLong()).isBetween(500_000L, 10_000_000L);
    }

    private static String sha256(Path file) throws Exception {
        return HexFormat.of()
                .formatHex(java.security.MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
    }
}
