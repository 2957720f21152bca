package io.scaibunker.microvm;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.scaibunker.guest.CollectedExec;
import io.scaibunker.guest.ExecHandle;
import io.scaibunker.guest.ExecOutcome.Exited;
import io.scaibunker.guest.ExecOutcome.Signalled;
import io.scaibunker.guest.ExecRequest;
import io.scaibunker.guest.ExecRequest.Terminal;
import io.scaibunker.guest.ExecSink;
import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Files and terminals of one machine, booted once. */
@Timeout(60)
class MachineFilesTest {
    private static final Duration SOON = Duration.ofSeconds(20);
    private static final byte[] NOTHING = new byte[0];
    private static final int NO_SUCH_FILE = 2;
    private static final int NOT_PERMITTED = 13;
    private static final int IS_A_DIRECTORY = 21;
    private static final int INVALID = 22;
    private static final int NO_SPACE = 28;
    private static final int NOT_EMPTY = 39;

    @TempDir
    static Path directory;

    static Machine machine;

    @BeforeAll
    static void boot() throws Exception {
        var image = GuestImage.make(directory);
        machine = Machines.driver(directory).start(Machines.spec(image, directory.resolve("machines/one"), "one"));
        machine.awaitReady(Duration.ofSeconds(60));
    }

    @AfterAll
    static void end() {
        if (machine != null) {
            machine.stop(Duration.ofSeconds(10));
        }
    }

    private static CollectedExec work(String user, byte[] in, String... words) throws InterruptedException {
        return CollectedExec.run(
                machine::exec, ExecRequest.of(words).asFileWork().as(user), in, SOON, 8 << 20);
    }

    private static CollectedExec work(String... words) throws InterruptedException {
        return work("", NOTHING, words);
    }

    private static byte[] content(CollectedExec got) {
        var bytes = got.stdout();
        var behind = 0;
        while (bytes[behind] != 0) {
            behind++;
        }
        return Arrays.copyOfRange(bytes, behind + 1, bytes.length);
    }

    @Test
    void whatIsPutIsGotAndItsDirectoriesAreMade() throws Exception {
        var bytes = new byte[3_000_000];
        new Random(1).nextBytes(bytes);
        assertThat(work("", bytes, "put", "/new/deep/er/file").outcome()).isEqualTo(new Exited(0));
        var got = work("get", "/new/deep/er/file");
        assertThat(got.outcome()).isEqualTo(new Exited(0));
        assertThat(new String(got.stdout(), 0, 18, UTF_8)).isEqualTo("f 644 0 0 3000000 ");
        assertThat(content(got)).isEqualTo(bytes);
        assertThat(content(work("get", "/../../proc/version"))).asString(UTF_8).startsWith("Linux version");
    }

    @Test
    void aFileThatIsPutAgainKeepsItsOwnerAndMode() throws Exception {
        assertThat(work("ann", "one".getBytes(UTF_8), "put", "/home/ann/mine").outcome())
                .isEqualTo(new Exited(NOT_PERMITTED));
        assertThat(work("", NOTHING, "put", "/tmp/mine").outcome()).isEqualTo(new Exited(0));
        assertThat(work("ann", "mine".getBytes(UTF_8), "put", "/tmp/of/ann").outcome())
                .isEqualTo(new Exited(0));
        assertThat(work("", "other".getBytes(UTF_8), "put", "/tmp/of/ann").outcome())
                .isEqualTo(new Exited(0));
        assertThat(new String(work("get", "/tmp/of/ann").stdout(), UTF_8)).startsWith("f 644 1000 1000 5 ");
        assertThat(work("ann", NOTHING, "delete", "/tmp/mine").outcome()).isNotEqualTo(new Exited(0));
    }

    @Test
    void whatIsListedIsTheDirectoryAndLinksAreNotFollowed() throws Exception {
        work("", "abc".getBytes(UTF_8), "put", "/listed/a file");
        work("", NOTHING, "put", "/listed/below/b");
        var lines = new String(work("list", "/listed").stdout(), UTF_8).split("\0");
        assertThat(lines).hasSize(2);
        assertThat(lines).anySatisfy(line -> assertThat(line).matches("f 644 0 0 3 [0-9]+ a file"));
        assertThat(lines).anySatisfy(line -> assertThat(line).matches("d 755 0 0 [0-9]+ [0-9]+ below"));
    }

    @Test
    void whatIsDeletedIsGoneAndADirectoryOnlyWithAllInItWhenThatIsSaid() throws Exception {
        work("", NOTHING, "put", "/gone/a/b/c");
        assertThat(work("delete", "/gone").outcome()).isEqualTo(new Exited(NOT_EMPTY));
        assertThat(work("delete", "/gone/a/b/c").outcome()).isEqualTo(new Exited(0));
        assertThat(work("delete", "/gone/a/b").outcome()).isEqualTo(new Exited(0));
        assertThat(work("delete-all", "/gone").outcome()).isEqualTo(new Exited(0));
        assertThat(work("get", "/gone").outcome()).isEqualTo(new Exited(NO_SUCH_FILE));
    }

