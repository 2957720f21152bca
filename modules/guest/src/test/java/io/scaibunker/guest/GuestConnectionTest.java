package io.scaibunker.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.scaibunker.guest.GuestException.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a dishonest guest can do to the host: have its connection closed. */
@Timeout(30)
class GuestConnectionTest {
    private static final Duration SOON = Duration.ofSeconds(10);

    @TempDir
    Path directory;

    private static ExecHandle exec(FakeGuest guest) throws Exception {
        guest.host.awaitHello(SOON);
        var handle = guest.host.exec(ExecRequest.of("x"), ExecSink.NONE);
        assertThat(guest.type()).isEqualTo(0x10);
        return handle;
    }

    private static void assertClosed(FakeGuest guest, Reason reason) throws Exception {
        assertThat(guest.host.closed().get(10, TimeUnit.SECONDS).reason()).isEqualTo(reason);
        assertThatThrownBy(() -> guest.host.exec(ExecRequest.of("x"), ExecSink.NONE))
                .isInstanceOf(GuestException.class);
    }

    @Test
    void theAnswerIsFoundBehindWhatAFormerHostLeft() throws Exception {
        try (var guest = new FakeGuest(directory)) {
            var nonce = guest.nonce();
            guest.say("the end of some output".getBytes())
                    .say(FakeGuest.MAGIC)
                    .frame(0x81, 0, FakeGuest.hello(new byte[16]))
                    .frame(0x92, 1, (byte) 1)
                    .say((byte) 0xff, (byte) 'S');
            assertThatThrownBy(() -> guest.host.awaitHello(Duration.ofMillis(200)))
                    .isInstanceOfSatisfying(
                            GuestException.class, e -> assertThat(e.reason()).isEqualTo(Reason.TIMEOUT));
            guest.say(FakeGuest.MAGIC).frame(0x81, 0, FakeGuest.hello(nonce));
            assertThat(guest.host.awaitHello(SOON))
                    .isEqualTo(new GuestHello(1, 0, Duration.ofMillis(1234), Duration.ZERO, "1?"));
        }
    }

    @Test
    void aCommandRunsToItsEnd() throws Exception {
        try (var guest = new FakeGuest(directory).greet()) {
            var handle = exec(guest);
            guest.frame(0x90, 1, new byte[4])
                    .frame(0x92, 1, (byte) 'a')
                    .frame(0x95, 1, (byte) 0, (byte) 0, (byte) 0, (byte) 0, (byte) 3);
            assertThat(handle.outcome().get(10, TimeUnit.SECONDS)).isEqualTo(new ExecOutcome.Exited(3));
        }
    }

