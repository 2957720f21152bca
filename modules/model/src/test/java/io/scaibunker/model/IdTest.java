package io.scaibunker.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class IdTest {
    private static final String DIGITS = "0199b0c1d2e37456889abcdef0123456";
    private static final UUID VALUE = UUID.fromString("0199b0c1-d2e3-7456-889a-bcdef0123456");

    record Type(String prefix, Function<UUID, Id> of, Function<String, Id> parse) {
        @Override
        public String toString() {
            return prefix;
        }
    }

    static Stream<Type> types() {
        return Stream.of(
                new Type("img_", ImageId::new, ImageId::parse),
                new Type("grp_", GroupId::new, GroupId::parse),
                new Type("wrk_", WorkerId::new, WorkerId::parse),
                new Type("bnk_", BunkerId::new, BunkerId::parse),
                new Type("prt_", PartnerId::new, PartnerId::parse),
                new Type("ten_", TenantId::new, TenantId::parse),
                new Type("usr_", UserId::new, UserId::parse),
                new Type("key_", KeyId::new, KeyId::parse),
                new Type("quo_", QuotaId::new, QuotaId::parse),
                new Type("snp_", SnapshotId::new, SnapshotId::parse),
                new Type("inc_", IncarnationId::new, IncarnationId::parse));
    }

    @Test
    void everyKindOfIdIsTriedHere() {
        var kinds = types().map(type -> type.of().apply(VALUE).getClass().getName());
        assertThat(kinds)
                .containsExactlyInAnyOrderElementsOf(Arrays.stream(Id.class.getPermittedSubclasses())
                        .map(Class::getName)
                        .toList());
    }

    @ParameterizedTest
    @MethodSource("types")
    void anIdIsReadAsItIsPrinted(Type type) {
        Id id = type.of().apply(VALUE);
        assertThat(id).hasToString(type.prefix() + DIGITS);
        assertThat(type.parse().apply(type.prefix() + DIGITS)).isEqualTo(id);
    }

    @ParameterizedTest
    @MethodSource("types")
    void anotherKindsIdIsRefused(Type type) {
        String other = (type.prefix().equals("img_") ? "wrk_" : "img_") + DIGITS;
        assertThatIllegalArgumentException()
                .isThrownBy(() -> type.parse().apply(other))
                .withMessage("value: " + other + " (expected: " + type.prefix() + " and 32 hexadecimal digits)");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "img_",
                "img",
                DIGITS,
                "IMG_" + DIGITS,
                "img_" + DIGITS + "0",
                "img_0199b0c1d2e37456889abcdef012345",
                "img_0199b0c1d2e37456889abcdef012345g",
                "img_+199b0c1d2e37456889abcdef0123456",
                "img_0199b0c1d2e37456+89abcdef0123456",
                "img_-199b0c1d2e37456889abcdef0123456",
                "img_0199b0c1-d2e3-7456-889a-bcdef012",
                " img_" + DIGITS,
                "img_" + "\u0661" + "199b0c1d2e37456889abcdef012345",
            })
    void whatIsNoIdIsRefusedByNamingItAndWhatIsAllowed(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ImageId.parse(text))
                .withMessage("value: " + text + " (expected: img_ and 32 hexadecimal digits)");
    }

    @Test
    void aLongTextIsNotRepeatedWhole() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ImageId.parse("x".repeat(100_000)))
                .satisfies(thrown -> assertThat(thrown.getMessage()).hasSizeLessThan(150));
    }

    @Test
    void aFreshIdIsOfVersionSevenAndTellsItsBirth() {
        long before = Instant.now().toEpochMilli();
        UUID fresh = Id.freshUuid();
        long after = Instant.now().toEpochMilli();
        assertThat(fresh.version()).isEqualTo(7);
        assertThat(fresh.variant()).isEqualTo(2);
        assertThat(fresh.getMostSignificantBits() >>> 16).isBetween(before, after);
    }

    @Test
    void idsOfLaterMillisecondsSortBehind() {
        List<UUID> firstOfEachMillisecond = new ArrayList<>();
        long last = 0;
        while (firstOfEachMillisecond.size() < 5) {
            UUID fresh = Id.freshUuid();
            long born = fresh.getMostSignificantBits() >>> 16;
            if (born != last) {
                firstOfEachMillisecond.add(fresh);
                last = born;
            }
        }
        assertThat(firstOfEachMillisecond.stream().map(UUID::toString)).isSorted();
    }

    @Test
    void idsOfOneMillisecondDiffer() {
        assertThat(Stream.generate(Id::freshUuid).limit(10_000)).doesNotHaveDuplicates();
    }

    @Test
    void everyRandomBitIsUsed() {
        long highSet = 0;
        long lowSet = 0;
        long highClear = 0;
        long lowClear = 0;
        for (int i = 0; i < 200; i++) {
            UUID fresh = Id.freshUuid();
            highSet |= fresh.getMostSignificantBits();
            lowSet |= fresh.getLeastSignificantBits();
            highClear |= ~fresh.getMostSignificantBits();
            lowClear |= ~fresh.getLeastSignificantBits();
        }
        assertThat(highSet & highClear & 0xfffL).isEqualTo(0xfffL);
        assertThat(lowSet & lowClear).isEqualTo(0x3fffffffffffffffL);
    }
}
