package io.scaibunker.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.bus.ScaiBunkerClient;
import io.scaibunker.model.Permission;
import io.scaibunker.model.Role;
import io.vertx.core.Future;
import io.vertx.core.eventbus.Message;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.openapi.validation.ResponseValidator;
import io.vertx.openapi.validation.ValidatableResponse;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Walks every operation of the contract: as asked, with bad bodies, without a key, with a dead one, with one that may not,
 * from a foreign tenant, and over the bus. An operation that the walk does not know fails it.
 */
class PermissionWalkTest {
    /**
     * How to call one operation.
     *
     * @param path its path parameters
     * @param query those that it needs
     * @param body null: the contract's own example
     * @param foreign the code that a foreign tenant's administrator gets; empty where there is nothing foreign
     */
    record Step(Map<String, String> path, Map<String, String> query, Optional<JsonObject> body, String foreign) {
        static Step plain() {
            return new Step(Map.of(), Map.of(), Optional.empty(), "");
        }

        static Step at(String id, String foreign) {
            return new Step(Map.of("id", id), Map.of(), Optional.empty(), foreign);
        }

        Step body(JsonObject given) {
            return new Step(path, query, Optional.of(given), foreign);
        }

        Step asking(String name, String value) {
            return new Step(path, Map.of(name, value), body, foreign);
        }

        Step and(String name, String value) {
            Map<String, String> more = new LinkedHashMap<>(path);
            more.put(name, value);
            return new Step(more, query, body, foreign);
        }
    }

    private static final Logger LOG = LoggerFactory.getLogger(PermissionWalkTest.class);

    private static RunningApi api;
    private static Contract contract;
    private static ResponseValidator answers;
    private static String viewer;
    private static String foreignAdmin;
    private static int cases;

    @BeforeAll
    static void start() {
        // Each world has a snapshot.
        api = new RunningApi(Map.of("api.snapshots-max", "10000"));
        api.startScheduler();
        contract = RunningApi.get(Contract.read(api.vertx));
        answers = ResponseValidator.create(api.vertx, contract.openApi());
        String home = api.get("/v1/tenants", api.superKey)
                .json()
                .getJsonArray("data")
                .getJsonObject(0)
                .getString("id");
        viewer = api.key(home, "tenant_viewer");
        foreignAdmin = api.key(api.tenant("elsewhere", "elsewhere"), "tenant_admin");
    }

    @AfterAll
    static void stop() {
        LOG.info("permission walk: {} operations, {} cases", contract.entries().size(), cases);
        api.close();
    }

