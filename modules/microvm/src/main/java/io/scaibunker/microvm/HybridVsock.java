package io.scaibunker.microvm;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way to a guest's vsock port through the one socket that Firecracker has for all of them: «CONNECT port», and when the guest
 * has taken the connection, «OK» with a number. Who connects before somebody listens there is hung up on.
 */
final class HybridVsock implements AutoCloseable {
    /** Where the agent listens; the guest is told with its kernel's command line. */
    static final int AGENT_PORT = 5211;

    private static final Logger log = LoggerFactory.getLogger(HybridVsock.class);
    private static final int LONGEST_ANSWER = 32;
    private static final int PAUSE_MS = 10;

    private final String id;
    private final Path socket;
    private final ProcessHandle process;
    private final CountDownLatch closed = new CountDownLatch(1);
    private volatile @Nullable SocketChannel asking;

    HybridVsock(String id, Path socket, ProcessHandle process) {
        this.id = id;
        this.socket = socket;
        this.process = process;
    }

    /** Asks again and again, until the agent is there, the machine is gone, or this is closed. */
    SocketChannel connect() throws IOException {
        while (true) {
            var channel = ask();
            if (channel != null) {
                asking = null;
                return channel;
            }
            rest();
        }
    }

    private void rest() throws IOException {
        try {
            if (closed.await(PAUSE_MS, TimeUnit.MILLISECONDS)) {
                throw new IOException("let go of " + id + " before its agent was there");
            }
        } catch (InterruptedException given) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted before the agent was there", given);
        }
        if (!process.isAlive()) {
            throw new IOException("the monitor ended before the agent was there");
        }
    }

    private @Nullable SocketChannel ask() {
        SocketChannel channel = null;
        try {
            channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
            asking = channel;
            var words = StandardCharsets.US_ASCII.encode("CONNECT " + AGENT_PORT + "\n");
            while (words.hasRemaining()) {
                channel.write(words);
            }
            if (closed.getCount() > 0 && answer(channel).startsWith("OK ")) {
                return channel;
            }
        } catch (IOException notYet) {
            log.trace("the agent of {} is not there yet", id, notYet);
        }
        hangUp(channel);
        return null;
    }

    /** Byte by byte: what follows the line is the agent's. */
    private static String answer(SocketChannel channel) throws IOException {
        var line = new StringBuilder();
        var one = ByteBuffer.allocate(1);
        while (line.length() < LONGEST_ANSWER && channel.read(one.clear()) > 0 && one.get(0) != '\n') {
            line.append((char) one.get(0));
        }
        return line.toString();
    }

    private void hangUp(@Nullable SocketChannel channel) {
        try {
            if (channel != null) {
                channel.close();
            }
        } catch (IOException e) {
            log.debug("hanging up on {} failed", id, e);
        }
    }

    @Override
    public void close() {
        closed.countDown();
        hangUp(asking);
    }
}
