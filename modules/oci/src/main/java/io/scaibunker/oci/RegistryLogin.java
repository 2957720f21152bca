package io.scaibunker.oci;

import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Convinces one registry: answers its challenge with a password, or with a token from the service it names. Without a credential a
 * token service is asked all the same, that is how public images of Docker Hub are had.
 */
final class RegistryLogin {
    private static final int LONGEST_TOKEN_ANSWER = 256 << 10;

    private final RegistryHttp http;
    private final String registry;
    private final String repository;
    private final Optional<RegistryCredential> credential;
    private Optional<String> header;

    RegistryLogin(RegistryHttp http, String registry, String repository, Optional<RegistryCredential> credential) {
        this.http = http;
        this.registry = registry;
        this.repository = repository;
        this.credential = credential;
        this.header = credential
                .filter(RegistryCredential.Token.class::isInstance)
                .map(RegistryCredential.Token.class::cast)
                .map(token -> "Bearer " + token.token());
    }

    /** What to send with a request, as far as is known. */
    Optional<String> header() {
        return header;
    }

    /** Answers the challenges of a 401; afterwards {@link #header()} is new. AUTH if there is nothing to answer with. */
    void answer(List<String> challenges, Runnable beat) {
        var bearer = Challenge.find("bearer", challenges);
        if (bearer.isPresent()) {
            header = Optional.of("Bearer " + askTokenService(bearer.get(), beat));
        } else if (Challenge.find("basic", challenges).isPresent()
                && credential.orElse(null) instanceof RegistryCredential.Password password) {
            header = Optional.of(basic(password));
        } else {
            throw refused();
        }
    }

    /** The registry said no, for good. */
    SourceException refused() {
        var why = credential.isPresent()
                ? "refuses the credentials it was given"
                : "wants credentials, and none are known for it";
        return new SourceException(
                SourceException.Reason.AUTH,
                "registry " + registry + " " + why + ", or hides that " + repository + " does not exist");
    }

    private String askTokenService(Challenge challenge, Runnable beat) {
        var realm = challenge.parameter("realm").orElseThrow(this::refused);
        var fields = new LinkedHashMap<String, String>();
        challenge.parameter("service").ifPresent(service -> fields.put("service", service));
        fields.put("scope", challenge.parameter("scope").orElse("repository:" + repository + ":pull"));
        var response = http.send(tokenRequest(address(realm), fields), beat);
        try (var body = response.body()) {
            var host = RegistryHttp.authority(response.uri());
            checkAnswered(response, host);
            var answer = Json.parse(body.readAll(LONGEST_TOKEN_ANSWER, "token", beat), "token of " + host);
            return Json.text(answer, "token")
                    .or(() -> Json.text(answer, "access_token"))
                    .filter(RegistryCredential.Token::fitsAHeader)
                    .orElseThrow(() -> new SourceException(
                            SourceException.Reason.AUTH, "token service " + host + " answered without a token"));
        }
    }

    private void checkAnswered(HttpResponse<?> response, String host) {
        var status = response.statusCode();
        if (status == 400 || status == 401 || status == 403 || status == 404) {
            throw refused();
        }
        if (status != 200) {
            throw Refusals.of(response, "token service " + host);
        }
    }

    private HttpRequest.Builder tokenRequest(URI realm, Map<String, String> fields) {
        return switch (credential.orElse(null)) {
            case RegistryCredential.Token(var token) -> {
                fields.put("grant_type", "refresh_token");
                fields.put("client_id", "scaibunker");
                fields.put("refresh_token", token);
                yield http.request(realm)
                        .header("Content-Type", "application/x-www-form-urlencoded")
                        .POST(HttpRequest.BodyPublishers.ofString(form(fields)));
            }
            case RegistryCredential.Password password ->
                http.request(withQuery(realm, fields)).header("Authorization", basic(password));
            case null -> http.request(withQuery(realm, fields));
        };
    }

    private static URI withQuery(URI realm, Map<String, String> fields) {
        var separator = realm.getRawQuery() == null ? "?" : "&";
        return URI.create(realm + separator + form(fields));
    }

    private URI address(String realm) {
        try {
            return URI.create(realm);
        } catch (IllegalArgumentException malformed) {
            throw new SourceException(
                    SourceException.Reason.AUTH,
                    "registry " + registry + " names the token service " + SourceException.shown(realm)
                            + ", which is no address",
                    malformed);
        }
    }

    private static String form(Map<String, String> fields) {
        return fields.entrySet().stream()
                .map(field -> field.getKey() + "=" + URLEncoder.encode(field.getValue(), StandardCharsets.UTF_8))
                .collect(Collectors.joining("&"));
    }

    private static String basic(RegistryCredential.Password password) {
        var pair = password.username() + ":" + password.password();
        return "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8));
    }
}