    @Test
    void whatCannotBeSaysWhy() throws Exception {
        assertThat(work("get", "/etc").outcome()).isEqualTo(new Exited(IS_A_DIRECTORY));
        assertThat(work("get", "/dev/console").outcome()).isEqualTo(new Exited(INVALID));
        assertThat(work("get", "etc/plain").outcome()).isEqualTo(new Exited(INVALID));
        assertThat(work("get").outcome()).isEqualTo(new Exited(INVALID));
        assertThat(work("burn", "/etc").outcome()).isEqualTo(new Exited(INVALID));
        assertThat(work("", NOTHING, "put", "/etc").outcome()).isEqualTo(new Exited(IS_A_DIRECTORY));
        assertThat(work("", NOTHING, "put", "/etc/plain/below").outcome()).isEqualTo(new Exited(20));
    }

    @Test
    void anUploadThatDoesNotEndLeavesNothing() throws Exception {
        // More than the disk (64 MiB) holds.
        var much = new byte[96 << 20];
        assertThat(work("", much, "put", "/full/disk").outcome()).isEqualTo(new Exited(NO_SPACE));
        var cut = machine.exec(ExecRequest.of("put", "/full/cut").asFileWork().withStdin(), ExecSink.NONE);
        cut.write(new byte[1 << 20]);
        cut.signal(ExecHandle.KILL);
        assertThat(cut.outcome().get(20, TimeUnit.SECONDS)).isEqualTo(new Signalled(15));
        assertThat(work("list", "/full").stdout()).isEmpty();
        assertThat(work("", "fits".getBytes(UTF_8), "put", "/full/again").outcome())
                .isEqualTo(new Exited(0));
    }

    @Test
    void whatIsHeldStillStaysSoWhenOtherWorkIsEnded() throws Exception {
        assertThat(work("", new byte[2_000_000], "put", "/read/slowly").outcome())
                .isEqualTo(new Exited(0));
        var taken = new CountDownLatch(1);
        var get = machine.exec(ExecRequest.of("get", "/read/slowly").asFileWork(), onOutput(() -> awaitLatch(taken)));
        var still = new CountDownLatch(1);
        var freeze =
                machine.exec(ExecRequest.of("freeze", "/", "60").asFileWork().withStdin(), onOutput(still::countDown));
        assertThat(still.await(20, TimeUnit.SECONDS)).isTrue();
        get.signal(ExecHandle.KILL);
        taken.countDown();
        assertThat(get.outcome().get(20, TimeUnit.SECONDS)).isEqualTo(new Signalled(15));

        var write = machine.exec(ExecRequest.of("put", "/frozen").asFileWork().withStdin(), ExecSink.NONE);
        write.closeStdin();
        assertThatThrownBy(() -> write.outcome().get(2, TimeUnit.SECONDS)).isInstanceOf(TimeoutException.class);
        freeze.closeStdin();
        assertThat(freeze.outcome().get(20, TimeUnit.SECONDS)).isEqualTo(new Exited(0));
        assertThat(write.outcome().get(20, TimeUnit.SECONDS)).isEqualTo(new Exited(0));
    }

    private static void awaitLatch(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException given) {
            Thread.currentThread().interrupt();
        }
    }

    private static ExecSink onOutput(Runnable heard) {
        return new ExecSink() {
            @Override
            public void stdout(byte[] bytes) {
                heard.run();
            }

            @Override
            public void stderr(byte[] bytes) {}
        };
    }

    /** Keeps what a command says, for a test to wait on. */
    private static final class Screen implements ExecSink {
        private final ByteArrayOutputStream said = new ByteArrayOutputStream();

        @Override
        public synchronized void stdout(byte[] bytes) {
            said.writeBytes(bytes);
        }

        @Override
        public void stderr(byte[] bytes) {
            throw new AssertionError("a terminal has one stream");
        }

        void awaitText(String text) throws Exception {
            Machines.eventually(SOON, () -> {
                synchronized (this) {
                    return said.toString(UTF_8).contains(text);
                }
            });
        }
    }

    @Test
    void aTerminalHasASizeThatChangesAndEchoesWhatIsTyped() throws Exception {
        var screen = new Screen();
        var handle = machine.exec(ExecRequest.of("helper", "terminal").on(new Terminal(80, 24)), screen);
        screen.awaitText("80 columns, 24 rows\r\n");
        handle.resize(new Terminal(132, 50));
        screen.awaitText("132 columns, 50 rows\r\n");
        handle.write("typed\n".getBytes(UTF_8));
        screen.awaitText("typed\r\nread 6\r\n");
        assertThat(handle.outcome().get(20, TimeUnit.SECONDS)).isEqualTo(new Exited(0));
    }

    @Test
    void theEndOfInputIsTheEndOfFileOnATerminalAndAHangUpEndsWhatRunsOnIt() throws Exception {
        var screen = new Screen();
        var handle = machine.exec(ExecRequest.of("helper", "terminal").on(new Terminal(80, 24)), screen);
        screen.awaitText("80 columns");
        handle.closeStdin();
        screen.awaitText("read 0");
        assertThat(handle.outcome().get(20, TimeUnit.SECONDS)).isEqualTo(new Exited(0));

        var left = new Screen();
        var hung = machine.exec(ExecRequest.of("helper", "terminal").on(new Terminal(80, 24)), left);
        left.awaitText("80 columns");
        hung.signal(ExecHandle.HANG_UP);
        assertThat(hung.outcome().get(20, TimeUnit.SECONDS)).isEqualTo(new Signalled(1));
    }
}
