package io.scaibunker.bench;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Iterator;
import java.util.stream.Stream;

/** Watches one image over HTTP and says what it hears. */
final class SseWatcher {
    private SseWatcher() {}

    /** Returns when the watch has begun; goes on by itself until the stream ends. */
    static void start(HttpClient http, String api, String key, String image, Latencies latencies)
            throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(api + "/images/" + image + "/events"))
                .header("Authorization", "Bearer " + key)
                .build();
        HttpResponse<Stream<String>> answer = http.send(request, HttpResponse.BodyHandlers.ofLines());
        if (answer.statusCode() != 200) {
            throw new IllegalStateException("watching answers " + answer.statusCode());
        }
        Thread.ofVirtual().start(() -> {
            String event = "";
            try {
                for (Iterator<String> lines = answer.body().iterator(); lines.hasNext(); ) {
                    String line = lines.next();
                    if (line.startsWith("event: ")) {
                        event = line.substring("event: ".length());
                    } else if (line.startsWith("data: ")) {
                        hear(event, new JsonObject(line.substring("data: ".length())), image, latencies);
                    }
                }
            } catch (java.io.UncheckedIOException e) {
                // The node was killed, as planned.
            }
        });
    }

    private static void hear(String event, JsonObject data, String image, Latencies latencies) {
        boolean ready = event.equals("cache") && "ready".equals(data.getString("status"));
        if (ready || event.equals("progress")) {
            latencies.heard((ready ? "ready/" : "progress/") + image + "/" + data.getString("worker_id"));
        }
    }
}
