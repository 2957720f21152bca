package io.scaibunker.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Server-Sent Events (WHATWG HTML, 9.2), followed over lost connections: after a pause it goes on behind the last id that came.
 * A server that says nothing for long, not even its beat, counts as lost.
 */
final class EventStream {
    static final String TYPE = "text/event-stream";
    private static final Duration SILENCE = Duration.ofSeconds(45);
    /** Until an answer begins. */
    private static final Duration ANSWER = Duration.ofSeconds(60);

    private static final Duration REST = Duration.ofMillis(100);
    private static final int HEARD_MAX = 256;
    private static final Duration FIRST_PAUSE = Duration.ofMillis(500);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);
    private static final int SERVER_ERROR = 500;
    private static final int LINE_MAX = 16 << 20;

    /** @param id empty for what a stream cannot be resumed behind */
    record Event(String id, String kind, JsonNode data) {}

    /** What one waits for. */
    @FunctionalInterface
    interface Listener {
        /** @return whether it was enough */
        boolean hear(Event event) throws IOException;

        /**
         * Called when nothing comes, some ten times a second.
         *
         * @return whether it was enough
         */
        default boolean rest() throws IOException {
            return false;
        }
    }

    /** What the thread that reads hands to the one that listens. */
    private sealed interface Heard permits Told, Over {}

    private record Told(Event event) implements Heard {}

    /** @param why null for an end without a mistake */
    private record Over(@Nullable IOException why) implements Heard {}

    private final Api api;
    private final Call call;
    private final Runnable onLoss;
    private final long deadline;
    private final AtomicLong heardAt = new AtomicLong();
    private String lastId = "";

    /**
     * @param longest after which {@link #follow} gives up; null for never
     * @param onLoss told of each connection that is lost, before the next
     */
    EventStream(Api api, Call call, @Nullable Duration longest, Runnable onLoss) {
        this.api = api;
        this.call = call;
        this.onLoss = onLoss;
        deadline = longest == null ? Long.MAX_VALUE : System.nanoTime() + longest.toNanos();
    }

    /**
     * Returns when the listener has heard enough.
     *
     * @throws TimeoutException if that took too long
     * @throws ApiException what the platform refuses
     */
    void follow(Listener listener) throws IOException, TimeoutException {
        var pause = FIRST_PAUSE;
        while (true) {
            try {
                if (once(listener)) {
                    return;
                }
                pause = FIRST_PAUSE;
            } catch (ApiException refused) {
                if (refused.status() != 0 && refused.status() < SERVER_ERROR) {
                    throw refused;
                }
                pause = longer(pause);
            } catch (InterruptedIOException interrupted) {
                throw interrupted;
            } catch (IOException _) {
                pause = longer(pause);
            }
            requireTime();
            onLoss.run();
            Patience.pause(pause, deadline);
        }
    }

    private static Duration longer(Duration pause) {
        var twice = pause.multipliedBy(2);
        return twice.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : twice;
    }

    private void requireTime() throws TimeoutException {
        if (left() <= 0) {
            throw new TimeoutException("it took too long");
        }
    }

    private long left() {
        return deadline == Long.MAX_VALUE ? Long.MAX_VALUE : deadline - System.nanoTime();
    }

    private boolean once(Listener listener) throws IOException, TimeoutException {
        call.with("last_event_id", lastId.isEmpty() ? null : lastId);
        var response = api.open(call.within(Duration.ofNanos(Math.min(ANSWER.toNanos(), left()))), TYPE);
        heardAt.set(System.nanoTime());
        var heard = new ArrayBlockingQueue<Heard>(HEARD_MAX);
        try (var body = response.body()) {
            // A read waits for ever by itself.
            var reader = Thread.ofVirtual().start(() -> read(body, heard));
            try {
                return listen(heard, listener);
            } finally {
                reader.interrupt();
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        }
    }

    private boolean listen(BlockingQueue<Heard> heard, Listener listener)
            throws IOException, InterruptedException, TimeoutException {
        while (true) {
            var silence = heardAt.get() + SILENCE.toNanos() - System.nanoTime();
            var wait = Math.min(REST.toNanos(), Math.min(left(), silence));
            switch (heard.poll(Math.max(0, wait), TimeUnit.NANOSECONDS)) {
                case Told told -> {
                    lastId = told.event().id();
                    if (listener.hear(told.event())) {
                        return true;
                    }
                    requireMore(told.event());
                }
                case Over over -> {
                    if (over.why() != null) {
                        throw over.why();
                    }
                    return false;
                }
                case null -> {
                    if (listener.rest()) {
                        return true;
                    }
                    if (silence <= 0) {
                        throw new IOException("nothing was heard for " + SILENCE.toSeconds() + " s");
                    }
                }
            }
            requireTime();
        }
    }

    /** The platform's last word is a refusal, or asks to come again later. */
    private static void requireMore(Event event) throws ApiException {
        if (event.kind().equals("end")) {
            throw ApiException.ended(
                    Text.of(event.data().path("code")), Text.of(event.data().path("message")));
        }
    }

    private void read(InputStream body, BlockingQueue<Heard> heard) {
        try {
            try (var lines = new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8))) {
                read(lines, heard);
                heard.put(new Over(null));
            } catch (IOException broken) {
                heard.put(new Over(broken));
            }
        } catch (InterruptedException _) {
            // Nobody listens any more.
        }
    }

    private void read(BufferedReader lines, BlockingQueue<Heard> heard) throws IOException, InterruptedException {
        var id = lastId;
        var kind = "message";
        var data = new StringBuilder();
        for (var line = lines.readLine(); line != null; line = lines.readLine()) {
            heardAt.set(System.nanoTime());
            if (line.isEmpty()) {
                if (!data.isEmpty()) {
                    heard.put(new Told(new Event(id, kind, json(data.toString()))));
                }
                kind = "message";
                data.setLength(0);
            } else if (!line.startsWith(":")) {
                var colon = line.indexOf(':');
                var field = colon < 0 ? line : line.substring(0, colon);
                var value = colon < 0 ? "" : line.substring(colon + 1).stripLeading();
                switch (field) {
                    case "id" -> id = value;
                    case "event" -> kind = value;
                    case "data" -> append(data, value);
                    default -> {
                        // Such as retry: our own pauses grow.
                    }
                }
            }
        }
    }

    private static void append(StringBuilder data, String value) throws IOException {
        if (data.length() + value.length() > LINE_MAX) {
            throw new IOException("an event of more than " + LINE_MAX + " characters");
        }
        data.append(data.isEmpty() ? "" : "\n").append(value);
    }

    private static JsonNode json(String text) throws IOException {
        return text.isBlank() ? JsonNodeFactory.instance.objectNode() : Api.JSON.readTree(text);
    }
}
