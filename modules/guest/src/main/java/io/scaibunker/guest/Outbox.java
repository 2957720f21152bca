package io.scaibunker.guest;

import io.scaibunker.guest.Frame.ToGuest;
import io.scaibunker.guest.GuestException.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What waits to be sent. Putting something in never blocks: what is sent is bounded by credit and by the number of
 * streams, so an outbox that is full means a guest that does not read, and that ends the connection.
 */
final class Outbox {
    private static final int MOST_FRAMES = 4096;

    private final SocketChannel channel;
    private final Consumer<GuestException> onFailure;
    private final BlockingQueue<Supplier<ByteBuffer>> waiting = new LinkedBlockingQueue<>(MOST_FRAMES);
    private volatile @Nullable Thread writer;

    Outbox(SocketChannel channel, Consumer<GuestException> onFailure) {
        this.channel = channel;
        this.onFailure = onFailure;
    }

    void start(String name) {
        writer = Thread.ofVirtual().name("guest-write-" + name).start(this::write);
    }

    void send(ToGuest frame) {
        raw(FrameCodec.encode(frame));
    }

    /** A frame that is made when its turn has come: what changes often waits once, and is sent as it is then. */
    void sendLate(Supplier<ToGuest> frame) {
        offer(() -> FrameCodec.encode(frame.get()));
    }

    void raw(ByteBuffer bytes) {
        offer(() -> bytes);
    }

    private void offer(Supplier<ByteBuffer> bytes) {
        if (!waiting.offer(bytes)) {
            // On a thread that holds none of the sender's locks.
            var stalled = new GuestException(Reason.STALLED, "the guest does not take what it is sent");
            Thread.ofVirtual().start(() -> onFailure.accept(stalled));
        }
    }

    void stop() {
        var thread = writer;
        if (thread != null) {
            thread.interrupt();
        }
        waiting.clear();
    }

    private void write() {
        try {
            while (true) {
                var bytes = waiting.take().get();
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            onFailure.accept(new GuestException(Reason.CLOSED, "the connection to the guest broke", e));
        }
    }
}
