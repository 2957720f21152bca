package io.scaibunker.microvm;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.scaibunker.microvm.FirecrackerCalls.Call;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.SocketAddress;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Firecracker's own door: HTTP on a socket of the file system, by Vert.x's client. The methods wait, so they are not for an event
 * loop. A Firecracker may belong to its tenant by now: what it says is bounded, in time and in size.
 */
final class FirecrackerApi implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int ANSWER_MAX = 64 * 1024;

    /** Long enough for a host that has far too much to do. */
    private static final Duration REPLY = Duration.ofSeconds(20);

    private final HttpClient client;
    private final SocketAddress address;

    /** @param socket where it listens already */
    FirecrackerApi(Vertx vertx, Path socket) {
        client = vertx.createHttpClient(
                new HttpClientOptions().setIdleTimeout((int) REPLY.toSeconds()), new PoolOptions().setHttp1MaxSize(1));
        address = SocketAddress.domainSocketAddress(socket.toString());
    }

    void put(Call call) throws IOException {
        ask(HttpMethod.PUT, call.path(), JSON.writeValueAsString(call.body()));
    }

    void patch(Call call) throws IOException {
        ask(HttpMethod.PATCH, call.path(), JSON.writeValueAsString(call.body()));
    }

    /** {@code Not started}, {@code Running} or {@code Paused}. */
    String state() throws IOException {
        return ask(HttpMethod.GET, "/", "").path("state").asText();
    }

    private JsonNode ask(HttpMethod method, String path, String body) throws IOException {
        var request = new RequestOptions()
                .setServer(address)
                .setHost("localhost")
                .setMethod(method)
                .setURI(path)
                .putHeader("Accept", "application/json")
                .putHeader("Content-Type", "application/json");
        var what = method + " " + path;
        var answer = client.request(request)
                .compose(asked -> body.isEmpty() ? asked.send() : asked.send(Buffer.buffer(body)))
                .compose(FirecrackerApi::read);
        return JSON.readTree(wait(what, answer).getBytes());
    }

    /** The body of an answer; of a refusal, what it is refused with. */
    private static Future<Buffer> read(HttpClientResponse response) {
        Promise<Buffer> whole = Promise.promise();
        var body = Buffer.buffer();
        response.handler(part -> {
            if (body.length() + part.length() > ANSWER_MAX) {
                whole.tryFail(new IOException("it answers more than " + ANSWER_MAX + " bytes"));
                response.request().reset();
            } else {
                body.appendBuffer(part);
            }
        });
        response.exceptionHandler(whole::tryFail);
        response.endHandler(end -> {
            if (response.statusCode() / 100 == 2) {
                whole.tryComplete(body);
            } else {
                whole.tryFail(new IOException(response.statusCode() + ", " + fault(body)));
            }
        });
        return whole.future();
    }

    private static String fault(Buffer body) {
        try {
            return JSON.readTree(body.getBytes()).path("fault_message").asText();
        } catch (IOException noJson) {
            return "and no reason";
        }
    }

    private static Buffer wait(String what, Future<Buffer> answer) throws IOException {
        try {
            return answer.toCompletionStage().toCompletableFuture().get(REPLY.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException failed) {
            var why = failed.getCause() == null ? failed : failed.getCause();
            throw new IOException("Firecracker and " + what + ": " + why.getMessage(), why);
        } catch (TimeoutException late) {
            throw new IOException("Firecracker did not answer " + what + " in " + REPLY, late);
        } catch (InterruptedException given) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while Firecracker was asked " + what, given);
        }
    }

    @Override
    public void close() {
        client.close();
    }
}
