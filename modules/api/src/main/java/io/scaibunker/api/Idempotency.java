package io.scaibunker.api;

import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.PlatformException;
import io.scaibunker.store.Database;
import io.scaibunker.store.IdempotencyKeys;
import io.scaibunker.store.IdempotencyKeys.Asked;
import io.scaibunker.store.IdempotencyKeys.Standing;
import io.scaibunker.store.SecretBox;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives a request that is asked again its first answer. Answers are kept sealed, since one may hold what is shown only
 * once: a key's secret, a command's output.
 */
final class Idempotency {
    private static final Logger LOG = LoggerFactory.getLogger(Idempotency.class);
    private static final Duration LEASE = Duration.ofMinutes(2);

    private final Database database;
    private final SecretBox box;

    Idempotency(Database database, SecretBox box) {
        this.database = database;
        this.box = box;
    }

    /** @param work does the request; called only if nobody has */
    Future<Envelope> once(Request request, String key, Supplier<Future<Envelope>> work) {
        Asked asked = new Asked(request.caller().userId(), key, request.operation(), hash(request));
        return IdempotencyKeys.claim(database.client(), asked, lease(request)).compose(standing -> switch (standing) {
            case Standing.Claimed claim -> work.get().compose(answer -> keep(asked, claim, answer));
            case Standing.Answered before ->
                Future.succeededFuture(
                        Envelope.again(before.status(), open(asked, before.answer()), request.requestId()));
            case Standing.Different different ->
                Future.failedFuture(new PlatformException(
                        ErrorCode.IDEMPOTENCY_CONFLICT, "this Idempotency-Key was used for another request"));
            case Standing.UnderWay underWay ->
                Future.failedFuture(new PlatformException(
                                ErrorCode.WRONG_STATE, "the first request with this Idempotency-Key is under way")
                        .retryAfter(Duration.ofSeconds(1)));
        });
    }

    /** Longer than the request may take: a claim without an answer is void after it. */
    private static Duration lease(Request request) {
        return LEASE.plusSeconds(request.number("timeout_s", 0) + (long) request.number("wait_for_image_s", 0));
    }

    private Future<Envelope> keep(Asked asked, Standing.Claimed claim, Envelope answer) {
        boolean worthIt = answer.status() < 500 && !answer.retryAfter();
        Future<?> kept = worthIt
                ? IdempotencyKeys.keep(database.client(), asked, claim, answer.status(), seal(asked, answer.json()))
                : IdempotencyKeys.giveUp(database.client(), asked, claim);
        // What was done is done: the caller learns it also when the note of it failed.
        return kept.onFailure(thrown -> LOG.warn("the answer to {} could not be kept", asked.operation(), thrown))
                .transform(done -> Future.succeededFuture(answer));
    }

    private String seal(Asked asked, JsonObject answer) {
        byte[] plain = answer.encode().getBytes(StandardCharsets.UTF_8);
        return Base64.getEncoder().encodeToString(box.seal(plain, purpose(asked)));
    }

    private String open(Asked asked, String sealed) {
        return new String(box.open(Base64.getDecoder().decode(sealed), purpose(asked)), StandardCharsets.UTF_8);
    }

    private static String purpose(Asked asked) {
        return "idempotency/" + asked.userId() + "/" + asked.key();
    }

    private static byte[] hash(Request request) {
        String whole = request.operation() + "\n" + new TreeMap<>(request.path()) + "\n"
                + new TreeMap<>(request.query()) + "\n" + Canonical.text(request.body());
        return KeySecret.sha256(whole.getBytes(StandardCharsets.UTF_8));
    }
}
