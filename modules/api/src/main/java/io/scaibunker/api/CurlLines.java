package io.scaibunker.api;

import io.vertx.core.json.Json;
import io.vertx.core.json.JsonObject;
import io.vertx.openapi.contract.MediaType;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Each operation as a line for the shell, made of the contract's own examples. {@code $server} and {@code $auth} are the
 * caller's; so is what an operation works on: {@code $image}, {@code $bunker} …
 */
final class CurlLines {
    static final String FIELD = "x-curl";

    private static final Pattern PARAMETER = Pattern.compile("([a-z-]+)/\\{(\\w+)}");
    private static final Pattern PLACEHOLDER = Pattern.compile("\"(img|wrk|grp|bnk|usr|ten)_0{32}\"");
    private static final Map<String, String> KINDS =
            Map.of("img", "image", "wrk", "worker", "grp", "group", "bnk", "bunker", "usr", "user", "ten", "tenant");
    private static final Map<String, String> NAMES =
            Map.of("availability-groups", "group", "api-keys", "key", "registry-credentials", "host");
    private static final String UPGRADE = " -H \"Connection: Upgrade\" -H \"Upgrade: websocket\""
            + " -H \"Sec-WebSocket-Version: 13\" -H \"Sec-WebSocket-Key: c2NhaWJ1bmtlciBzaGVsbA==\"";

    private CurlLines() {}

    /** The contract with a line in each operation. */
    static JsonObject in(Contract contract) {
        JsonObject whole = contract.json();
        for (Contract.Entry entry : contract.entries()) {
            whole.getJsonObject("paths")
                    .getJsonObject(entry.route())
                    .getJsonObject(entry.method().name().toLowerCase(Locale.ROOT))
                    .put(FIELD, of(entry));
        }
        return whole;
    }

    static String of(Contract.Entry entry) {
        boolean takesBytes = entry.isLive() && entry.method().name().equals("PUT");
        return (takesBytes ? "echo hello | " : "")
                + "curl -s"
                + (entry.isStream() ? "N" : "")
                + (entry.isOpen() ? "" : " -H \"$auth\"")
                + method(entry)
                + " \"$server"
                + path(entry)
                + query(entry)
                + "\""
                + body(entry);
    }

    private static String method(Contract.Entry entry) {
        String method = entry.method().name();
        boolean isShell = entry.route().endsWith("/shell");
        return isShell
                ? " -iN --http1.1" + UPGRADE
                : switch (method) {
                    case "GET" -> "";
                    case "POST" -> hasBody(entry) ? "" : " -X POST";
                    case "PUT" -> hasBody(entry) ? " -X PUT" : " -T -";
                    default -> " -X " + method;
                };
    }

    private static String path(Contract.Entry entry) {
        return PARAMETER.matcher(entry.route()).replaceAll(found -> found.group(1) + "/\\$" + variable(found.group(1)));
    }

    /** The shell's name for what lies below a collection: {@code image} for {@code images/{id}}. */
    private static String variable(String collection) {
        return NAMES.getOrDefault(collection, collection.replaceAll("s$", "").replace('-', '_'));
    }

    /** Which variable stands for which parameter of the path. */
    static Map<String, String> variables(Contract.Entry entry) {
        return PARAMETER
                .matcher(entry.route())
                .results()
                .collect(Collectors.toMap(found -> variable(found.group(1)), found -> found.group(2)));
    }

    /** Those that must be there, with the contract's example. */
    private static String query(Contract.Entry entry) {
        List<String> pairs = entry.operation().getParameters().stream()
                .map(parameter -> parameter.getOpenAPIModel())
                .filter(parameter ->
                        "query".equals(parameter.getString("in")) && parameter.getBoolean("required", false))
                .map(parameter -> parameter.getString("name") + "=" + parameter.getValue("example"))
                .toList();
        return pairs.isEmpty() ? "" : "?" + String.join("&", pairs);
    }

    private static boolean hasBody(Contract.Entry entry) {
        return entry.takesBody() && example(entry) != null;
    }

    private static @Nullable Object example(Contract.Entry entry) {
        MediaType json = entry.operation().getRequestBody().getContent().get("application/json");
        return json == null ? null : json.getOpenAPIModel().getValue("example");
    }

    private static String body(Contract.Entry entry) {
        if (!hasBody(entry)) {
            return "";
        }
        String quoted = Json.encode(Contract.own(example(entry))).replace("'", "'\\''");
        String filled = PLACEHOLDER.matcher(quoted).replaceAll(found -> "\"'\\$" + KINDS.get(found.group(1)) + "'\"");
        return " \\\n     -H \"Content-Type: application/json\" -d '" + filled + "'";
    }
}
