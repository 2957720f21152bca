package io.scaibunker.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WordsTest {
    private static final String HEX = "0123456789abcdef".repeat(4);

    @Test
    void aWordIsReadAsItIsSpoken() {
        assertThat(CachePhase.WAITING_FOR_PEER.word()).isEqualTo("waiting_for_peer");
        assertThat(Word.parse(CachePhase.class, "waiting_for_peer")).isEqualTo(CachePhase.WAITING_FOR_PEER);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "PENDING", "pending ", "asleep"})
    void anUnknownWordIsRefusedByNamingItAndWhatIsAllowed(String word) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Word.parse(ScanStatus.class, word))
                .withMessage("value: " + word + " (expected one of: pending, passed, failed, skipped)");
    }

    @Test
    void aDigestIsReadAsItIsPrinted() {
        Digest digest = Digest.parse("sha256:" + HEX);
        assertThat(digest).hasToString("sha256:" + HEX);
        assertThat(digest.hex()).isEqualTo(HEX);
        assertThat(digest).isLessThan(new Digest("sha256:" + "f".repeat(64)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "sha256:", "sha512:" + "0", "sha256:0123", "sha256:../../../etc/passwd"})
    void whatIsNoDigestIsRefusedByNamingItAndWhatIsAllowed(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Digest.parse(text))
                .withMessage("value: " + text + " (expected: sha256: and 64 lower-case hexadecimal digits)");
    }

    @Test
    void aDigestHasOneSpelling() {
        assertThatIllegalArgumentException().isThrownBy(() -> Digest.parse("sha256:" + HEX.toUpperCase()));
        assertThatIllegalArgumentException().isThrownBy(() -> Digest.parse("sha256:" + HEX + "\n"));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Digest.parse("x".repeat(100_000)))
                .satisfies(thrown -> assertThat(thrown.getMessage()).hasSizeLessThan(200));
    }

    @Test
    void roomHoldsWhatIsNoLargerInAnyPart() {
        Room room = new Room(1000, 512, 2048);
        assertThat(room.holds(room)).isTrue();
        assertThat(room.holds(Room.NONE)).isTrue();
        assertThat(room.holds(new Room(1001, 512, 2048))).isFalse();
        assertThat(room.holds(new Room(1000, 513, 2048))).isFalse();
        assertThat(room.holds(new Room(1000, 512, 2049))).isFalse();
    }

    @Test
    void roomLessThanWhatIsTakenIsNone() {
        assertThat(new Room(1000, 512, 2048).minus(new Room(400, 600, 2048))).isEqualTo(new Room(600, 0, 0));
    }

    @Test
    void roomBelowNothingIsRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Room(-1, 0, 0))
                .withMessageContaining("-1/0/0");
        assertThatIllegalArgumentException().isThrownBy(() -> new Room(0, -1, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> new Room(0, 0, -1));
    }

    @Test
    void everyCodeAnswersAsTheContractSays() {
        var byStatus = Arrays.stream(ErrorCode.values())
                .collect(Collectors.groupingBy(
                        code -> code.kind().httpStatus(), Collectors.mapping(ErrorCode::name, Collectors.toList())));
        assertThat(byStatus.get(401)).containsExactly("AUTH_TOKEN_MISSING", "AUTH_TOKEN_INVALID");
        assertThat(byStatus.get(403))
                .containsExactly(
                        "AUTHZ_PERMISSION_DENIED",
                        "LIFECYCLE_MODE_DENIED",
                        "NETWORK_PROFILE_DENIED",
                        "FILE_ACCESS_DENIED",
                        "PATH_NOT_ALLOWED");
        assertThat(byStatus.get(404)).allMatch(name -> name.endsWith("_NOT_FOUND"));
        assertThat(byStatus.get(404))
                .contains("IMAGE_NOT_FOUND", "BUNKER_NOT_FOUND", "WORKER_NOT_FOUND", "GROUP_NOT_FOUND");
        assertThat(byStatus.get(409))
                .containsExactly(
                        "IMAGE_DEACTIVATED",
                        "IMAGE_NAME_TAKEN",
                        "NAME_TAKEN",
                        "WRONG_STATE",
                        "IDEMPOTENCY_CONFLICT",
                        "FILE_CONFLICT",
                        "CANCELLED");
        assertThat(byStatus.get(422))
                .containsExactly(
                        "VALIDATION_ERROR",
                        "INTERFACES_NOT_ALLOWED",
                        "TRANSIT_MISSING_INTERFACES",
                        "SIZE_CAP_EXCEEDED");
        assertThat(byStatus.get(429))
                .containsExactly("BUNKER_QUOTA_EXCEEDED", "SNAPSHOT_LIMIT_REACHED", "BUNKER_BUSY", "TOO_MANY_WATCHERS");
        assertThat(byStatus.get(500)).containsExactly("INTERNAL");
        assertThat(byStatus.get(503))
                .containsExactly("NO_SUITABLE_WORKER", "WORKER_UNAVAILABLE", "SERVICE_UNAVAILABLE", "WORKER_DISK_FULL");
        assertThat(byStatus.keySet()).containsExactlyInAnyOrder(401, 403, 404, 409, 422, 429, 500, 502, 503);
    }

    @Test
    void everyCodeOfACacheRowIsThere() {
        assertThat(Arrays.stream(ErrorCode.values()).map(ErrorCode::name))
                .contains(
                        "SOURCE_NOT_FOUND",
                        "SOURCE_AUTH",
                        "SOURCE_RATE_LIMITED",
                        "SOURCE_UNREACHABLE",
                        "SOURCE_CORRUPT",
                        "SOURCE_UNSUPPORTED",
                        "SIZE_CAP_EXCEEDED",
                        "PATH_NOT_ALLOWED",
                        "WORKER_DISK_FULL",
                        "WORKER_LOST",
                        "CANCELLED",
                        "INTERNAL");
    }

    @Test
    void onlyWhatMayPassIsTriedAgain() {
        assertThat(Arrays.stream(ErrorCode.values()).filter(ErrorCode::worthRetrying))
                .containsExactly(
                        ErrorCode.SOURCE_RATE_LIMITED,
                        ErrorCode.SOURCE_UNREACHABLE,
                        ErrorCode.WORKER_DISK_FULL,
                        ErrorCode.WORKER_LOST,
                        ErrorCode.INTERNAL);
    }

    @Test
    void aFailureKeepsItsPartsWhenOthersAreAdded() {
        var cause = new IllegalStateException("cause");
        var details = List.of(new FieldError("a", "b"));
        var failure = new PlatformException(ErrorCode.WORKER_UNAVAILABLE, "no room", cause)
                .retryAfter(Duration.ofSeconds(5))
                .with(details);
        assertThat(failure.code()).isEqualTo(ErrorCode.WORKER_UNAVAILABLE);
        assertThat(failure.text()).isEqualTo("no room");
        assertThat(failure.details()).isEqualTo(details);
        assertThat(failure.retryAfter()).contains(Duration.ofSeconds(5));
        assertThat(failure).hasCause(cause);
        assertThat(PlatformException.invalid(details)).hasMessage("a: b");
        assertThat(PlatformException.unavailable("the database", null).retryAfter())
                .isPresent();
    }

    @Test
    void aSecretIsNeverPrinted() {
        assertThat(new Secret("hidden")).hasToString("***");
    }
}
