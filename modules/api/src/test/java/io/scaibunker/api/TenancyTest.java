package io.scaibunker.api;

import static io.scaibunker.api.RunningApi.BASE;
import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.model.WorkerId;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Two partners; the first has two tenants. */
class TenancyTest {
    private static RunningApi api;
    private static String north;
    private static String south;
    private static String northAdmin;
    private static String southAdmin;
    private static String partnerAdmin;
    private static String elsewhereAdmin;

    @BeforeAll
    static void start() {
        api = new RunningApi();
        api.startScheduler();
        api.worker("w");
        north = api.tenant("north", "one");
        south = api.tenant("south", "one");
        northAdmin = api.key(north, "tenant_admin");
        southAdmin = api.key(south, "tenant_admin");
        partnerAdmin = api.key(south, "partner_admin");
        elsewhereAdmin = api.key(api.tenant("elsewhere", "two"), "tenant_admin");
    }

    @AfterAll
    static void stop() {
        api.close();
    }

    private static int see(String key, String image) {
        return api.get(BASE + "/images/" + image, key).status();
    }

    private static List<Object> listed(String key, String path) {
        return api.get(path, key).json().getJsonArray("data").stream()
                .map(row -> ((JsonObject) row).getValue("id"))
                .toList();
    }

    @Test
    void aTenantsImageIsSeenByItselfItsPartnerAndThePlatform() {
        String image = api.register("of-north", northAdmin);

        assertThat(List.of(see(northAdmin, image), see(partnerAdmin, image), see(api.superKey, image)))
                .containsOnly(200);
        assertThat(List.of(see(southAdmin, image), see(elsewhereAdmin, image))).containsOnly(404);
        assertThat(listed(southAdmin, BASE + "/images")).doesNotContain(image);
        assertThat(listed(partnerAdmin, BASE + "/images")).contains(image);
    }

    @Test
    void aPartnersImageIsSeenWithinThePartnerAndManagedByIt() {
        String image = api.post(
                        BASE + "/images",
                        partnerAdmin,
                        RunningApi.image("of-one").put("scope", "partner"))
                .data()
                .getString("id");

        assertThat(List.of(see(northAdmin, image), see(southAdmin, "of-one"))).containsOnly(200);
        assertThat(see(elsewhereAdmin, image)).isEqualTo(404);
        assertThat(api.post(BASE + "/images/" + image + "/deactivate", northAdmin, new JsonObject())
                        .status())
                .isEqualTo(403);
        assertThat(api.delete(BASE + "/images/" + image, partnerAdmin).status()).isEqualTo(200);
    }

    @Test
    void aPlatformImageIsSeenByAllAndManagedByThePlatform() {
        String image = api.post(
                        BASE + "/images",
                        api.superKey,
                        RunningApi.image("of-all").put("scope", "platform"))
                .data()
                .getString("id");

        assertThat(List.of(see(northAdmin, image), see(elsewhereAdmin, image))).containsOnly(200);
        assertThat(api.post(BASE + "/images/" + image + "/warm", partnerAdmin, new JsonObject())
                        .status())
                .isEqualTo(403);
    }

    @Test
    void aWiderScopeNeedsAWiderRole() {
        assertThat(api.post(
                                BASE + "/images",
                                northAdmin,
                                RunningApi.image("wide").put("scope", "partner"))
                        .code())
                .isEqualTo("AUTHZ_PERMISSION_DENIED");
        assertThat(api.post(
                                BASE + "/images",
                                partnerAdmin,
                                RunningApi.image("wide").put("scope", "platform"))
                        .code())
                .isEqualTo("AUTHZ_PERMISSION_DENIED");
        assertThat(api.post(
                                BASE + "/availability-groups",
                                partnerAdmin,
                                new JsonObject().put("name", "wide").put("scope", "platform"))
                        .code())
                .isEqualTo("AUTHZ_PERMISSION_DENIED");
    }

