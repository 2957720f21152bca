package io.scaibunker.microvm;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.Optional;
import java.util.regex.Pattern;

/** What Firecracker says that it takes ({@code firecracker-api.json}), and whether something is that. */
final class ApiDescription {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final JsonNode calls;
    private final JsonNode objects;

    private ApiDescription(JsonNode all) {
        calls = all.path("calls");
        objects = all.path("objects");
    }

    static ApiDescription read() throws IOException {
        try (var in = ApiDescription.class.getResourceAsStream("/firecracker-api.json")) {
            return new ApiDescription(JSON.readTree(in));
        }
    }

    /**
     * What is wrong with a call; empty for none that is.
     *
     * @param started whether the guest runs
     */
    Optional<String> fault(String method, String path, String body, boolean started) {
        for (var call : calls.properties()) {
            var names = Pattern.compile("\\{([a-z_]+)}").matcher(call.getKey());
            var name = names.find() ? names.group(1) : "";
            var pattern = Pattern.quote(call.getKey()).replaceAll("\\{[a-z_]+}", "\\\\E([A-Za-z0-9_]+)\\\\Q");
            var match = Pattern.compile(pattern).matcher(method + " " + path);
            if (match.matches()) {
                return fault(call.getValue(), body, started, name, name.isEmpty() ? "" : match.group(1));
            }
        }
        return Optional.of("Invalid request method and/or path: " + method + " " + path + ".");
    }

    private Optional<String> fault(JsonNode call, String body, boolean started, String name, String id) {
        var when = call.path("when").asText();
        if (!when.equals("always") && when.equals("before") == started) {
            return Optional.of("The requested operation is not supported " + (started ? "after" : "before")
                    + " starting the microVM.");
        }
        if (!call.has("body")) {
            return body.isEmpty() ? Optional.empty() : Optional.of("GET request cannot have a body.");
        }
        try {
            var json = JSON.readTree(body);
            if (!name.isEmpty() && !json.path(name).asText().equals(id)) {
                return Optional.of("The id from the path [" + id + "] does not match the id from the body!");
            }
            return fault(call.path("body").asText(), json, call.path("body").asText());
        } catch (IOException noJson) {
            return Optional.of(
                    "An error occurred when deserializing the json body of a request: " + noJson.getMessage());
        }
    }

    /** Of a value, wherever it is. */
    Optional<String> fault(String type, JsonNode value, String where) {
        var right = switch (type) {
            case "string" -> value.isTextual();
            case "boolean" -> value.isBoolean();
            case "integer" -> value.isIntegralNumber();
            default -> value.isObject() && objects.has(type);
        };
        if (!right) {
            return Optional.of(where + " is no " + type);
        }
        return value.isObject() ? objectFault(objects.path(type), value, where) : Optional.empty();
    }

    private Optional<String> objectFault(JsonNode object, JsonNode value, String where) {
        for (var required : object.path("required")) {
            if (!value.has(required.asText())) {
                return Optional.of("missing field `" + required.asText() + "` of " + where);
            }
        }
        for (var field : value.properties()) {
            var place = where + "." + field.getKey();
            var told = object.path("fields").path(field.getKey());
            if (told.isMissingNode()) {
                return Optional.of("unknown field `" + place + "`");
            }
            var fault = fault(told.path("type").asText(), field.getValue(), place)
                    .or(() -> bounds(told, field.getValue(), place));
            if (fault.isPresent()) {
                return fault;
            }
        }
        return Optional.empty();
    }

    private static Optional<String> bounds(JsonNode told, JsonNode value, String place) {
        var known = !told.has("enum")
                || told.path("enum")
                        .valueStream()
                        .anyMatch(word -> word.asText().equals(value.asText()));
        var inside = value.asLong() >= told.path("minimum").asLong(Long.MIN_VALUE)
                && value.asLong() <= told.path("maximum").asLong(Long.MAX_VALUE);
        return known && inside ? Optional.empty() : Optional.of(place + " cannot be " + value);
    }
}
