package io.scaibunker.microvm;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.scaibunker.guest.CollectedExec;
import io.scaibunker.guest.ExecHandle;
import io.scaibunker.guest.ExecOutcome.Exited;
import io.scaibunker.guest.ExecOutcome.NotStarted;
import io.scaibunker.guest.ExecOutcome.Signalled;
import io.scaibunker.guest.ExecOutcome.Stage;
import io.scaibunker.guest.ExecRequest;
import io.scaibunker.guest.ExecSink;
import io.scaibunker.guest.GuestException;
import io.scaibunker.microvm.MachineExit.Cause;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** One machine, booted once, and commands in it. */
@Timeout(60)
class MachineTest {
    private static final Duration SOON = Duration.ofSeconds(20);

    @TempDir
    static Path directory;

    static Machine machine;

    @BeforeAll
    static void boot() throws Exception {
        var image = GuestImage.make(directory);
        var start = System.nanoTime();
        machine = Machines.driver(directory).start(Machines.spec(image, directory.resolve("machines/one"), "one"));
        var hello = machine.awaitReady(Duration.ofSeconds(60));
        System.out.printf(
                "boot: the agent answered after %.2f s, its kernel's uptime was %s%n",
                (System.nanoTime() - start) / 1e9, hello.uptime());
        assertThat(hello.protocol()).isEqualTo(1);
    }

    @AfterAll
    static void end() {
        if (machine != null) {
            assertThat(machine.stop(Duration.ofSeconds(10)).cause()).isEqualTo(Cause.ASKED);
        }
    }

    private static CollectedExec run(ExecRequest request, byte[] stdin) throws InterruptedException {
        return CollectedExec.run(machine::exec, request, stdin, SOON, 1 << 20);
    }

    private static CollectedExec helper(String... words) throws InterruptedException {
        return run(request(words), new byte[0]);
    }

    private static ExecRequest request(String... words) {
        var argv = new ArrayList<>(List.of("helper"));
        argv.addAll(Arrays.asList(words));
        return ExecRequest.of(argv.toArray(String[]::new));
    }

    @Test
    void exitCodeStdoutAndStderrComeBackApart() throws Exception {
        var ended = helper("exit", "42");
        assertThat(ended.outcome()).isEqualTo(new Exited(42));
        assertThat(new String(ended.stdout(), UTF_8)).isEqualTo("to out\n");
        assertThat(new String(ended.stderr(), UTF_8)).isEqualTo("to err\n");
        assertThat(ended.timedOut()).isFalse();
    }

    @Test
    void aSignalIsToldFromAnExit() throws Exception {
        assertThat(helper("signal", "11").outcome()).isEqualTo(new Signalled(11));
    }

    @Test
    void whatCannotBeStartedSaysWhy() throws Exception {
        assertThat(run(ExecRequest.of("nowhere"), new byte[0]).outcome()).isEqualTo(new NotStarted(Stage.EXECUTE, 2));
        assertThat(run(ExecRequest.of("/bin/broken"), new byte[0]).outcome())
                .isEqualTo(new NotStarted(Stage.EXECUTE, 8));
        assertThat(run(ExecRequest.of("/etc/plain"), new byte[0]).outcome())
                .isEqualTo(new NotStarted(Stage.EXECUTE, 13));
        assertThat(run(request("exit", "0").in("/nowhere"), new byte[0]).outcome())
                .isEqualTo(new NotStarted(Stage.DIRECTORY, 2));
        assertThat(run(request("exit", "0").as("zoe"), new byte[0]).outcome()).isEqualTo(new NotStarted(Stage.USER, 2));
        assertThat(new NotStarted(Stage.EXECUTE, 2).text())
                .isEqualTo("the program cannot be executed: no such file or directory");
    }