    @Test
    void aNameMeansTheTenantsOwnImageFirst() {
        String platform = api.post(
                        BASE + "/images", api.superKey, RunningApi.image("base").put("scope", "platform"))
                .data()
                .getString("id");
        String own = api.register("base", northAdmin);

        assertThat(api.get(BASE + "/images/base", northAdmin).data().getString("id"))
                .isEqualTo(own);
        assertThat(api.get(BASE + "/images/base", southAdmin).data().getString("id"))
                .isEqualTo(platform);
        api.delete(BASE + "/images/base", northAdmin);
        assertThat(api.get(BASE + "/images/base", northAdmin).data().getString("id"))
                .isEqualTo(platform);
    }

    @Test
    void aNameLikeANumberIsAName() {
        String image = api.register("4.4", northAdmin);

        assertThat(api.get(BASE + "/images/4.4", northAdmin).data().getString("id"))
                .isEqualTo(image);
        assertThat(listed(northAdmin, BASE + "/images?name=4.4")).containsExactly(image);
    }

    @Test
    void aDeactivatedNameIsFreeAgain() {
        String first = api.register("reborn", northAdmin);
        assertThat(api.post(BASE + "/images", northAdmin, RunningApi.image("reborn"))
                        .code())
                .isEqualTo("IMAGE_NAME_TAKEN");
        api.delete(BASE + "/images/" + first, northAdmin);
        String second = api.register("reborn", northAdmin);

        assertThat(api.get(BASE + "/images/reborn", northAdmin).data().getString("id"))
                .isEqualTo(second);
        assertThat(api.delete(BASE + "/images/" + first, northAdmin).data().getString("status"))
                .isEqualTo("deactivated");
    }

    @Test
    void aPlatformGroupHoldsPlatformImagesAlone() {
        JsonObject body = new JsonObject().put("name", "everywhere").put("scope", "platform");
        String group = api.post(BASE + "/availability-groups", api.superKey, body)
                .data()
                .getString("id");
        String image = api.register("narrow", api.superKey);

        assertThat(api.post(
                                BASE + "/availability-groups/" + group + "/images",
                                api.superKey,
                                World.list("image_ids", image))
                        .code())
                .isEqualTo("VALIDATION_ERROR");
        assertThat(api.get(BASE + "/availability-groups/" + group, northAdmin).status())
                .isEqualTo(200);
        assertThat(api.delete(BASE + "/availability-groups/" + group, northAdmin)
                        .status())
                .isEqualTo(403);
    }

    @Test
    void aGroupTakesAllOrNone() {
        WorkerId worker = api.worker("whole");
        String group = api.post(BASE + "/availability-groups", northAdmin, new JsonObject().put("name", "whole"))
                .data()
                .getString("id");
        String own = api.register("whole", northAdmin);
        String foreign = api.register("whole", elsewhereAdmin);
        String path = BASE + "/availability-groups/" + group;

        assertThat(api.post(path + "/images", northAdmin, World.list("image_ids", own, foreign))
                        .code())
                .isEqualTo("IMAGE_NOT_FOUND");
        assertThat(api.post(
                                path + "/workers",
                                northAdmin,
                                World.list(
                                        "worker_ids",
                                        worker.toString(),
                                        WorkerId.fresh().toString()))
                        .code())
                .isEqualTo("WORKER_NOT_FOUND");
        JsonObject now = api.get(path, northAdmin).data();
        assertThat(now.getJsonArray("image_ids")).isEmpty();
        assertThat(now.getJsonArray("worker_ids")).isEmpty();
    }

    @Test
    void addingEitherSideAsksForTheCopiesAtOnce() {
        WorkerId worker = api.worker("sides");
        String group = api.post(BASE + "/availability-groups", northAdmin, new JsonObject().put("name", "sides"))
                .data()
                .getString("id");
        String path = BASE + "/availability-groups/" + group;
        String image = api.register("sides", northAdmin);

        assertThat(api.post(path + "/images", northAdmin, World.list("image_ids", image))
                        .data()
                        .getJsonObject("warm")
                        .getInteger("queued"))
                .isZero();
        assertThat(api.post(path + "/workers", northAdmin, World.list("worker_ids", worker.toString()))
                        .data()
                        .getJsonObject("warm")
                        .getInteger("queued"))
                .isEqualTo(1);
        assertThat(api.post(BASE + "/images/sides/warm", northAdmin, World.list("worker_ids", worker.toString()))
                        .data()
                        .getJsonObject("warm")
                        .getInteger("queued"))
                .isEqualTo(1);
        assertThat(api.post(
                                BASE + "/images/sides/warm",
                                northAdmin,
                                World.list("worker_ids", api.worker("beside").toString()))
                        .code())
                .isEqualTo("VALIDATION_ERROR");
        assertThat(api.post(
                                BASE + "/images/sides/warm",
                                northAdmin,
                                World.list("worker_ids", WorkerId.fresh().toString()))
                        .code())
                .isEqualTo("WORKER_NOT_FOUND");
    }