    static Map<String, Step> steps(World world) {
        Map<String, Step> steps = new LinkedHashMap<>();
        for (String open : List.of("getHealth", "getReadiness")) {
            steps.put(open, Step.plain());
        }
        for (String plain : List.of(
                "getCaller",
                "getFleet",
                "listImages",
                "listRegistryCredentials",
                "listGroups",
                "listWorkers",
                "listBunkers",
                "listSnapshots",
                "listQuotaProfiles",
                "getQuotaUsage",
                "listTenants",
                "listUsers",
                "listApiKeys")) {
            steps.put(plain, Step.plain());
        }
        steps.put("registerImage", Step.plain().body(RunningApi.image("walk" + world.number)));
        for (String ofImage : List.of(
                "watchImage",
                "listImageEvents",
                "getImage",
                "deleteImage",
                "getImageCache",
                "warmImage",
                "scanImage",
                "getScan",
                "getSbom",
                "deactivateImage")) {
            steps.put(ofImage, Step.at(world.image, "IMAGE_NOT_FOUND"));
        }
        steps.put("putRegistryCredential", Step.plain().and("host", "registry.example:5000"));
        steps.put(
                "deleteRegistryCredential",
                new Step(Map.of("host", "registry.example"), Map.of(), Optional.empty(), "CREDENTIAL_NOT_FOUND"));
        steps.put("listCarriers", Step.plain().asking("id", "CVE-2024-1"));
        steps.put("createGroup", Step.plain().body(new JsonObject().put("name", "walk" + world.number)));
        Step ofGroup = Step.at(world.group, "GROUP_NOT_FOUND");
        steps.put("getGroup", ofGroup);
        steps.put("deleteGroup", ofGroup);
        steps.put("addGroupImages", ofGroup.body(World.list("image_ids", world.secondImage)));
        steps.put("removeGroupImage", ofGroup.and("image_id", world.image));
        steps.put("addGroupWorkers", ofGroup.body(World.list("worker_ids", world.secondWorker.toString())));
        steps.put("removeGroupWorker", ofGroup.and("worker_id", world.worker.toString()));
        steps.put("getWorker", Step.at(world.worker.toString(), ""));
        steps.put("drainWorker", Step.at(world.worker.toString(), ""));
        steps.put("collectGarbage", Step.at(world.worker.toString(), ""));
        steps.put("resumeWorker", Step.at(world.worker.toString(), ""));
        steps.put("deleteWorker", Step.at(world.secondWorker.toString(), ""));
        steps.put(
                "createQuotaProfile",
                new Step(
                        Map.of(),
                        Map.of(),
                        Optional.of(new JsonObject()
                                .put("name", "walk" + world.number)
                                .put("bucket", "user")
                                .put("tenant_id", world.tenant)
                                .put("caps", new JsonObject().put("bunkers", 5))),
                        "TENANT_NOT_FOUND"));
        for (String ofQuota : List.of("getQuotaProfile", "putQuotaProfile", "deleteQuotaProfile")) {
            steps.put(ofQuota, Step.at(world.quota, "QUOTA_PROFILE_NOT_FOUND"));
        }
        steps.put("createBunker", Step.plain().body(new JsonObject().put("image", world.image)));
        Step ofBunker = Step.at(world.bunker, "BUNKER_NOT_FOUND");
        steps.put("getBunker", ofBunker);
        steps.put("watchBunker", ofBunker);
        steps.put("listBunkerEvents", ofBunker);
        steps.put("deleteBunker", ofBunker);
        steps.put("pauseBunker", ofBunker);
        steps.put("resumeBunker", ofBunker);
        steps.put("createSnapshot", ofBunker);
        steps.put("getSnapshot", Step.at(world.snapshot, "SNAPSHOT_NOT_FOUND"));
        steps.put("deleteSnapshot", Step.at(world.snapshot, "SNAPSHOT_NOT_FOUND"));
        steps.put("execInBunker", ofBunker);
        steps.put("getBunkerLogs", ofBunker);
        for (String ofFile : List.of("getBunkerFile", "putBunkerFile", "deleteBunkerFile", "listBunkerFiles")) {
            FakeBunker.put("/walk");
            steps.put(ofFile, ofBunker.asking("path", "/walk"));
        }
        steps.put("openBunkerShell", ofBunker);
        steps.put("createTenant", Step.plain().body(new JsonObject().put("name", "walk" + world.number)));
        steps.put("getTenant", Step.at(world.tenant, "TENANT_NOT_FOUND"));
        steps.put(
                "createUser",
                Step.plain()
                        .body(new JsonObject()
                                .put("name", "walk" + world.number)
                                .put("role", "tenant_user")));
        steps.put("getUser", Step.at(world.user, "USER_NOT_FOUND"));
        steps.put("disableUser", Step.at(world.user, "USER_NOT_FOUND"));
        steps.put("createApiKey", Step.plain());
        steps.put("getApiKey", Step.at(world.key, "KEY_NOT_FOUND"));
        steps.put("revokeApiKey", Step.at(world.key, "KEY_NOT_FOUND"));
        return steps;
    }

    @Test
    void theWalkKnowsEveryOperationOfTheContract() {
        Set<String> inContract =
                contract.entries().stream().map(Contract.Entry::id).collect(Collectors.toCollection(TreeSet::new));

        assertThat(steps(new World(api)).keySet()).containsExactlyInAnyOrderElementsOf(inContract);
    }

    @Test
    void everyExampleOfTheContractStandsItsOwnCheck() {
        for (Contract.Entry entry : contract.entries()) {
            if (entry.takesBody()) {
                Incoming incoming = new Incoming(
                        entry.id(),
                        "req",
                        null,
                        null,
                        pathOfExamples(entry),
                        Map.of(),
                        example(entry).toBuffer(),
                        Future.succeededFuture());
                assertThat(RunningApi.get(new Checks(api.vertx, contract).check(entry, incoming, null))
                                .body())
                        .isEqualTo(example(entry));
            }
        }
    }

    private static Map<String, String> pathOfExamples(Contract.Entry entry) {
        String digits = "00000000000000000000000000000000";
        String kind = Stream.of("grp_groups", "wrk_workers", "quo_quota-profiles")
                .filter(known -> entry.route().contains(known.substring(4)))
                .map(known -> known.substring(0, 4))
                .findFirst()
                .orElse("bnk_");
        return Map.of("id", kind + digits, "host", "registry.example");
    }

    @TestFactory
    Stream<DynamicTest> walk() {
        return contract.entries().stream().map(entry -> DynamicTest.dynamicTest(entry.id(), () -> walk(entry)));
    }

