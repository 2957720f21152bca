package io.scaibunker.guest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Both ends of the wire against whatever may come over it, for {@code -Dfuzz.seconds} each (two unless told) from
 * {@code -Dfuzz.seed}.
 */
class FuzzTest {
    private static final long SEED = Long.getLong("fuzz.seed", 7);
    private static final int SECONDS = Integer.getInteger("fuzz.seconds", 2);
    private static final Duration SOON = Duration.ofSeconds(20);

    /** More than all windows of one connection. */
    private static final long HEAP_MAX = 200L << 20;

    @TempDir
    Path directory;

    /** The agent itself, under the compiler's sanitizers, as a program of this host that executes nothing. */
    @Test
    void noHostBreaksTheAgent() throws Exception {
        Path program = directory.resolve("fuzz");
        var build = new ProcessBuilder("src/test/c/fuzz-build", program.toString())
                .inheritIO()
                .start();
        assertThat(build.waitFor()).isZero();
        var fuzz = new ProcessBuilder(program.toString(), Long.toString(SEED), Integer.toString(SECONDS))
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .start();
        String said = new String(fuzz.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        System.out.print("agent, seed " + SEED + ": " + said);
        assertThat(fuzz.waitFor()).as(said).isZero();
        assertThat(said).contains(" rounds, ");
    }

    /** A guest that greets as it should and then says anything: its connection ends or goes on, and nothing else happens. */
    @Test
    void noGuestBreaksTheHost() throws Exception {
        var random = new Random(SEED);
        var deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        var rounds = 0;
        var ended = new int[GuestException.Reason.values().length];
        var taken = new AtomicLong();
        do {
            try (var guest = new FakeGuest(directory)) {
                ended[round(guest, random, taken).ordinal()]++;
            }
            rounds++;
        } while (System.nanoTime() < deadline);
        System.gc();
        var heap = Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
        System.out.printf(
                "host, seed %d: %d connections, %d ended by what the guest said, %d bytes of output taken, %d MB of heap%n",
                SEED, rounds, ended[GuestException.Reason.PROTOCOL.ordinal()], taken.get(), heap >> 20);
        assertThat(ended[GuestException.Reason.PROTOCOL.ordinal()]).isPositive();
        assertThat(taken.get()).isPositive();
        assertThat(heap).isLessThan(HEAP_MAX);
    }

    private static GuestException.Reason round(FakeGuest guest, Random random, AtomicLong taken) throws Exception {
        guest.greet();
        guest.host.awaitHello(SOON);
        var sink = new ExecSink() {
            @Override
            public void stdout(byte[] bytes) {
                taken.addAndGet(bytes.length);
            }

            @Override
            public void stderr(byte[] bytes) {
                taken.addAndGet(bytes.length);
            }
        };
        var commands = new ArrayList<ExecHandle>();
        for (var number = 0; number < 1 + random.nextInt(4); number++) {
            commands.add(guest.host.exec(ExecRequest.of("a").withStdin(), sink));
        }
        var honesty = List.of(2, 20, 1000).get(random.nextInt(3));
        try {
            for (var frames = random.nextInt(200); frames > 0; frames--) {
                guest.say(frame(random, honesty));
            }
        } catch (IOException closed) {
            // By the host, which has heard enough.
        }
        guest.host.close();
        for (var command : commands) {
            // Each has an outcome or a reason why there is none, soon.
            try {
                command.outcome().get(SOON.toSeconds(), TimeUnit.SECONDS);
            } catch (ExecutionException failed) {
                assertThat(failed).cause().isInstanceOf(GuestException.class);
            }
        }
        return guest.host.closed().get(SOON.toSeconds(), TimeUnit.SECONDS).reason();
    }

    /** One in {@code honesty} is wrong in some way. */
    private static byte[] frame(Random random, int honesty) {
        var wrong = random.nextInt(honesty) == 0;
        var type = wrong ? random.nextInt(256) : 0x90 + random.nextInt(6);
        var stream = wrong ? random.nextInt() : 1 + random.nextInt(4);
        var body = switch (type) {
            case 0x90, 0x94 -> number(wrong ? random.nextInt() : 1);
            case 0x91, 0x95 -> number(wrong ? random.nextInt() : random.nextInt(3), random.nextInt(256));
            default -> new byte[1 + random.nextInt(wrong ? 70_000 : 3000)];
        };
        var length = 5 + body.length + (random.nextInt(honesty) == 0 ? random.nextInt(9) - 4 : 0);
        return ByteBuffer.allocate(9 + body.length)
                .putInt(length)
                .put((byte) type)
                .putInt(stream)
                .put(body)
                .array();
    }

    private static byte[] number(int value) {
        return ByteBuffer.allocate(4).putInt(value).array();
    }

    private static byte[] number(int first, int value) {
        return ByteBuffer.allocate(5).put((byte) first).putInt(value).array();
    }
}
