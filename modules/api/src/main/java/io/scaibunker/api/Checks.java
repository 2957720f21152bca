package io.scaibunker.api;

import io.scaibunker.model.FieldError;
import io.scaibunker.model.PlatformException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.openapi.contract.Location;
import io.vertx.openapi.contract.Parameter;
import io.vertx.openapi.validation.RequestParameter;
import io.vertx.openapi.validation.RequestValidator;
import io.vertx.openapi.validation.SchemaValidationException;
import io.vertx.openapi.validation.ValidatableRequest;
import io.vertx.openapi.validation.ValidatorException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Holds a request against the contract, and says what is wrong with it field by field. */
final class Checks {
    private static final String JSON = "application/json";
    private static final String STDIN = "stdin";
    private static final String NUL = "must not hold the character U+0000";
    private static final String IDEMPOTENCY_KEY = "Idempotency-Key";

    private final RequestValidator validator;

    Checks(Vertx vertx, Contract contract) {
        this.validator = RequestValidator.create(vertx, contract.openApi());
    }

    /** What the contract's own reader takes: everything as text. */
    private record Given(@Nullable Object value) implements RequestParameter {
        @Override
        public @Nullable Object get() {
            return value;
        }
    }

    private record Taken(
            Map<String, RequestParameter> headers,
            Map<String, RequestParameter> path,
            Map<String, RequestParameter> query,
            RequestParameter body)
            implements ValidatableRequest {
        @Override
        public String getContentType() {
            return JSON;
        }

        @Override
        public Map<String, RequestParameter> getCookies() {
            return Map.of();
        }

        @Override
        public Map<String, RequestParameter> getHeaders() {
            return headers;
        }

        @Override
        public Map<String, RequestParameter> getPathParameters() {
            return path;
        }

        @Override
        public Map<String, RequestParameter> getQuery() {
            return query;
        }

        @Override
        public RequestParameter getBody() {
            return body;
        }
    }

    /** @return the request with checked values, or a failure with {@code VALIDATION_ERROR} */
    Future<Request> check(Contract.Entry entry, Incoming incoming, @Nullable Caller caller) {
        refuseUnknown(entry, incoming);
        JsonObject body = incoming.body().length() == 0 ? new JsonObject() : JsonText.object(incoming.body());
        if (!entry.takesBody() && !body.isEmpty()) {
            throw PlatformException.invalid("body", entry.id() + " takes no body");
        }
        refuseNul(incoming, body);
        Buffer text = entry.takesBody() ? incoming.body() : Buffer.buffer();
        return validator
                .validate(taken(entry, incoming, text), entry.id())
                .recover(thrown -> Future.failedFuture(trouble(entry, thrown, incoming, body)))
                .map(checked -> new Request(
                        entry.id(),
                        incoming.requestId(),
                        caller,
                        values(checked.getPathParameters()),
                        values(checked.getQuery()),
                        body,
                        incoming.gone(),
                        () -> check(entry, incoming, caller)));
    }

    private static void refuseUnknown(Contract.Entry entry, Incoming incoming) {
        List<String> known = names(entry, Location.QUERY);
        List<FieldError> unknown = incoming.query().keySet().stream()
                .filter(name -> !known.contains(name))
                .map(name -> new FieldError(
                        Allowed.shorten(name),
                        "no such query parameter (allowed: " + (known.isEmpty() ? "none" : String.join(", ", known))
                                + ")"))
                .limit(Allowed.DETAILS_MAX)
                .toList();
        if (!unknown.isEmpty()) {
            throw PlatformException.invalid(unknown);
        }
    }

    /** No table takes U+0000; only what goes to a command's stdin may hold it. */
    private static void refuseNul(Incoming incoming, JsonObject body) {
        Stream.of(incoming.path(), incoming.query())
                .flatMap(values -> values.entrySet().stream())
                .filter(value -> value.getValue().indexOf('\0') >= 0)
                .findFirst()
                .ifPresent(value -> {
                    throw PlatformException.invalid(value.getKey(), NUL);
                });
        for (String field : body.fieldNames()) {
            if (!field.equals(STDIN) && holdsNul(body.getValue(field))) {
                throw PlatformException.invalid(field, NUL);
            }
        }
    }

