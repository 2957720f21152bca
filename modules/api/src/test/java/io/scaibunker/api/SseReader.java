package io.scaibunker.api;

import io.vertx.core.json.JsonObject;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Reads Server-Sent Events from a socket, as slowly as one likes. */
final class SseReader implements AutoCloseable {
    private static final int TIMEOUT_MILLIS = 20_000;

    record Told(Optional<Long> id, String event, JsonObject data) {}

    private final Socket socket;
    private final BufferedReader lines;
    private final int status;
    private boolean first = true;
    private int comments;

    private SseReader(Socket socket) throws IOException {
        this.socket = socket;
        this.lines = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
        this.status = Integer.parseInt(lines.readLine().split(" ")[1]);
        for (String header = lines.readLine(); !header.isEmpty(); header = lines.readLine()) {}
    }

    static SseReader open(RunningApi api, String path, String key, String... headers) {
        try {
            Socket socket = new Socket("127.0.0.1", api.verticle.port());
            socket.setSoTimeout(TIMEOUT_MILLIS);
            String more = headers.length == 0 ? "" : String.join("\r\n", headers) + "\r\n";
            String request =
                    "GET " + path + " HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer " + key + "\r\n" + more + "\r\n";
            socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
            return new SseReader(socket);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static int statusOf(RunningApi api, String path, String key) {
        try (SseReader reader = open(api, path, key)) {
            return reader.status();
        }
    }

    int status() {
        return status;
    }

    /** Comments that came so far. */
    int comments() {
        return comments;
    }

    /** The next event; throws when the stream ends or nothing comes. */
    Told next() {
        Optional<Long> id = Optional.empty();
        String event = "";
        while (true) {
            String line = line().orElseThrow(() -> new AssertionError("the stream has ended"));
            if (line.startsWith("id: ")) {
                id = Optional.of(Long.valueOf(line.substring(4)));
            } else if (line.startsWith("event: ")) {
                event = line.substring(7);
            } else if (line.startsWith("data: ")) {
                return new Told(id, event, new JsonObject(line.substring(6)));
            } else if (line.startsWith(":")) {
                comments++;
            }
        }
    }

    /** The next event of this kind; those before are passed over. */
    Told next(String event) {
        Told told = next();
        while (!told.event().equals(event)) {
            told = next();
        }
        return told;
    }

    List<Told> next(int count) {
        List<Told> some = new ArrayList<>();
        while (some.size() < count) {
            some.add(next());
        }
        return some;
    }

    /** Reads to the end of the stream. */
    void awaitEnd() {
        long deadline = System.nanoTime() + TIMEOUT_MILLIS * 1_000_000L;
        while (line().isPresent()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("the stream does not end");
            }
        }
    }

    /** A line of the body; sizes of chunks and the lines between them are no lines. Empty at the end. */
    private Optional<String> line() {
        try {
            while (true) {
                String line = lines.readLine();
                if (line == null || (!first && line.equals("0"))) {
                    return Optional.empty();
                }
                first = false;
                if (!line.isEmpty() && !line.matches("[0-9a-f]+")) {
                    return Optional.of(line);
                }
            }
        } catch (java.net.SocketTimeoutException e) {
            throw new AssertionError("nothing came in " + TIMEOUT_MILLIS + " ms", e);
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
