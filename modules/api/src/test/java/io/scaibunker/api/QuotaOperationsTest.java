package io.scaibunker.api;

import static io.scaibunker.api.RunningApi.BASE;
import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class QuotaOperationsTest {
    private static final String PROFILES = BASE + "/quota-profiles";

    private static RunningApi api;
    private static String tenant;
    private static String admin;
    private static String foreign;

    @BeforeAll
    static void start() {
        api = new RunningApi();
        tenant = api.tenant("quotas", "quotas");
        admin = api.key(tenant, "tenant_admin");
        foreign = api.key(api.tenant("others", "others"), "tenant_admin");
    }

    @AfterAll
    static void stop() {
        api.close();
    }

    @Test
    void theNearestProfileCountsAndCanBeChangedAndLifted() {
        assertThat(usage(admin).getJsonObject("user").getString("profile_id")).isNull();
        String platform = make(api.superKey, "user", caps("bunkers", 9)).data().getString("id");
        assertThat(bucket("user").getString("profile_id")).isEqualTo(platform);
        var ofTenant = make(admin, "user", caps("memory_mb", 4096)).data();
        assertThat(ofTenant.getString("tenant_id")).isEqualTo(tenant);
        assertThat(bucket("user").getJsonObject("caps"))
                .isEqualTo(new JsonObject()
                        .putNull("bunkers")
                        .putNull("cpu_millicores")
                        .put("memory_mb", 4096)
                        .putNull("disk_mb"));
        JsonObject change = new JsonObject().put("name", "other").put("caps", new JsonObject().put("disk_mb", 7));
        put(admin, ofTenant.getString("id"), change);
        assertThat(bucket("user").getJsonObject("caps").getInteger("disk_mb")).isEqualTo(7);
        assertThat(bucket("user").getJsonObject("caps").getInteger("memory_mb")).isNull();
        assertThat(api.delete(PROFILES + "/" + ofTenant.getString("id"), admin).status())
                .isEqualTo(200);
        assertThat(bucket("user").getString("profile_id")).isEqualTo(platform);
        assertThat(bucket("user").getJsonObject("used").getInteger("bunkers")).isZero();
        api.delete(PROFILES + "/" + platform, api.superKey);
    }

    @Test
    void nobodyLiftsWhatWasSetFromAbove() {
        JsonObject ofTenant = wish("tenant", caps("bunkers", 3)).put("tenant_id", tenant);
        assertThat(api.post(PROFILES, admin, ofTenant).code()).isEqualTo("AUTHZ_PERMISSION_DENIED");
        String id = api.post(PROFILES, api.superKey, ofTenant).data().getString("id");
        assertThat(put(admin, id, new JsonObject().put("name", "x").put("caps", new JsonObject()))
                        .code())
                .isEqualTo("AUTHZ_PERMISSION_DENIED");
        assertThat(api.delete(PROFILES + "/" + id, admin).code()).isEqualTo("AUTHZ_PERMISSION_DENIED");
        assertThat(api.get(PROFILES + "/" + id, foreign).code()).isEqualTo("QUOTA_PROFILE_NOT_FOUND");
        assertThat(bucket("tenant").getJsonObject("caps").getInteger("bunkers")).isEqualTo(3);
        assertThat(api.post(PROFILES, api.superKey, ofTenant).code()).isEqualTo("NAME_TAKEN");
    }

    @Test
    void aProfileOfOneUserBelongsToTheirTenant() {
        String user = api.post(
                        "/v1/users", admin, new JsonObject().put("name", "ada").put("role", "tenant_user"))
                .data()
                .getString("id");
        assertThat(api.post(PROFILES, foreign, wish("user", caps("bunkers", 1)).put("user_id", user))
                        .code())
                .isEqualTo("USER_NOT_FOUND");
        assertThat(api.post(PROFILES, admin, wish("tenant", caps("bunkers", 1)).put("user_id", user))
                        .code())
                .isEqualTo("VALIDATION_ERROR");
        var made = api.post(PROFILES, admin, wish("user", caps("bunkers", 1)).put("user_id", user));
        assertThat(made.data().getString("tenant_id")).isEqualTo(tenant);
        assertThat(api.get(PROFILES + "/usage?user_id=" + user, admin)
                        .data()
                        .getJsonObject("user")
                        .getString("profile_id"))
                .isEqualTo(made.data().getString("id"));
        assertThat(api.get(PROFILES + "/usage?user_id=" + user, foreign).code()).isEqualTo("USER_NOT_FOUND");
        assertThat(api.get(PROFILES + "/usage?user_id=" + user, api.key(tenant, "tenant_user"))
                        .code())
                .isEqualTo("AUTHZ_PERMISSION_DENIED");
    }

    private static RunningApi.Answered make(String key, String bucket, JsonObject caps) {
        return api.post(PROFILES, key, wish(bucket, caps));
    }

    private static JsonObject wish(String bucket, JsonObject caps) {
        return new JsonObject().put("name", "q").put("bucket", bucket).put("caps", caps);
    }

    private static JsonObject caps(String resource, int cap) {
        return new JsonObject().put(resource, cap);
    }

    private static RunningApi.Answered put(String key, String id, JsonObject change) {
        return api.call("PUT", PROFILES + "/" + id, key, Optional.of(change.encode()), Map.of());
    }

    private static JsonObject usage(String key) {
        return api.get(PROFILES + "/usage", key).data();
    }

    private static JsonObject bucket(String bucket) {
        return usage(admin).getJsonObject(bucket);
    }
}
