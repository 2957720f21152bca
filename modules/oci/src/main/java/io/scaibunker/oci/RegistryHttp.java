package io.scaibunker.oci;

import java.io.IOException;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;

/**
 * One request to any host: the policy is asked before each connection, plain http only goes to hosts that the operator listed,
 * redirects are followed by hand so that both hold for them too, and a credential stays with the host it is for.
 */
final class RegistryHttp implements AutoCloseable {
    private static final int MOST_REDIRECTS = 5;
    private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);

    private final SourceConfig config;
    private final Cancellation cancellation;
    private final HttpClient client;

    RegistryHttp(SourceConfig config, Cancellation cancellation) {
        this.config = config;
        this.cancellation = cancellation;
        this.client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(config.patience().connectTimeout())
                .proxy(ProxySelector.getDefault())
                .build();
    }

    /** Any answer but a redirect, with the body still to come. The caller closes the body. */
    HttpResponse<BodyPipe> get(
            URI address, Map<String, String> headers, Optional<String> authorization, Runnable beat) {
        var target = address;
        var credential = authorization;
        for (var hop = 0; hop <= MOST_REDIRECTS; hop++) {
            var request = request(target);
            headers.forEach(request::header);
            credential.ifPresent(value -> request.header("Authorization", value));
            var response = send(request, beat);
            if (!REDIRECTS.contains(response.statusCode())) {
                return response;
            }
            response.body().close();
            var next = redirectTarget(target, response);
            if (!origin(next).equals(origin(target))) {
                credential = Optional.empty();
            }
            target = next;
        }
        throw SourceException.neverReachable(
                authority(address) + " redirects more than " + MOST_REDIRECTS + " times", null);
    }

    /** The beginning of a request to an address that policy and protocol allow. */
    HttpRequest.Builder request(URI address) {
        checkAllowed(address);
        return HttpRequest.newBuilder(address);
    }

    /** Sends what {@link #request} began; redirects are not followed. */
    HttpResponse<BodyPipe> send(HttpRequest.Builder prepared, Runnable beat) {
        var request = prepared.timeout(config.patience().stallTimeout())
                .header("User-Agent", "scaibunker")
                .build();
        var host = authority(request.uri());
        var sent = client.sendAsync(
                request, _ -> new BodyPipe(host, config.patience().stallTimeout(), cancellation));
        try {
            return await(sent, beat);
        } catch (ExecutionException failed) {
            cancellation.check();
            throw unreachable(host, Optional.ofNullable(failed.getCause()).orElse(failed));
        } catch (InterruptedException interrupted) {
            throw Cancellation.interrupted(interrupted);
        } finally {
            // Of use only when we leave by an exception: a request that is answered cannot be cancelled any more.
            sent.cancel(true);
        }
    }

    private HttpResponse<BodyPipe> await(CompletableFuture<HttpResponse<BodyPipe>> sent, Runnable beat)
            throws ExecutionException, InterruptedException {
        while (true) {
            cancellation.check();
            try {
                return sent.get(Cancellation.BEAT.toMillis(), TimeUnit.MILLISECONDS);
            } catch (TimeoutException _) {
                beat.run();
            } catch (CancellationException cancelled) {
                cancellation.check();
                throw cancelled;
            }
        }
    }

    private static SourceException unreachable(String host, Throwable cause) {
        return switch (cause) {
            case HttpTimeoutException _ ->
                new SourceException(SourceException.Reason.UNREACHABLE, host + " does not answer in time", cause);
            case SSLException _ ->
                SourceException.neverReachable(
                        host
                                + " does not speak https, or its certificate is not trusted (plain http needs the operator's leave)",
                        cause);
            case IOException _ ->
                new SourceException(SourceException.Reason.UNREACHABLE, host + " cannot be reached", cause);
            default -> throw new IllegalStateException("request to " + host, cause);
        };
    }

    private void checkAllowed(URI address) {
        var scheme = Optional.ofNullable(address.getScheme()).orElse("").toLowerCase(Locale.ROOT);
        var host = address.getHost();
        if (host == null
                || host.isEmpty()
                || address.getPort() > 65535
                || !(scheme.equals("https") || scheme.equals("http"))) {
            throw SourceException.neverReachable(
                    "address " + SourceException.shown(address.toString()) + " is no http or https address", null);
        }
        if (scheme.equals("http") && !config.isInsecure(authority(address))) {
            throw SourceException.neverReachable(
                    "plain http to " + SourceException.shown(authority(address)) + " needs the operator's leave", null);
        }
        config.policy().check(host);
    }

    private static URI redirectTarget(URI from, HttpResponse<?> response) {
        var location = response.headers().firstValue("Location").orElse("");
        try {
            return from.resolve(location);
        } catch (IllegalArgumentException malformed) {
            throw SourceException.neverReachable(
                    authority(from) + " redirects to " + SourceException.shown(location) + ", which is no address",
                    malformed);
        }
    }

    static String authority(URI address) {
        return address.getHost() + (address.getPort() < 0 ? "" : ":" + address.getPort());
    }

    private static String origin(URI address) {
        return (address.getScheme() + "://" + authority(address)).toLowerCase(Locale.ROOT);
    }

    @Override
    public void close() {
        client.shutdownNow();
    }
}
