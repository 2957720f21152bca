package io.scaibunker.api;

import static io.scaibunker.api.RunningApi.BASE;
import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.api.RunningApi.Answered;
import io.scaibunker.store.IdempotencyKeys;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class IdempotencyTest {
    private static RunningApi api;

    @BeforeAll
    static void start() {
        api = new RunningApi();
    }

    @AfterAll
    static void stop() {
        api.close();
    }

    private static Answered post(String path, String idempotencyKey, JsonObject body) {
        return api.call(
                "POST", path, api.superKey, Optional.of(body.encode()), Map.of("Idempotency-Key", idempotencyKey));
    }

    private static JsonObject withoutMeta(Answered answered) {
        JsonObject json = answered.json().copy();
        json.remove("meta");
        return json;
    }

    @Test
    void askingAgainGivesTheFirstAnswerAgain() {
        Answered first = post(BASE + "/images", "again", RunningApi.image("again"));
        JsonObject sameInAnotherOrder = new JsonObject()
                .put("size_mib", 64)
                .put("build_source", RunningApi.image("again").getJsonObject("build_source"))
                .put("name", "again");
        Answered second = post(BASE + "/images", "again", sameInAnotherOrder);

        assertThat(first.status()).isEqualTo(201);
        assertThat(second.status()).isEqualTo(201);
        assertThat(withoutMeta(second)).isEqualTo(withoutMeta(first));
        assertThat(api.rows.rows("SELECT 1 FROM images WHERE name = 'again'")).hasSize(1);
    }

    @Test
    void aRefusalIsAnAnswerToo() {
        api.register("taken", api.superKey);
        Answered first = post(BASE + "/images", "taken", RunningApi.image("taken"));
        api.delete(BASE + "/images/taken", api.superKey);
        Answered second = post(BASE + "/images", "taken", RunningApi.image("taken"));

        assertThat(first.code()).isEqualTo("IMAGE_NAME_TAKEN");
        assertThat(withoutMeta(second)).isEqualTo(withoutMeta(first));
    }

    @Test
    void anotherBodyOrPathUnderTheSameKeyIsAConflict() {
        post(BASE + "/images", "conflict", RunningApi.image("conflict"));

        assertThat(post(BASE + "/images", "conflict", RunningApi.image("other")).code())
                .isEqualTo("IDEMPOTENCY_CONFLICT");
        assertThat(post(BASE + "/images/conflict/warm", "conflict", new JsonObject())
                        .status())
                .isEqualTo(409);
    }

    @Test
    void anotherUsersKeyIsAnotherKey() {
        String stranger = api.key(api.tenant("stranger", "stranger"), "tenant_admin");
        post(BASE + "/images", "mine", RunningApi.image("mine"));

        assertThat(api.call(
                                "POST",
                                BASE + "/images",
                                stranger,
                                Optional.of(RunningApi.image("yours").encode()),
                                Map.of("Idempotency-Key", "mine"))
                        .status())
                .isEqualTo(201);
    }

    @Test
    void ofManyAtOnceOneIsDoneAndTheOthersLearnIt() {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<CompletableFuture<Answered>> asked = IntStream.range(0, 12)
                    .mapToObj(i -> CompletableFuture.supplyAsync(
                            () -> post(BASE + "/images", "race", RunningApi.image("race")), threads))
                    .toList();
            List<Answered> answers = asked.stream().map(CompletableFuture::join).toList();

            assertThat(answers).allSatisfy(answer -> assertThat(answer.code()).isIn("", "WRONG_STATE"));
            assertThat(answers).anySatisfy(answer -> assertThat(answer.status()).isEqualTo(201));
            assertThat(answers.stream()
                            .filter(answer -> answer.code().equals("WRONG_STATE"))
                            .map(answer -> answer.json().getJsonObject("error").getInteger("retry_after")))
                    .allMatch(pause -> pause >= 1);
        }
        assertThat(post(BASE + "/images", "race", RunningApi.image("race")).status())
                .isEqualTo(201);
        assertThat(api.rows.rows("SELECT 1 FROM images WHERE name = 'race'")).hasSize(1);
    }

    @Test
    void aProcessThatDiedInTheMiddleDoesNotLockTheKeyForEver() {
        post(BASE + "/images", "died", RunningApi.image("died"));
        api.rows.execute("UPDATE idempotency_keys SET answer = NULL, http_status = NULL WHERE key = 'died'");

        assertThat(post(BASE + "/images", "died", RunningApi.image("died")).code())
                .isEqualTo("WRONG_STATE");

        api.rows.execute(
                "UPDATE idempotency_keys SET created_at = created_at - interval '3 minutes' WHERE key = 'died'");
        assertThat(post(BASE + "/images", "died", RunningApi.image("died")).code())
                .isEqualTo("IMAGE_NAME_TAKEN");
    }

    @Test
    void whatTheCallerIsToldToTryAgainIsNotKept() {
        String image = api.register("nobody", api.superKey);
        JsonObject body = new JsonObject().put("image", image);
        Answered first = post(BASE + "/bunkers", "unavailable", body);

        assertThat(first.code()).isEqualTo("SERVICE_UNAVAILABLE");
        assertThat(first.whole().headers().firstValue("Retry-After")).isPresent();
        assertThat(api.rows.rows("SELECT 1 FROM idempotency_keys WHERE key = 'unavailable'"))
                .isEmpty();
    }

    @Test
    void aKeysSecretIsGivenAgainYetStandsNowhereInTheRows() {
        Answered first = post("/v1/api-keys", "secret", new JsonObject().put("name", "secret"));
        Answered second = post("/v1/api-keys", "secret", new JsonObject().put("name", "secret"));

        String secret = first.data().getString("key");
        assertThat(second.data().getString("key")).isEqualTo(secret);
        assertThat(api.rows.rows("SELECT * FROM idempotency_keys").toString()).doesNotContain(secret);
        assertThat(api.rows.rows("SELECT * FROM api_keys").toString()).doesNotContain(secret);
    }

    @Test
    void aKeyOfAnotherFormIsRefused() {
        Answered answered = post(BASE + "/images", "x".repeat(129), RunningApi.image("form"));

        assertThat(answered.status()).isEqualTo(422);
        assertThat(answered.json().encode()).contains("Idempotency-Key");
    }

    @Test
    void keysOlderThanADayAreForgotten() {
        post(BASE + "/images", "old", RunningApi.image("old"));
        api.rows.execute("UPDATE idempotency_keys SET created_at = now() - interval '25 hours' WHERE key = 'old'");

        RunningApi.get(IdempotencyKeys.sweep(api.database.client()));

        assertThat(api.rows.rows("SELECT 1 FROM idempotency_keys WHERE key = 'old'"))
                .isEmpty();
    }
}
