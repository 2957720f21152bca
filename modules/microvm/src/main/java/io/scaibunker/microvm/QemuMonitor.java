package io.scaibunker.microvm;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * QEMU's own door (QMP): one line of JSON a command, a reply or an event. The guest has no way to it, and QEMU answers from
 * its main loop, so a reply that does not come means a QEMU that is stuck.
 */
final class QemuMonitor implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(QemuMonitor.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int LINE_MAX = 64 * 1024;

    /** Long enough for a host that has far too much to do. */
    private static final Duration REPLY = Duration.ofSeconds(20);

    private final String id;
    private final SocketChannel channel;
    private final BlockingQueue<JsonNode> replies = new ArrayBlockingQueue<>(1);
    private volatile long asked;
    private volatile @Nullable String shutdown;
    private @Nullable Thread reader;

    private QemuMonitor(String id, SocketChannel channel) {
        this.id = id;
        this.channel = channel;
    }

    /** @param channel just connected: QEMU greets, and takes commands after one word */
    static QemuMonitor open(String id, SocketChannel channel) throws IOException {
        var monitor = new QemuMonitor(id, channel);
        monitor.reader = Thread.ofVirtual().name("monitor-" + id).start(monitor::read);
        monitor.ask("qmp_capabilities");
        return monitor;
    }

    private void read() {
        var line = new ByteArrayOutputStream();
        try (var bytes = new BufferedInputStream(Channels.newInputStream(channel))) {
            for (var next = bytes.read(); next >= 0; next = bytes.read()) {
                if (next == '\n') {
                    take(JSON.readTree(line.toByteArray()));
                    line.reset();
                } else if (line.size() < LINE_MAX) {
                    line.write(next);
                } else {
                    throw new IOException("a line of more than " + LINE_MAX + " bytes");
                }
            }
        } catch (IOException ended) {
            log.debug("the monitor of {} ended", id, ended);
        }
    }

    private void take(JsonNode said) {
        if (said.path("id").asLong(0) == asked) {
            replies.offer(said);
        } else if (said.path("event").asText().equals("SHUTDOWN")) {
            shutdown = said.path("data").path("reason").asText();
        }
    }

    /** One at a time; late replies to a former one are not taken for this one's. */
    synchronized JsonNode ask(String command) throws IOException {
        asked++;
        replies.clear();
        write(StandardCharsets.UTF_8.encode("{\"execute\":\"" + command + "\",\"id\":" + asked + "}\n"));
        try {
            var reply = replies.poll(REPLY.toMillis(), TimeUnit.MILLISECONDS);
            if (reply == null) {
                throw new IOException("the monitor did not answer " + command + " in " + REPLY);
            }
            if (reply.has("error")) {
                throw new IOException("the monitor refused " + command + ": "
                        + reply.path("error").path("desc").asText());
            }
            return reply.path("return");
        } catch (InterruptedException given) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while the monitor was asked " + command, given);
        }
    }

    private void write(ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    boolean isPaused() throws IOException {
        return ask("query-status").path("status").asText().equals("paused");
    }

    /** Why the guest ended, in QEMU's words, once it has said so; asked for when the process is gone. */
    Optional<String> shutdown(Duration atMost) throws InterruptedException {
        var reading = reader;
        if (reading != null) {
            reading.join(atMost);
        }
        return Optional.ofNullable(shutdown);
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            log.debug("letting go of the monitor of {} failed", id, e);
        }
    }
}