    private static boolean holdsNul(@Nullable Object value) {
        return switch (value) {
            case String text -> text.indexOf('\0') >= 0;
            case JsonObject object ->
                object.stream().anyMatch(field -> holdsNul(field.getKey()) || holdsNul(field.getValue()));
            case JsonArray array -> array.stream().anyMatch(Checks::holdsNul);
            case null -> false;
            default -> false;
        };
    }

    private static List<String> names(Contract.Entry entry, Location location) {
        return entry.operation().getParameters().stream()
                .filter(parameter -> parameter.getIn() == location)
                .map(Parameter::getName)
                .toList();
    }

    private static Taken taken(Contract.Entry entry, Incoming incoming, Buffer body) {
        Map<String, RequestParameter> headers = new HashMap<>();
        Map<String, RequestParameter> path = new HashMap<>();
        Map<String, RequestParameter> query = new HashMap<>();
        for (Parameter parameter : entry.operation().getParameters()) {
            switch (parameter.getIn()) {
                case PATH -> give(path, parameter, incoming.path().get(parameter.getName()));
                case QUERY -> give(query, parameter, incoming.query().get(parameter.getName()));
                case HEADER ->
                    give(
                            headers,
                            parameter,
                            parameter.getName().equalsIgnoreCase(IDEMPOTENCY_KEY) ? incoming.idempotencyKey() : null);
                case COOKIE -> throw new IllegalStateException("the contract has no cookies");
            }
        }
        return new Taken(headers, path, query, new Given(body.length() == 0 ? null : body));
    }

    /** Texts are quoted: the reader takes a bare {@code 4.4} for a number. */
    private static void give(Map<String, RequestParameter> into, Parameter parameter, @Nullable String value) {
        if (value != null) {
            boolean text = "string".equals(parameter.getSchema().get("type"));
            into.put(parameter.getName(), new Given(text ? Json.encode(value) : value));
        }
    }

    private static Map<String, Object> values(Map<String, RequestParameter> checked) {
        Map<String, Object> values = new HashMap<>();
        checked.forEach((name, parameter) -> {
            Object value = parameter.get();
            if (value != null) {
                values.put(name, value);
            }
        });
        return values;
    }

    private static Throwable trouble(Contract.Entry entry, Throwable thrown, Incoming incoming, JsonObject body) {
        if (thrown instanceof SchemaValidationException schema && isOfBody(schema)) {
            return PlatformException.invalid(Allowed.inBody(entry, schema, body));
        }
        return thrown instanceof ValidatorException other
                ? PlatformException.invalid(wrongParameters(entry, other, incoming))
                : thrown;
    }

    private static boolean isOfBody(SchemaValidationException thrown) {
        String message = thrown.getMessage();
        return message != null && message.startsWith("The value of the request body");
    }

    /** The reader stops at the first parameter and names it in its text alone. */
    private static List<FieldError> wrongParameters(
            Contract.Entry entry, ValidatorException thrown, Incoming incoming) {
        String message = String.valueOf(thrown.getMessage());
        List<FieldError> wrong = new ArrayList<>();
        for (Parameter parameter : entry.operation().getParameters()) {
            String name = parameter.getName();
            if (message.contains("parameter " + name + " ") || message.endsWith("parameter " + name)) {
                @Nullable
                String value = switch (parameter.getIn()) {
                    case PATH -> incoming.path().get(name);
                    case QUERY -> incoming.query().get(name);
                    default -> incoming.idempotencyKey();
                };
                wrong.add(new FieldError(
                        name, Allowed.message(value, parameter.getOpenAPIModel().getJsonObject("schema"))));
            }
        }
        return wrong.isEmpty() ? List.of(new FieldError("body", "is needed")) : wrong;
    }

    /** The one header, beside those of HTTP itself, that a door hands on. */
    static String idempotencyHeader() {
        return IDEMPOTENCY_KEY;
    }
}