    @Test
    void userGroupsHomeDirectoryAndEnvironmentAreTheImages() throws Exception {
        var asAnn = new String(
                run(request("identity").as("ann").withEnv(Map.of("GREETING", "hällo wörld")), new byte[0])
                        .stdout(),
                UTF_8);
        assertThat(asAnn.lines())
                .containsExactlyInAnyOrder(
                        "uid=1000 gid=1000 group=10 group=50 cwd=/home/ann host=one",
                        "GREETING=hällo wörld",
                        "HOME=/home/ann",
                        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        var byNumber = new String(
                run(request("identity").as("77:staff").in("/etc"), new byte[0]).stdout(), UTF_8);
        assertThat(byNumber).startsWith("uid=77 gid=50 cwd=/etc");
    }

    @Test
    void inputOfAnySizeComesOutAsItWentIn() throws Exception {
        var bytes = new byte[700_000];
        new Random(1).nextBytes(bytes);
        var ended = run(request("copy"), bytes);
        assertThat(ended.outcome()).isEqualTo(new Exited(0));
        assertThat(ended.stdout()).isEqualTo(bytes);
    }

    @Test
    void inputForACommandThatDoesNotReadIsDropped() throws Exception {
        assertThat(run(request("exit", "3"), new byte[500_000]).outcome()).isEqualTo(new Exited(3));
    }

    @Test
    void outputBeyondTheBoundIsCutAndTheCommandGoesOn() throws Exception {
        var ended = helper("flood", "5000000");
        assertThat(ended.outcome()).isEqualTo(new Exited(0));
        assertThat(ended.stdout()).hasSize(1 << 20);
        assertThat(ended.stdoutTruncated()).isTrue();
        assertThat(ended.stderrTruncated()).isFalse();
    }

    @Test
    void afterATimeoutNothingOfTheCommandIsLeft() throws Exception {
        var ended = CollectedExec.run(machine::exec, request("family"), new byte[0], Duration.ofMillis(500), 1000);
        assertThat(ended.timedOut()).isTrue();
        assertThat(ended.outcome()).isEqualTo(new Signalled(9));
        assertThat(new String(ended.stdout(), UTF_8)).isEqualTo("two\n");
        Machines.eventually(SOON, () -> {
            var groups =
                    new String(helper("print", "/sys/fs/cgroup/cgroup.stat").stdout(), UTF_8);
            return !groups.isEmpty() && familyIsGone();
        });
    }

    /** No process of the guest's is called so any more: the numbers are few, and each can be asked. */
    private static boolean familyIsGone() throws InterruptedException {
        for (var pid = 2; pid < 400; pid++) {
            var words = new String(helper("print", "/proc/" + pid + "/cmdline").stdout(), UTF_8);
            if (words.contains("family")) {
                return false;
            }
        }
        return true;
    }

    @Test
    void aCommandThatLeavesADaemonBehindEndsAnyway() throws Exception {
        var ended = helper("leave");
        assertThat(ended.outcome()).isEqualTo(new Exited(0));
        assertThat(new String(ended.stdout(), UTF_8)).isEqualTo("left one running\n");
        assertThat(ended.duration()).isLessThan(Duration.ofSeconds(10));
    }

    @Test
    void whatACommandLeavesWritingIsNotWaitedForAndItsGroupGoesWithIt() throws Exception {
        var before = groups();
        var ended = helper("leave-flood");
        assertThat(ended.outcome()).isEqualTo(new Exited(0));
        assertThat(ended.timedOut()).isFalse();
        assertThat(new String(ended.stdout(), UTF_8)).startsWith("left one writing\n");
        // It hears that nobody reads any more, and ends.
        Machines.eventually(SOON, () -> groups() <= before);
    }

    /** One for each command, this one's own among them. */
    private static long groups() throws InterruptedException {
        var listed = run(ExecRequest.of("list", "/sys/fs/cgroup").asFileWork(), new byte[0]);
        return Arrays.stream(new String(listed.stdout(), UTF_8).split("\0"))
                .filter(entry -> entry.contains(" scaibunker."))
                .count();
    }

    @Test
    void aFloodThatNobodyTakesHoldsUpNobodyElse() throws Exception {
        var release = new CountDownLatch(1);
        var flooding = new CountDownLatch(1);
        var taken = new AtomicLong();
        var flood = machine.exec(request("flood", "3000000"), new ExecSink() {
            @Override
            public void stdout(byte[] bytes) {
                flooding.countDown();
                await(release);
                taken.addAndGet(bytes.length);
            }

            @Override
            public void stderr(byte[] bytes) {}
        });
        assertThat(flooding.await(20, TimeUnit.SECONDS)).isTrue();
        assertThat(helper("exit", "5").outcome()).isEqualTo(new Exited(5));
        assertThat(flood.outcome().isDone()).isFalse();
        release.countDown();
        assertThat(flood.outcome().get(20, TimeUnit.SECONDS)).isEqualTo(new Exited(0));
        assertThat(taken).hasValue(3_000_000);
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException given) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void aSinkThatThrowsEndsItsCommandAlone() throws Exception {
        var broken = machine.exec(request("flood", "100000000000"), new ExecSink() {
            @Override
            public void stdout(byte[] bytes) {
                throw new IllegalStateException("full");
            }

            @Override
            public void stderr(byte[] bytes) {}
        });
        assertThatThrownBy(() -> broken.outcome().get(20, TimeUnit.SECONDS)).hasMessageContaining("full");
        assertThat(helper("exit", "0").outcome()).isEqualTo(new Exited(0));
    }

    @Test
    void sixteenCommandsAtOnceEachGetTheirOwnBytes() throws Exception {
        var handles = new ArrayList<CompletableFuture<CollectedExec>>();
        for (var i = 0; i < 16; i++) {
            var bytes = new byte[40_000];
            new Random(i).nextBytes(bytes);
            handles.add(Machines.async(() -> {
                var ended = run(request("copy"), bytes);
                assertThat(ended.stdout()).isEqualTo(bytes);
                return ended;
            }));
        }
        for (var handle : handles) {
            assertThat(handle.get(40, TimeUnit.SECONDS).outcome()).isEqualTo(new Exited(0));
        }
    }

    @Test
    void theSixtyFifthCommandIsRefusedAndTheOthersGoOn() throws Exception {
        var running = new ArrayList<ExecHandle>();
        try {
            assertThatThrownBy(() -> {
                        for (var i = 0; i < 65; i++) {
                            running.add(machine.exec(request("copy").withStdin(), ExecSink.NONE));
                        }
                    })
                    .isInstanceOfSatisfying(
                            GuestException.class,
                            e -> assertThat(e.reason()).isEqualTo(GuestException.Reason.TOO_MANY));
        } finally {
            running.forEach(ExecHandle::closeStdin);
        }
        for (var handle : running) {
            assertThat(handle.outcome().get(40, TimeUnit.SECONDS)).isEqualTo(new Exited(0));
        }
    }

    @Test
    void aRequestThatDoesNotFitTheWireIsRefusedAtOnce() {
        assertThatThrownBy(() -> helper("x".repeat(70_000)))
                .isInstanceOfSatisfying(
                        GuestException.class, e -> assertThat(e.reason()).isEqualTo(GuestException.Reason.TOO_LARGE));
    }

    @Test
    void writesGoAboveTheImage() throws Exception {
        assertThat(helper("write", "/etc/new", "kept").outcome()).isEqualTo(new Exited(0));
        assertThat(new String(helper("print", "/etc/new").stdout(), UTF_8)).isEqualTo("kept");
        assertThat(new String(helper("print", "/proc/mounts").stdout(), UTF_8)).startsWith("overlay / overlay rw,");
    }

    @Test
    void whatTheGuestPrintsOnItsConsoleIsKept() throws Exception {
        helper("console", "a word on the console\n");
        Machines.eventually(SOON, () -> machine.consoleTail().contains("a word on the console"));
    }
}
