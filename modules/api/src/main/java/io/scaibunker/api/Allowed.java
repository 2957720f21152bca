package io.scaibunker.api;

import io.scaibunker.model.FieldError;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.json.schema.OutputUnit;
import io.vertx.openapi.validation.SchemaValidationException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Says of a wrong value what it is and what its schema allows, in words. */
final class Allowed {
    static final int DETAILS_MAX = 20;

    private static final int VALUE_SHOWN = 60;
    private static final Pattern MISSING = Pattern.compile("required property \"([^\"]*)\"");

    private Allowed() {}

    static List<FieldError> inBody(Contract.Entry entry, SchemaValidationException thrown, JsonObject body) {
        JsonObject schema = entry.bodySchema().orElseThrow();
        Map<String, FieldError> wrong = new LinkedHashMap<>();
        List<OutputUnit> units =
                Optional.ofNullable(thrown.getOutputUnit().getErrors()).orElse(List.of());
        List<String> choices = units.stream()
                .filter(unit -> keyword(unit).equals("oneOf"))
                .map(Allowed::place)
                .toList();
        for (OutputUnit unit : units) {
            String place = place(unit);
            // Why each branch of a choice did not fit helps nobody: the choice itself is named.
            boolean behind = choices.stream().anyMatch(choice -> isBehind(place, choice, keyword(unit)));
            if (!behind && wrong.size() < DETAILS_MAX) {
                say(unit, place, schema, body).ifPresent(said -> wrong.putIfAbsent(said.field(), said));
            }
        }
        return wrong.isEmpty()
                ? List.of(new FieldError("body", "not as the contract has it"))
                : List.copyOf(wrong.values());
    }

    private static boolean isBehind(String place, String choice, String keyword) {
        return place.startsWith(choice + "/") || (place.equals(choice) && !keyword.equals("oneOf"));
    }

    private static Optional<FieldError> say(OutputUnit unit, String place, JsonObject schema, JsonObject body) {
        List<String> steps = steps(place);
        return switch (keyword(unit)) {
            case "properties", "items", "$ref", "allOf", "additionalItems" -> Optional.empty();
            case "required" -> Optional.of(missing(unit, steps));
            case "additionalProperties" -> unknown(steps, schema, body);
            case "propertyNames" ->
                Optional.of(new FieldError(field(steps), "a name in it is not allowed (" + unit.getError() + ")"));
            default -> Optional.of(new FieldError(field(steps), message(at(body, steps), schemaAt(schema, steps))));
        };
    }

    private static FieldError missing(OutputUnit unit, List<String> steps) {
        Matcher matcher = MISSING.matcher(String.valueOf(unit.getError()));
        List<String> whole = new ArrayList<>(steps);
        if (matcher.find()) {
            whole.add(matcher.group(1));
        }
        return new FieldError(field(whole), "is needed");
    }

    /** Either a field that nobody knows, or a value of a map, which its own error names. */
    private static Optional<FieldError> unknown(List<String> steps, JsonObject schema, JsonObject body) {
        JsonObject parent = schemaAt(schema, steps.subList(0, steps.size() - 1));
        if (parent.getValue("additionalProperties") instanceof JsonObject valueSchema) {
            return Optional.of(new FieldError(field(steps), message(at(body, steps), valueSchema)));
        }
        JsonObject properties = parent.getJsonObject("properties", new JsonObject());
        return Optional.of(new FieldError(
                field(steps),
                "no such field (allowed: " + String.join(", ", new TreeSet<>(properties.fieldNames())) + ")"));
    }

    static String message(@Nullable Object value, JsonObject schema) {
        return "value: " + shorten(value == null ? "none" : Json.encode(value)) + " (expected: " + words(schema) + ")";
    }

    private static String words(JsonObject schema) {
        JsonArray choices = schema.getJsonArray("enum");
        if (choices != null) {
            return "one of "
                    + String.join(", ", choices.stream().map(String::valueOf).toList());
        }
        if (schema.containsKey("oneOf")) {
            return schema.getString("description", "one of several forms");
        }
        return switch (schema.getValue("type") instanceof String type ? type : "") {
            case "integer" -> "a whole number" + range(schema, "minimum", "maximum", "");
            case "string" -> "text" + range(schema, "minLength", "maxLength", " characters") + pattern(schema);
            case "array" -> "a list" + range(schema, "minItems", "maxItems", " items");
            case "object" -> "an object" + range(schema, "minProperties", "maxProperties", " fields");
            case "boolean" -> "true or false";
            default -> "as the contract has it";
        };
    }

    private static String range(JsonObject schema, String least, String most, String unit) {
        Object from = schema.getValue(least);
        Object to = schema.getValue(most);
        if (from != null && to != null) {
            return ", " + from + " to " + to + unit;
        }
        if (to != null) {
            return ", at most " + to + unit;
        }
        return from == null ? "" : ", at least " + from + unit;
    }

    private static String pattern(JsonObject schema) {
        String pattern = schema.getString("pattern");
        return pattern == null ? "" : " like " + pattern;
    }

    /** A value as far as it fits in a message. */
    static String shorten(String text) {
        return text.length() <= VALUE_SHOWN
                ? text
                : text.substring(0, VALUE_SHOWN) + "… (" + text.length() + " characters)";
    }

    private static String keyword(OutputUnit unit) {
        String location = String.valueOf(unit.getKeywordLocation());
        return location.substring(location.lastIndexOf('/') + 1);
    }

    private static String place(OutputUnit unit) {
        return Optional.ofNullable(unit.getInstanceLocation()).orElse("#");
    }

    private static List<String> steps(String place) {
        List<String> steps = new ArrayList<>();
        for (String step : place.split("/", -1)) {
            steps.add(step.replace("~1", "/").replace("~0", "~"));
        }
        return steps.subList(1, steps.size());
    }

    private static String field(List<String> steps) {
        StringBuilder field = new StringBuilder();
        for (String step : steps) {
            boolean index = !field.isEmpty() && !step.isEmpty() && step.chars().allMatch(Character::isDigit);
            field.append(index ? "[" + step + "]" : (field.isEmpty() ? "" : ".") + shorten(step));
        }
        return field.isEmpty() ? "body" : field.toString();
    }

    private static @Nullable Object at(Object value, List<String> steps) {
        @Nullable Object now = value;
        for (String step : steps) {
            if (now instanceof JsonObject object) {
                now = object.getValue(step);
            } else if (now instanceof JsonArray array) {
                now = array.getValue(Integer.parseInt(step));
            } else {
                return null;
            }
        }
        return now;
    }

    private static JsonObject schemaAt(JsonObject schema, List<String> steps) {
        JsonObject now = schema;
        for (String step : steps) {
            JsonObject properties = now.getJsonObject("properties", new JsonObject());
            if (properties.getValue(step) instanceof JsonObject property) {
                now = property;
            } else if (now.getValue("items") instanceof JsonObject items) {
                now = items;
            } else if (now.getValue("additionalProperties") instanceof JsonObject values) {
                now = values;
            } else {
                return new JsonObject();
            }
        }
        return now;
    }
}