    private void walk(Contract.Entry entry) {
        World world = new World(api);
        Step step = steps(world).get(entry.id());
        JsonObject body = step.body().orElseGet(() -> example(entry));
        if (!entry.isOpen()) {
            refused(entry, step, "", body, 401, "AUTH_TOKEN_MISSING");
            refused(entry, step, "sgk_" + "x".repeat(43), body, 401, "AUTH_TOKEN_INVALID");
            refused(entry, step, "not-a-key", body, 401, "AUTH_TOKEN_INVALID");
            mayNot(entry, step, body);
        }
        if (!step.foreign().isEmpty()) {
            refused(entry, step, foreignAdmin, body, 404, step.foreign());
        }
        if (entry.takesBody()) {
            badBodies(entry, step, body);
        } else if (!entry.isOpen() && !entry.isLive()) {
            refused(entry, step, api.superKey, new JsonObject().put("a", 1), 422, "VALIDATION_ERROR");
        }
        if (entry.isStream()) {
            streams(entry, step);
        } else if (entry.isLive()) {
            lives(entry, step);
        } else {
            asAsked(entry, step, body);
            overTheBus(entry);
        }
    }

    /** What flows is for {@link LiveTest}; here: that HTTP lets in who may, and that the bus says where to go. */
    private void lives(Contract.Entry entry, Step step) {
        int status = api.status(entry.method().name(), path(entry, step), api.superKey);
        assertThat(status).as(entry.id()).isEqualTo(entry.id().equals("openBunkerShell") ? 422 : 200);
        JsonObject request = new JsonObject()
                .put("authorization", "Bearer " + api.superKey)
                .put("path", new JsonObject(new LinkedHashMap<>(step.path())));
        request.put("query", new JsonObject(new LinkedHashMap<>(step.query())));
        Message<JsonObject> led =
                RunningApi.get(api.vertx.eventBus().request(ScaiBunkerClient.addressOf(entry.id()), request));
        String place = led.body().getJsonObject("data").getString("uri");
        assertThat(URLDecoder.decode(place, StandardCharsets.UTF_8)).isEqualTo(path(entry, step));
        Message<JsonObject> refused = RunningApi.get(api.vertx
                .eventBus()
                .request(ScaiBunkerClient.addressOf(entry.id()), request.copy().put("authorization", "Bearer no")));
        assertThat(refused.body().getJsonObject("error").getString("code")).isEqualTo("AUTH_TOKEN_INVALID");
        cases += 3;
    }

    /** What is told by both doors is for {@link WatchTest}; here: that both let in who may, and tell who may not. */
    private void streams(Contract.Entry entry, Step step) {
        try (SseReader reader = SseReader.open(api, path(entry, step), api.superKey)) {
            assertThat(reader.status()).isEqualTo(200);
            assertThat(reader.next().event()).isEqualTo("snapshot");
        }
        JsonObject request = new JsonObject()
                .put("authorization", "Bearer " + api.superKey)
                .put("path", new JsonObject(new LinkedHashMap<>(step.path())));
        for (String address : List.of("fanout.copies-asked", "scaibunker.api.getImage", "")) {
            Message<JsonObject> refused = RunningApi.get(api.vertx
                    .eventBus()
                    .request(
                            ScaiBunkerClient.addressOf(entry.id()),
                            request.copy().put("deliver_to", address)));
            assertThat(refused.body().getJsonObject("error").getString("code")).isEqualTo("VALIDATION_ERROR");
        }
        cases += 4;
    }

    /** Who may only read is refused, unless reading is all that is asked. */
    private void mayNot(Contract.Entry entry, Step step, JsonObject body) {
        if (entry.oneOf().contains(Permission.READ)) {
            boolean reads = entry.method().name().equals("GET");
            int status = entry.isStream()
                    ? SseReader.statusOf(api, path(entry, step), viewer)
                    : call(entry, step, viewer, body).status();
            // Another user's bunkers in one's tenant are shown to a viewer, another's keys and tenant are not.
            boolean ofAnother = Set.of("getApiKey", "revokeApiKey", "getTenant").contains(entry.id());
            assertThat(status).as(entry.id()).isEqualTo(ofAnother || !reads ? 404 : expected(entry));
            assertThat(Role.TENANT_VIEWER.permissions()).containsExactly(Permission.READ);
        } else {
            refused(entry, step, viewer, body, 403, "AUTHZ_PERMISSION_DENIED");
        }
        cases++;
    }

    private void badBodies(Contract.Entry entry, Step step, JsonObject good) {
        refused(entry, step, api.superKey, good.copy().put("no_such_field", 1), 422, "VALIDATION_ERROR");
        for (String field : good.fieldNames()) {
            JsonObject wrong = new JsonObject().put("deep", new JsonObject());
            refused(entry, step, api.superKey, good.copy().put(field, wrong), 422, "VALIDATION_ERROR");
        }
    }