    @Test
    void garbageWithoutEndInsteadOfAGreetingEndsTheConnection() throws Exception {
        try (var guest = new FakeGuest(directory)) {
            var block = new byte[65_536];
            assertThatThrownBy(() -> {
                        for (var i = 0; i < 1000; i++) {
                            guest.say(block);
                        }
                    })
                    .isInstanceOf(IOException.class);
            assertClosed(guest, Reason.PROTOCOL);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0x00, 0x10, 0x20, 0x96, 0xff})
    void anUnknownFrameEndsTheConnection(int type) throws Exception {
        try (var guest = new FakeGuest(directory).greet()) {
            var handle = exec(guest);
            guest.frame(type, 1);
            assertClosed(guest, Reason.PROTOCOL);
            assertThatThrownBy(() -> handle.outcome().get(10, TimeUnit.SECONDS))
                    .isInstanceOf(ExecutionException.class)
                    .hasCauseInstanceOf(GuestException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 4, 65_537, Integer.MAX_VALUE})
    void aFrameOfImpossibleLengthEndsTheConnection(int length) throws Exception {
        try (var guest = new FakeGuest(directory).greet()) {
            guest.say(ByteBuffer.allocate(4).putInt(length).array());
            assertClosed(guest, Reason.PROTOCOL);
        }
    }

    @Test
    void wordsOfAStreamThatIsNotOpenEndTheConnection() throws Exception {
        try (var guest = new FakeGuest(directory).greet()) {
            exec(guest);
            guest.frame(0x92, 2, (byte) 1);
            assertClosed(guest, Reason.PROTOCOL);
        }
    }

    @Test
    void endingTwiceEndsTheConnection() throws Exception {
        try (var guest = new FakeGuest(directory).greet()) {
            exec(guest);
            guest.frame(0x95, 1, new byte[5]).frame(0x95, 1, new byte[5]);
            assertClosed(guest, Reason.PROTOCOL);
        }
    }

    @Test
    void moreOutputThanCreditEndsTheConnection() throws Exception {
        try (var guest = new FakeGuest(directory).greet()) {
            guest.host.awaitHello(SOON);
            var release = new CompletableFuture<Void>();
            var taken = new AtomicInteger();
            guest.host.exec(ExecRequest.of("x"), new ExecSink() {
                @Override
                public void stdout(byte[] bytes) {
                    taken.addAndGet(bytes.length);
                    release.join();
                }

                @Override
                public void stderr(byte[] bytes) {}
            });
            assertThatThrownBy(() -> {
                        // A byte each, so that the cost of frames is what counts: 4032 fit.
                        for (var i = 0; i < 1_000_000; i++) {
                            guest.frame(0x92, 1, (byte) 1);
                        }
                    })
                    .isInstanceOf(IOException.class);
            assertClosed(guest, Reason.PROTOCOL);
            release.complete(null);
            assertThat(taken.get()).isLessThan(5000);
        }
    }

    @Test
    void creditForInputThatWasNeverSentEndsTheConnection() throws Exception {
        try (var guest = new FakeGuest(directory).greet()) {
            exec(guest);
            guest.frame(0x94, 1, (byte) 0x7f, (byte) 0, (byte) 0, (byte) 0);
            assertClosed(guest, Reason.PROTOCOL);
        }
    }

    @Test
    void aGuestThatDoesNotReadEndsTheConnectionAndNobodyWaits() throws Exception {
        try (var guest = new FakeGuest(directory).greet()) {
            guest.host.awaitHello(SOON);
            var handle = guest.host.exec(ExecRequest.of("x"), ExecSink.NONE);
            for (var i = 0; i < 1_000_000 && !guest.host.closed().isDone(); i++) {
                handle.signal(15);
            }
            assertClosed(guest, Reason.STALLED);
        }
    }

    @Test
    void ofSizesThatWaitForASlowGuestTheNewestIsSentAndNothingFills() throws Exception {
        try (var guest = new FakeGuest(directory).greet()) {
            guest.host.awaitHello(SOON);
            var handle = guest.host.exec(ExecRequest.of("x"), ExecSink.NONE);
            // What the socket takes without being read: from then on frames wait here.
            for (var i = 0; i < 500; i++) {
                handle.signal(1);
            }
            for (var i = 1; i <= 100_000; i++) {
                handle.resize(new ExecRequest.Terminal(i % 1000 + 1, 24));
            }
            handle.resize(new ExecRequest.Terminal(7, 9));
            handle.signal(2);
            assertThat(guest.host.closed()).isNotDone();
            var last = new byte[0];
            for (var frame = guest.next(); frame[0] != 0x14 || frame[5] != 2; frame = guest.next()) {
                last = frame[0] == 0x15 ? frame : last;
            }
            assertThat(last).endsWith((byte) 0, (byte) 7, (byte) 0, (byte) 9);
        }
    }

    @Test
    void aWriterThatWaitsForCreditIsFreedByTheEnd() throws Exception {
        try (var guest = new FakeGuest(directory).greet()) {
            guest.host.awaitHello(SOON);
            var handle = guest.host.exec(ExecRequest.of("x").withStdin(), ExecSink.NONE);
            var writing = new CompletableFuture<Void>();
            Thread.ofVirtual().start(() -> {
                try {
                    handle.write(new byte[1 << 20]);
                    writing.complete(null);
                } catch (Exception e) {
                    writing.completeExceptionally(e);
                }
            });
            assertThat(guest.type()).isEqualTo(0x10);
            assertThat(guest.type()).isEqualTo(0x11);
            assertThat(guest.type()).isEqualTo(0x11);
            assertThat(writing).isNotDone();
            guest.frame(0x95, 1, new byte[5]);
            writing.get(10, TimeUnit.SECONDS);
            assertThat(handle.outcome().get(10, TimeUnit.SECONDS)).isEqualTo(new ExecOutcome.Exited(0));
        }
    }

    @Test
    void randomFramesNeverDoMoreThanCloseTheConnection() throws Exception {
        var random = new Random(99);
        for (var round = 0; round < 200; round++) {
            try (var guest = new FakeGuest(directory).greet()) {
                var handle = exec(guest);
                try {
                    for (var i = 0; i < 50; i++) {
                        var body = new byte[random.nextInt(12)];
                        random.nextBytes(body);
                        guest.frame(0x90 + random.nextInt(6), 1 + random.nextInt(20) / 19, body);
                    }
                } catch (IOException closed) {
                    assertThat(guest.host.closed().get(10, TimeUnit.SECONDS).reason())
                            .isEqualTo(Reason.PROTOCOL);
                }
                guest.host.close();
                assertThat(handle.outcome().handle((_, _) -> true).get(10, TimeUnit.SECONDS))
                        .isTrue();
            }
        }
    }
}
