package io.scaibunker.microvm;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.scaibunker.guest.CollectedExec;
import io.scaibunker.guest.ExecOutcome.Exited;
import io.scaibunker.guest.ExecRequest;
import io.scaibunker.guest.ExecSink;
import io.scaibunker.guest.GuestConnection;
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
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
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
        driver = Machines.driver(directory);
    }

    @AfterEach
    void nothingIsLeft() throws Exception {
        for (var machine : Leftovers.running(machines).values()) {
            machine.end();
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
    void aGuestThatPowersOffIsToldFromOneThatFails() throws Exception {
        var machine = ready("a");
        machine.exec(ExecRequest.of("helper", "poweroff"), ExecSink.NONE);
        assertThat(machine.onExit().get(20, TimeUnit.SECONDS).cause()).isEqualTo(Cause.POWERED_OFF);
    }

    /** No guest can be made to lose its first process, so the monitor is another program here, its sockets are ours. */
    @Test
    void aMachineWhoseAgentIsGoneIsEnded() throws Exception {
        var workDir = machines.resolve("a");
        Files.createDirectories(workDir.resolve(MachineSpec.RUN));
        var process = new ProcessBuilder("sleep", "600").start();
        try (var console = listen(workDir.resolve(QemuCommand.CONSOLE_SOCKET));
                var door = listen(workDir.resolve(QemuCommand.MONITOR_SOCKET));
                var agent = listen(workDir.resolve(QemuCommand.AGENT_SOCKET))) {
            var said = Machines.async(() -> answerTwice(door));
            var machine = QemuDriver.found("a", workDir, process.toHandle());
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
    void leftoversOfADeadWorkerAreEndedAndNothingElse() throws Exception {
        var left = orphan(machines.resolve("left"));
        var other = orphan(directory.resolve("elsewhere/other"));
        try {
            var found = Leftovers.running(machines);
            assertThat(found).containsOnlyKeys("left");
            found.get("left").end();
            assertThat(left.waitFor(10, TimeUnit.SECONDS)).isTrue();
            assertThat(other.isAlive()).isTrue();
            assertThat(Leftovers.running(machines)).isEmpty();
        } finally {
            other.destroyForcibly().waitFor();
        }
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
        var missing = new QemuSettings(Path.of("no-such-qemu"), settings.acceleration(), true, 0);
        assertThatThrownBy(() -> QemuDriver.open(missing, Machines.confinement(directory))
                        .start(Machines.spec(image, machines.resolve("a"), "a")))
                .isInstanceOf(MachineException.class)
                .hasMessageContaining("no-such-qemu");
        var noImage = new GuestImage(image.kernel(), image.initrd(), directory.resolve("nowhere.ext4"));
        assertThatThrownBy(() -> driver.start(Machines.spec(noImage, machines.resolve("b"), "b")))
                .isInstanceOf(MachineException.class)
                .hasMessageContaining("nowhere.ext4");
    }

    /** A machine as a dead worker leaves it: nobody holds its sockets. */
    private static Process orphan(Path workDir) throws Exception {
        var spec = Machines.spec(image, workDir, "orphan");
        Files.createDirectories(workDir);
        io.scaibunker.ext4.ScratchDisk.create(spec.scratch(), spec.diskMb());
        var command = new QemuCommand(QemuSettings.of(driver.acceleration()), HostClock.tscKilohertz()).words(spec);
        Machines.confinement(directory).makeRoom(spec);
        var words = Machines.confinement(directory).words(spec, 512, QemuCommand.opened(spec), command);
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
}
