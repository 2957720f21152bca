package io.scaibunker.api;

import static io.scaibunker.api.RunningApi.BASE;
import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.bus.ScaiBunkerClient;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.PlatformException;
import io.scaibunker.model.Secret;
import io.scaibunker.model.TenantId;
import io.scaibunker.store.RegistryCredentials;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.auth.JWTOptions;
import io.vertx.ext.auth.jwt.JWTAuth;
import io.vertx.ext.auth.jwt.JWTAuthOptions;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.interfaces.RSAPrivateCrtKey;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeysTest {
    private static final JsonObject KEY_PAIR = keyPair();

    @TempDir
    private static Path home;

    private static RunningApi api;
    private static String tenant;

    @BeforeAll
    static void start() throws IOException {
        JsonObject open = KEY_PAIR.copy();
        List.of("d", "p", "q", "dp", "dq", "qi").forEach(open::remove);
        Path keySet = home.resolve("jwks.json");
        Files.writeString(
                keySet, new JsonObject().put("keys", new JsonArray().add(open)).encode());
        api = new RunningApi(Map.of("api.jwks-file", keySet.toString(), "api.jwt-issuer", "https://id.example"));
        tenant = api.tenant("acme", "acme");
    }

    @AfterAll
    static void stop() {
        api.close();
    }

    private static JsonObject keyPair() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(2048);
            KeyPair pair = generator.generateKeyPair();
            RSAPrivateCrtKey key = (RSAPrivateCrtKey) pair.getPrivate();
            return new JsonObject()
                    .put("kty", "RSA")
                    .put("kid", "one")
                    .put("alg", "RS256")
                    .put("use", "sig")
                    .put("n", text(key.getModulus()))
                    .put("e", text(key.getPublicExponent()))
                    .put("d", text(key.getPrivateExponent()))
                    .put("p", text(key.getPrimeP()))
                    .put("q", text(key.getPrimeQ()))
                    .put("dp", text(key.getPrimeExponentP()))
                    .put("dq", text(key.getPrimeExponentQ()))
                    .put("qi", text(key.getCrtCoefficient()));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String text(BigInteger number) {
        byte[] bytes = number.toByteArray();
        int from = bytes[0] == 0 ? 1 : 0;
        return Base64.getUrlEncoder().withoutPadding().encodeToString(Arrays.copyOfRange(bytes, from, bytes.length));
    }

    private static JsonObject makeUser(String key, String role, String... grants) {
        JsonObject body = new JsonObject()
                .put("name", "u" + System.nanoTime())
                .put("role", role)
                .put("grants", List.of(grants));
        RunningApi.Answered answered = api.post("/v1/users", key, body);
        return answered.status() == 201 ? answered.data() : answered.json();
    }

    @Test
    void aRevokedKeyIsRefusedWithTheNextRequest() {
        String admin = api.key(tenant, "tenant_admin");
        JsonObject made = api.post("/v1/api-keys", admin, new JsonObject().put("name", "short"))
                .data();
        String key = made.getString("key");
        assertThat(api.get(BASE + "/images", key).status()).isEqualTo(200);

        assertThat(api.delete("/v1/api-keys/" + made.getString("id"), admin)
                        .data()
                        .getString("revoked_at"))
                .isNotNull();

        assertThat(api.get(BASE + "/images", key).code()).isEqualTo("AUTH_TOKEN_INVALID");
        assertThat(api.get("/v1/api-keys/" + made.getString("id"), admin).json().encode())
                .doesNotContain(key);
    }

    @Test
    void anExpiredKeyIsRefused() {
        JsonObject made = api.post(
                        "/v1/api-keys",
                        api.superKey,
                        new JsonObject().put("name", "brief").put("expires_in_s", 3600))
                .data();
        assertThat(made.getString("expires_at")).isNotNull();
        api.rows.execute("UPDATE api_keys SET expires_at = now() WHERE name = 'brief'");

        assertThat(api.get(BASE + "/images", made.getString("key")).status()).isEqualTo(401);
    }

    @Test
    void aKeyDoesNotOutliveTheOneItWasMadeWith() {
        JsonObject made = api.post(
                        "/v1/api-keys",
                        api.superKey,
                        new JsonObject().put("name", "mother").put("expires_in_s", 3600))
                .data();
        JsonObject child = api.post("/v1/api-keys", made.getString("key"), new JsonObject().put("name", "child"))
                .data();

        assertThat(child.getString("expires_at")).isEqualTo(made.getString("expires_at"));
    }

    @Test
    void aDisabledUsersKeysAreRefused() {
        String admin = api.key(tenant, "tenant_admin");
        String user = makeUser(admin, "tenant_user").getString("id");
        String key = api.post(
                        "/v1/api-keys", admin, new JsonObject().put("name", "k").put("user_id", user))
                .data()
                .getString("key");
        assertThat(api.get(BASE + "/images", key).status()).isEqualTo(200);

        api.delete("/v1/users/" + user, admin);

        assertThat(api.get(BASE + "/images", key).status()).isEqualTo(401);
    }

    @Test
    void nobodyGivesMoreThanTheyHave() {
        String admin = api.key(tenant, "tenant_admin");
        String helper = api.key(tenant, "tenant_user", "scaibunker:admin");

        assertThat(makeUser(admin, "partner_admin").encode()).contains("AUTHZ_PERMISSION_DENIED");
        assertThat(makeUser(admin, "super_admin").encode()).contains("AUTHZ_PERMISSION_DENIED");
        assertThat(makeUser(admin, "tenant_user", "scaibunker:admin:platform").encode())
                .contains("AUTHZ_PERMISSION_DENIED");
        assertThat(makeUser(helper, "tenant_admin").encode()).contains("AUTHZ_PERMISSION_DENIED");
        assertThat(makeUser(helper, "tenant_user", "scaibunker:root").encode()).contains("AUTHZ_PERMISSION_DENIED");
        assertThat(makeUser(helper, "tenant_user").getString("id")).startsWith("usr_");
    }

    @Test
    void nobodyTakesAKeyOfSomeoneWhoMayMore() {
        String admin = api.key(tenant, "tenant_admin");
        JsonObject mighty = api.post(
                        "/v1/users",
                        api.superKey,
                        new JsonObject()
                                .put("name", "mighty")
                                .put("role", "super_admin")
                                .put("tenant_id", tenant))
                .data();
        JsonObject wish = new JsonObject().put("name", "stolen").put("user_id", mighty.getString("id"));

        assertThat(api.post("/v1/api-keys", admin, wish).code()).isEqualTo("AUTHZ_PERMISSION_DENIED");
        assertThat(api.delete("/v1/users/" + mighty.getString("id"), admin).code())
                .isEqualTo("AUTHZ_PERMISSION_DENIED");
        String key = api.post("/v1/api-keys", api.superKey, wish).data().getString("id");
        assertThat(api.delete("/v1/api-keys/" + key, admin).code()).isEqualTo("AUTHZ_PERMISSION_DENIED");
        String plain = api.key(tenant, "tenant_user");
        assertThat(api.post("/v1/api-keys", plain, wish).status()).isEqualTo(403);
        assertThat(api.get("/v1/api-keys/" + key, plain).status()).isEqualTo(404);
    }

    @Test
    void ofTwoNodesThatStartAtOnceOneMakesTheFirstKey() throws IOException {
        try (RunningApi fresh = new RunningApi()) {
            fresh.rows.execute("TRUNCATE partners CASCADE");
            Path file = home.resolve("keys/first");
            List<Optional<Secret>> made = RunningApi.get(
                    Future.all(FirstKey.ensure(fresh.database, file), FirstKey.ensure(fresh.database, file))
                            .map(both -> both.<Optional<Secret>>list()));

            assertThat(made.stream().filter(Optional::isPresent)).hasSize(1);
            String key = made.stream()
                    .flatMap(Optional::stream)
                    .findFirst()
                    .orElseThrow()
                    .reveal();
            assertThat(Files.readString(file).strip()).isEqualTo(key);
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                    .isEqualTo("rw-------");
            assertThat(fresh.get("/v1/users", key).json().getJsonArray("data")).hasSize(1);
            assertThat(RunningApi.get(FirstKey.ensure(fresh.database, file))).isEmpty();
        }
    }

    private static String token(JsonObject claims, JWTOptions options) {
        JWTAuth signer = JWTAuth.create(api.vertx, new JWTAuthOptions().addJwk(KEY_PAIR));
        return signer.generateToken(claims.copy(), options.setAlgorithm("RS256"));
    }

    private static JWTOptions valid() {
        return new JWTOptions().setIssuer("https://id.example").setExpiresInSeconds(600);
    }

    @Test
    void aWebTokenNamesAUser() {
        String admin = api.key(tenant, "tenant_admin");
        String user = makeUser(admin, "tenant_user").getString("id");
        JsonObject claims = new JsonObject().put("sub", user);

        assertThat(api.get(BASE + "/images", token(claims, valid())).status()).isEqualTo(200);
        assertThat(api.get("/v1/users", token(claims, valid())).status()).isEqualTo(403);
        assertThat(api.get(BASE + "/images", token(claims, valid().setIssuer("https://evil.example")))
                        .status())
                .isEqualTo(401);
        assertThat(api.get(BASE + "/images", token(claims, new JWTOptions().setIssuer("https://id.example")))
                        .status())
                .isEqualTo(401);
        assertThat(api.get(BASE + "/images", token(claims, valid().setExpiresInSeconds(-60)))
                        .status())
                .isEqualTo(401);
        assertThat(api.get(BASE + "/images", token(new JsonObject().put("sub", "root"), valid()))
                        .status())
                .isEqualTo(401);
    }

    @Test
    void aForgedWebTokenIsRefused() {
        String user = makeUser(api.superKey, "super_admin").getString("id");
        JsonObject claims = new JsonObject()
                .put("sub", user)
                .put("iss", "https://id.example")
                .put("exp", System.currentTimeMillis() / 1000 + 600);
        String unsigned = part(new JsonObject().put("alg", "none")) + "." + part(claims) + ".";
        String signedByItself = JWTAuth.create(api.vertx, new JWTAuthOptions().addJwk(keyPair()))
                .generateToken(claims, new JWTOptions().setAlgorithm("RS256"));

        assertThat(api.get(BASE + "/images", unsigned).code()).isEqualTo("AUTH_TOKEN_INVALID");
        assertThat(api.get(BASE + "/images", signedByItself).code()).isEqualTo("AUTH_TOKEN_INVALID");
        assertThat(api.get(BASE + "/images", "a.b.c").code()).isEqualTo("AUTH_TOKEN_INVALID");
    }

    private static String part(JsonObject json) {
        return Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString(json.toBuffer().getBytes());
    }

    @Test
    void aRegistryCredentialIsSealedAndNeverShown() {
        String admin = api.key(tenant, "tenant_admin");
        String path = BASE + "/registry-credentials";
        RunningApi.Answered put = api.call(
                "PUT",
                path + "/registry.example:5000",
                admin,
                Optional.of(new JsonObject()
                        .put("username", "robot")
                        .put("password", "hush-hush")
                        .encode()),
                Map.of());

        assertThat(put.status()).as(put.json().encode()).isEqualTo(200);
        assertThat(api.get(path, admin).json().encode())
                .contains("registry.example:5000")
                .doesNotContain("hush");
        assertThat(api.rows
                        .rows("SELECT host, encode(sealed, 'escape') AS s FROM registry_credentials")
                        .toString())
                .doesNotContain("hush");
        assertThat(RunningApi.get(RegistryCredentials.open(
                                api.database.client(), api.box, TenantId.parse(tenant), "registry.example:5000"))
                        .orElseThrow()
                        .password())
                .contains("hush-hush");
        assertThat(api.delete(path + "/registry.example:5000", admin).status()).isEqualTo(200);
        assertThat(api.delete(path + "/registry.example:5000", admin).code()).isEqualTo("CREDENTIAL_NOT_FOUND");
    }

    @Test
    void theTypedClientGetsWhatHttpGets() {
        ScaiBunkerClient client = new ScaiBunkerClient(api.vertx, new Secret(api.superKey), Duration.ofSeconds(10));
        JsonObject image = RunningApi.get(client.registerImage(RunningApi.image("typed")));

        JsonObject overHttp = api.get(BASE + "/images/typed", api.superKey).data();
        assertThat(RunningApi.get(client.image("typed"))).isEqualTo(overHttp);
        assertThat(overHttp.getString("id")).isEqualTo(image.getString("id"));
        Assertions.assertThatThrownBy(() -> RunningApi.get(client.image("nothing")))
                .isInstanceOfSatisfying(
                        PlatformException.class,
                        failure -> assertThat(failure.code()).isEqualTo(ErrorCode.IMAGE_NOT_FOUND));
        Assertions.assertThatThrownBy(() -> RunningApi.get(client.registerImage(new JsonObject())))
                .isInstanceOfSatisfying(
                        PlatformException.class,
                        failure -> assertThat(failure.details()).hasSize(3));
    }
}