    @Test
    void bunkersAreOnesOwnUnlessOneAdministers() {
        String one = api.key(north, "tenant_user");
        String other = api.key(north, "tenant_user");
        String viewer = api.key(north, "tenant_viewer");
        api.register("shared", northAdmin);
        String bunker = api.post(BASE + "/bunkers", one, new JsonObject().put("image", "shared"))
                .data()
                .getString("id");
        String path = BASE + "/bunkers/" + bunker;

        assertThat(api.get(path, one).status()).isEqualTo(200);
        assertThat(api.get(path, other).status()).isEqualTo(404);
        assertThat(api.get(path, southAdmin).status()).isEqualTo(404);
        assertThat(List.of(
                        api.get(path, northAdmin).status(),
                        api.get(path, partnerAdmin).status(),
                        api.get(path, viewer).status()))
                .containsOnly(200);
        assertThat(listed(other, BASE + "/bunkers")).isEmpty();
        assertThat(listed(northAdmin, BASE + "/bunkers?image=shared")).containsExactly(bunker);
        assertThat(api.delete(path, other).status()).isEqualTo(404);
        assertThat(api.delete(path, viewer).status()).isEqualTo(403);
        assertThat(api.delete(path, northAdmin).data().getString("intent")).isEqualTo("end");
        assertThat(api.delete(path, one).status()).isEqualTo(202);
    }

    @Test
    void modesAndNetworksNeedTheirOwnPermission() {
        String user = api.key(north, "tenant_user");
        String sessions = api.key(north, "tenant_user", "scaibunker:create:session");
        String registry = api.key(north, "tenant_user", "scaibunker:network:registry");
        api.register("modes", northAdmin);

        assertThat(bunker(user, "lifecycle_mode", "session").code()).isEqualTo("LIFECYCLE_MODE_DENIED");
        assertThat(bunker(sessions, "lifecycle_mode", "session").status()).isEqualTo(201);
        assertThat(bunker(user, "network_profile", "registry").code()).isEqualTo("NETWORK_PROFILE_DENIED");
        assertThat(bunker(registry, "network_profile", "registry").status()).isEqualTo(201);
        assertThat(bunker(user, "network_profile", "transit").code()).isEqualTo("TRANSIT_MISSING_INTERFACES");
        assertThat(bunker(user, "interfaces", List.of(new JsonObject().put("bridge", "br0")))
                        .code())
                .isEqualTo("INTERFACES_NOT_ALLOWED");
    }

    private static RunningApi.Answered bunker(String key, String field, Object value) {
        return bunker("modes", key, new JsonObject().put(field, value));
    }

    private static RunningApi.Answered bunker(String image, String key, JsonObject wish) {
        return api.post(BASE + "/bunkers", key, wish.put("image", image));
    }

    private static List<String> fields(RunningApi.Answered answered) {
        return answered.json().getJsonObject("error").getJsonArray("details", new JsonArray()).stream()
                .map(detail -> ((JsonObject) detail).getString("field"))
                .toList();
    }

