package io.scaibunker.oci;

import java.net.URI;
import java.net.http.HttpResponse;
import java.util.Map;
import java.util.Optional;

/** One repository at one host, a registry or its mirror, over the distribution protocol. */
final class RegistryEndpoint {
    private final RegistryHttp http;
    private final Retrying retrying;
    private final RegistryLogin login;
    private final String host;
    private final String repository;
    private final String base;

    RegistryEndpoint(
            RegistryHttp http,
            Retrying retrying,
            RegistryLogin login,
            String host,
            String repository,
            boolean insecure) {
        this.http = http;
        this.retrying = retrying;
        this.login = login;
        this.host = host;
        this.repository = repository;
        this.base = (insecure ? "http://" : "https://") + DockerConventions.apiHost(host) + "/v2/" + repository;
    }

    String host() {
        return host;
    }

    /** Raw bytes, so that a digest can be checked. */
    record Document(byte[] bytes, String mediaType) {}

    /** A manifest by tag or digest. CORRUPT if it is not what its digest says, or what the registry says it sent. */
    Document manifest(String tagOrDigest, Runnable beat) {
        var what = "manifest of " + host + "/" + repository + (tagOrDigest.startsWith("sha256:") ? "@" : ":")
                + tagOrDigest;
        return retrying.call(Retrying::mayPassSoon, beat, () -> {
            var headers = Map.of("Accept", MediaTypes.ACCEPTED_MANIFESTS);
            var response = get("/manifests/" + tagOrDigest, headers, what, beat);
            try (var body = response.body()) {
                var bytes = body.readAll(Manifest.MOST_BYTES, what, beat);
                checkDigest(
                        bytes, tagOrDigest.startsWith("sha256:") ? Optional.of(tagOrDigest) : Optional.empty(), what);
                checkDigest(bytes, response.headers().firstValue("Docker-Content-Digest"), what);
                var type = response.headers().firstValue("Content-Type").orElse("");
                return new Document(bytes, type.split(";", 2)[0].strip());
            }
        });
    }

    private static void checkDigest(byte[] bytes, Optional<String> promised, String what) {
        var actual = ContentDigest.of(bytes).toString();
        if (promised.isPresent()
                && promised.get().startsWith("sha256:")
                && !promised.get().equals(actual)) {
            throw new SourceException(
                    SourceException.Reason.CORRUPT,
                    what + " has the content of " + actual + ", not of " + SourceException.shown(promised.get()));
        }
    }

    /** A small blob, whole; its digest is checked. */
    byte[] smallBlob(Descriptor descriptor, int most, Runnable beat) {
        var what = "blob " + descriptor.digest() + " of " + host + "/" + repository;
        return retrying.call(Retrying::mayPassSoon, beat, () -> {
            var response = get("/blobs/" + descriptor.digest(), Map.of(), what, beat);
            try (var body = response.body()) {
                var bytes = body.readAll(most, what, beat);
                checkDigest(bytes, Optional.of(descriptor.digest().toString()), what);
                return bytes;
            }
        });
    }

    /** A blob's body, from an offset if the registry can do that: 206 says so. One attempt. */
    HttpResponse<BodyPipe> blob(ContentDigest digest, long offset, Runnable beat) {
        Map<String, String> range = offset > 0 ? Map.of("Range", "bytes=" + offset + "-") : Map.of();
        return get("/blobs/" + digest, range, "blob " + digest + " of " + host + "/" + repository, beat);
    }

    private HttpResponse<BodyPipe> get(String path, Map<String, String> headers, String what, Runnable beat) {
        var address = URI.create(base + path);
        var response = http.get(address, headers, login.header(), beat);
        if (response.statusCode() == 401) {
            response.body().close();
            login.answer(response.headers().allValues("WWW-Authenticate"), beat);
            response = http.get(address, headers, login.header(), beat);
        }
        return switch (response.statusCode()) {
            case 200, 206 -> response;
            case 401, 403 -> {
                response.body().close();
                throw login.refused();
            }
            default -> {
                response.body().close();
                throw Refusals.of(response, what);
            }
        };
    }
}