    private void asAsked(Contract.Entry entry, Step step, JsonObject body) {
        RunningApi.Answered answered = call(entry, step, api.superKey, body);
        assertThat(answered.status())
                .as(entry.id() + ": " + answered.json().encode())
                .isEqualTo(expected(entry));
        assertThat(answered.whole().headers().firstValue("X-Request-Id"))
                .contains(answered.json().getJsonObject("meta").getString("request_id"));
        RunningApi.get(answers.validate(
                ValidatableResponse.create(
                        answered.status(), Map.of(), answered.json().toBuffer(), "application/json"),
                entry.id()));
        cases++;
    }

    /** The same operation by the other door gives the same kind of answer. */
    private void overTheBus(Contract.Entry entry) {
        World world = new World(api);
        Step step = steps(world).get(entry.id());
        JsonObject request = new JsonObject()
                .put("authorization", "Bearer " + api.superKey)
                .put("path", new JsonObject(new LinkedHashMap<>(step.path())))
                .put("query", new JsonObject(new LinkedHashMap<>(step.query())));
        if (entry.takesBody()) {
            request.put("body", step.body().orElseGet(() -> example(entry)));
        }
        Message<JsonObject> reply =
                RunningApi.get(api.vertx.eventBus().request(ScaiBunkerClient.addressOf(entry.id()), request));
        assertThat(reply.headers().get(ScaiBunkerClient.STATUS))
                .as(reply.body().encode())
                .isEqualTo(Integer.toString(expected(entry)));
        assertThat(reply.body().getString("status")).isEqualTo("ok");
        if (!entry.isOpen()) {
            Message<JsonObject> refused = RunningApi.get(api.vertx
                    .eventBus()
                    .request(
                            ScaiBunkerClient.addressOf(entry.id()),
                            request.copy().put("authorization", "Bearer no")));
            assertThat(refused.body().getJsonObject("error").getString("code")).isEqualTo("AUTH_TOKEN_INVALID");
        }
        cases += 2;
    }

    private void refused(Contract.Entry entry, Step step, String key, JsonObject body, int status, String code) {
        RunningApi.Answered answered = call(entry, step, key, body);
        assertThat(answered.code())
                .as(entry.id() + " with " + body.encode() + ": "
                        + answered.json().encode())
                .isEqualTo(code);
        assertThat(answered.status()).isEqualTo(status);
        if (code.equals("VALIDATION_ERROR")) {
            assertThat(answered.json().getJsonObject("error").getJsonArray("details"))
                    .isNotEmpty();
        }
        cases++;
    }

    private RunningApi.Answered call(Contract.Entry entry, Step step, String key, JsonObject body) {
        String path = path(entry, step);
        Optional<String> text = body.isEmpty() ? Optional.empty() : Optional.of(body.encode());
        return api.call(entry.method().name(), path, key, text, Map.of());
    }

    private static String path(Contract.Entry entry, Step step) {
        String path = entry.route();
        for (Map.Entry<String, String> parameter : step.path().entrySet()) {
            path = path.replace("{" + parameter.getKey() + "}", parameter.getValue());
        }
        for (Map.Entry<String, String> asked : step.query().entrySet()) {
            path += "?" + asked.getKey() + "=" + asked.getValue();
        }
        return path;
    }

    private static int expected(Contract.Entry entry) {
        return entry.operation().getOpenAPIModel().getJsonObject("responses").fieldNames().stream()
                .filter(name -> name.startsWith("2"))
                .mapToInt(Integer::parseInt)
                // Where there are two, the smaller one is of a dry run.
                .max()
                .orElseThrow();
    }

    private static JsonObject example(Contract.Entry entry) {
        return entry.takesBody()
                ? plain(entry.operation()
                        .getRequestBody()
                        .getContent()
                        .get("application/json")
                        .getOpenAPIModel()
                        .getJsonObject("example"))
                : new JsonObject();
    }

    /** Without the marks that the contract's reader leaves in what it resolves. */
    private static JsonObject plain(JsonObject marked) {
        JsonObject plain = new JsonObject();
        marked.forEach(field -> {
            if (!field.getKey().startsWith("__absolute")) {
                plain.put(field.getKey(), plainValue(field.getValue()));
            }
        });
        return plain;
    }

    private static Object plainValue(Object value) {
        return switch (value) {
            case JsonObject object -> plain(object);
            case JsonArray array ->
                new JsonArray(array.stream().map(PermissionWalkTest::plainValue).toList());
            default -> value;
        };
    }
}