    @Test
    void eachEntryOfAnAllowlistIsChecked() {
        String key = api.key(north, "tenant_user", "scaibunker:network:allowlisted");
        api.register("allowing", northAdmin);

        var wrong = bunker(
                "allowing",
                key,
                allowing("good.example.org:443", "10.0.0.1", "https://a.org", "*.", "198.51.100.0/24"));
        assertThat(wrong.status()).isEqualTo(422);
        assertThat(wrong.code()).isEqualTo("VALIDATION_ERROR");
        assertThat(fields(wrong))
                .containsExactly("network_allowlist[1]", "network_allowlist[2]", "network_allowlist[3]");
        for (var misplaced : List.of(allowing(), allowing("a.org").put("network_profile", "isolated"))) {
            var answered = bunker("allowing", key, misplaced);
            assertThat(answered.status()).isEqualTo(422);
            assertThat(fields(answered)).containsExactly("network_allowlist");
        }
        assertThat(bunker("allowing", key, allowing("good.example.org:443", "198.51.100.0/24"))
                        .status())
                .isEqualTo(201);
    }

    private static JsonObject allowing(String... entries) {
        return new JsonObject()
                .put("network_profile", "allowlisted")
                .put("network_allowlist", new JsonArray(List.of(entries)));
    }

    @Test
    void transitIsNotConfiguredForThoseWhoMay() {
        String key = api.key(north, "tenant_user", "scaibunker:network:transit");
        String without = api.key(north, "tenant_user");
        api.register("transit", northAdmin);
        for (var caller : List.of(key, without)) {
            var answered = bunker(
                    "transit",
                    caller,
                    new JsonObject()
                            .put("network_profile", "transit")
                            .put("interfaces", new JsonArray().add(new JsonObject().put("bridge", "br0"))));
            assertThat(answered.status()).isEqualTo(403);
            assertThat(answered.code()).isEqualTo("NETWORK_PROFILE_DENIED");
            assertThat(answered.json().encode().contains("NOT_CONFIGURED")).isEqualTo(caller.equals(key));
        }
    }

    @Test
    void execIsForRunningBunkersAndRootForWhoMay() {
        String user = api.key(north, "tenant_user");
        api.register("exec", northAdmin);
        String bunker = api.post(BASE + "/bunkers", user, new JsonObject().put("image", "exec"))
                .data()
                .getString("id");
        String path = BASE + "/bunkers/" + bunker + "/exec";
        JsonObject command = new JsonObject().put("command", List.of("id"));

        assertThat(api.post(path, user, command).code()).isEqualTo("WRONG_STATE");
        api.rows.execute("UPDATE bunkers SET status = 'running' WHERE status = 'pending'");
        assertThat(api.post(path, user, new JsonObject().put("command", "echo a b"))
                        .data()
                        .getString("stdout"))
                .isEqualTo("/bin/sh -c echo a b");
        assertThat(api.post(path, user, command).data().getString("stderr")).isEqualTo("as 65534:65534");
        assertThat(api.post(path, northAdmin, command).data().getString("stderr"))
                .isEqualTo("as ");
        for (String root : List.of("root", "0", "0:0", "00:5")) {
            assertThat(api.post(path, user, command.copy().put("user", root)).code())
                    .isEqualTo("AUTHZ_PERMISSION_DENIED");
        }
        assertThat(api.post(path, northAdmin, command.copy().put("user", "root"))
                        .status())
                .isEqualTo(200);
        assertThat(api.post(path, southAdmin, command).status()).isEqualTo(404);
    }

    @Test
    void aTenantsAdministratorDoesNotDrainAWorkerOfAll() {
        String worker = api.worker("drained").toString();
        String platform = api.key(north, "tenant_user", "scaibunker:admin:platform");
        String path = BASE + "/workers/" + worker;

        assertThat(api.post(path + "/drain", northAdmin, new JsonObject()).code())
                .isEqualTo("AUTHZ_PERMISSION_DENIED");
        assertThat(api.post(path + "/drain", platform, new JsonObject()).data().getString("intent"))
                .isEqualTo("drain");
        assertThat(api.delete(path, northAdmin).status()).isEqualTo(403);
        assertThat(api.delete(path, platform).code()).isEqualTo("WRONG_STATE");
        assertThat(api.get(BASE + "/workers", northAdmin).status()).isEqualTo(200);
        assertThat(api.get(BASE + "/workers", api.key(north, "tenant_user")).status())
                .isEqualTo(403);
    }
}
