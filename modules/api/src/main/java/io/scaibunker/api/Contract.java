package io.scaibunker.api;

import io.scaibunker.model.Permission;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.openapi.contract.OpenAPIContract;
import io.vertx.openapi.contract.Operation;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** {@code openapi.yaml}, read: which operations there are, where, and who may. */
final class Contract {
    static final String FILE = "openapi.yaml";
    static final String JSON_FILE = "openapi.json";

    private static final String JSON = "application/json";

    /**
     * One operation of the contract.
     *
     * @param route as the contract has it: {@code /v1/…/images/{id}}
     * @param oneOf the permissions of which the caller needs one; empty: no key is needed
     * @param bodySchema empty where a body has no meaning
     * @param isLive whether it is a {@link LiveOperation} alone: bytes flow while it lasts
     * @param isStream whether it is answered by events, one after the other, instead of an envelope
     */
    record Entry(
            String id,
            HttpMethod method,
            String route,
            Set<Permission> oneOf,
            Optional<JsonObject> bodySchema,
            boolean isLive,
            boolean isStream,
            Operation operation) {
        boolean isOpen() {
            return oneOf.isEmpty();
        }

        boolean takesBody() {
            return bodySchema.isPresent();
        }

        boolean isPost() {
            return method.equals(HttpMethod.POST);
        }
    }

    private final OpenAPIContract openApi;
    private final Map<String, Entry> entries;

    private Contract(OpenAPIContract openApi) {
        this.openApi = openApi;
        this.entries = openApi.operations().stream()
                .map(Contract::entry)
                .collect(Collectors.toUnmodifiableMap(Entry::id, Function.identity()));
    }

    static Future<Contract> read(Vertx vertx) {
        return OpenAPIContract.from(vertx, FILE).map(Contract::new);
    }

    private static Entry entry(Operation operation) {
        JsonArray permissions = operation.getOpenAPIModel().getJsonArray("x-permission");
        if (permissions == null) {
            throw new IllegalStateException(operation.getOperationId() + " says no x-permission");
        }
        return new Entry(
                operation.getOperationId(),
                operation.getHttpMethod(),
                operation.getAbsoluteOpenAPIPath(),
                permissions.stream().map(key -> Permission.parse((String) key)).collect(Collectors.toUnmodifiableSet()),
                bodySchema(operation),
                operation.getOpenAPIModel().getBoolean("x-live", false),
                isStream(operation),
                operation);
    }

    private static boolean isStream(Operation operation) {
        return operation.getOpenAPIModel().getBoolean("x-stream", false);
    }

    private static Optional<JsonObject> bodySchema(Operation operation) {
        return Optional.ofNullable(operation.getRequestBody())
                .map(body -> body.getContent().get(JSON))
                .map(json -> json.getOpenAPIModel().getJsonObject("schema"));
    }

    /** The whole of it, as JSON; without what its reader has put in for itself. */
    JsonObject json() {
        return (JsonObject) Objects.requireNonNull(own(openApi.getRawContract()));
    }

    static @Nullable Object own(@Nullable Object read) {
        return switch (read) {
            case JsonObject object -> {
                JsonObject own = new JsonObject();
                object.forEach(field -> {
                    if (!field.getKey().startsWith("__")) {
                        own.put(field.getKey(), own(field.getValue()));
                    }
                });
                yield own;
            }
            case JsonArray array ->
                new JsonArray(array.stream().map(Contract::own).toList());
            case null, default -> read;
        };
    }

    OpenAPIContract openApi() {
        return openApi;
    }

    @Nullable
    Entry find(String operationId) {
        return entries.get(operationId);
    }

    /** All, those whose path has no parameters before those that have. */
    List<Entry> entries() {
        return entries.values().stream()
                .sorted(Comparator.<Entry, Boolean>comparing(
                                entry -> entry.route().contains("{"))
                        .thenComparing(Entry::route)
                        .thenComparing(entry -> entry.method().name()))
                .toList();
    }
}
