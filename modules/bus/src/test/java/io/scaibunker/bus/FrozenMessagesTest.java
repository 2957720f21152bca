package io.scaibunker.bus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.scaibunker.model.BuildSource;
import io.scaibunker.model.CacheStatus;
import io.scaibunker.model.Digest;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.IncarnationId;
import io.scaibunker.model.WorkerId;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What nodes of this version and of earlier ones say to each other: {@code messages.json} grows and never changes. */
class FrozenMessagesTest {
    private static final JsonNode SAMPLES = samples();
    private static final BusCodec CODEC = new BusCodec();

    record Sample(Class<?> type, JsonNode json) {
        @Override
        public String toString() {
            return type.getSimpleName();
        }
    }

    static Stream<Sample> all() {
        var all = new ArrayList<Sample>();
        BusCodec.types().forEach((name, type) -> SAMPLES.path(name).forEach(json -> all.add(new Sample(type, json))));
        return all.stream();
    }

    @Test
    void everyMessageHasASampleAndEverySampleIsAMessage() {
        var sampled = new ArrayList<String>();
        SAMPLES.fieldNames().forEachRemaining(sampled::add);
        assertThat(sampled).containsExactlyInAnyOrderElementsOf(BusCodec.types().keySet());
        assertThat(SAMPLES).allSatisfy(samples -> assertThat(samples).isNotEmpty());
    }

    @ParameterizedTest
    @MethodSource("all")
    void whatWasSaidOnceIsReadAndSaidAgainTheSame(Sample sample) throws IOException {
        Object read = BusJson.MAPPER.treeToValue(sample.json(), sample.type());
        assertThat(BusJson.MAPPER.readTree(BusJson.MAPPER.writeValueAsString(read)))
                .isEqualTo(sample.json());
    }

    @ParameterizedTest
    @MethodSource("all")
    void theWireGivesBackWhatItTook(Sample sample) throws IOException {
        var message = (BusMessage) BusJson.MAPPER.treeToValue(sample.json(), sample.type());
        Buffer wire = Buffer.buffer("before");
        CODEC.encodeToWire(wire, message);
        assertThat(CODEC.decodeFromWire("before".length(), wire.appendString("behind")))
                .isEqualTo(message);
    }

    @ParameterizedTest
    @MethodSource("all")
    void whatANewerNodeAddsIsPassedOver(Sample sample) throws IOException {
        ObjectNode newer = sample.json().deepCopy();
        newer.putObject("addedLater").put("some", "thing");
        assertThat(BusJson.MAPPER.treeToValue(newer, sample.type()))
                .isEqualTo(BusJson.MAPPER.treeToValue(sample.json(), sample.type()));
    }

    @Test
    void aMessageOverTheCapIsNotWritten() {
        var trouble = new Answer.Trouble(ErrorCode.INTERNAL, "x".repeat(BusCodec.BYTES_MAX), List.of(), 0);
        assertThatThrownBy(() -> CODEC.encodeToWire(Buffer.buffer(), trouble))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("Trouble is ")
                .hasMessageContaining("(expected: at most 65536)");
    }

    @Test
    void aReportOfTheMostLayersPassesAndSaysHowManyItLeavesOut() {
        var digest = new Digest("sha256:" + "f".repeat(64));
        var longest = new Question.LaidSegment(digest, Long.MAX_VALUE, Long.MAX_VALUE, false);
        var layout = Question.Layout.of(Collections.nCopies(Question.Layout.SEGMENTS_MAX + 7, longest));
        assertThat(layout.more()).isEqualTo(7);
        var most = new Question.CopyReported(
                WorkerId.fresh(),
                IncarnationId.fresh(),
                ImageId.fresh(),
                Long.MAX_VALUE,
                CacheStatus.READY,
                null,
                new Question.Copy(digest, Long.MAX_VALUE, Long.MAX_VALUE, Long.MAX_VALUE, digest, "x".repeat(1000)),
                null,
                layout);
        Buffer wire = Buffer.buffer();
        CODEC.encodeToWire(wire, most);
        assertThat(CODEC.decodeFromWire(0, wire)).isEqualTo(most);
    }

    @Test
    void aMessageAtTheCapPasses() throws JsonProcessingException {
        int beside = BusJson.MAPPER.writeValueAsBytes(new Answer.Trouble(ErrorCode.INTERNAL, "", List.of(), 0)).length;
        var most = new Answer.Trouble(ErrorCode.INTERNAL, "x".repeat(BusCodec.BYTES_MAX - beside), List.of(), 0);
        Buffer wire = Buffer.buffer();
        CODEC.encodeToWire(wire, most);
        assertThat(CODEC.decodeFromWire(0, wire)).isEqualTo(most);
    }

    @Test
    void whatIsNoMessageIsRefused() {
        assertThatThrownBy(() -> CODEC.decodeFromWire(0, wire("Nothing", "{}", 2)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("Nothing");
        assertThatThrownBy(() -> CODEC.decodeFromWire(0, wire("ReportTaken", "{}", Integer.MAX_VALUE)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("ReportTaken");
        assertThatThrownBy(() -> CODEC.decodeFromWire(0, wire("ScanAsked", "{\"imageId\":\"img_1\"}", 19)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("ScanAsked");
    }

    @Test
    void aCredentialIsNeverPrinted() {
        var given = new Answer.CredentialGiven(new Answer.RegistryCredential("ada", "pass-1", "token-1"));
        assertThat(given.toString()).doesNotContain("pass-1").doesNotContain("token-1");
    }

    @Test
    void aPageOfTheLongestAsciiSourcesIsUnderTheCap() {
        var copies = Stream.generate(() -> new Answer.WantedCopy(
                        ImageId.fresh(),
                        1,
                        CacheStatus.PENDING,
                        true,
                        new BuildSource.Tar("/" + "x".repeat(BuildSource.LENGTH_MAX - 1)),
                        8,
                        null,
                        null,
                        false))
                .limit(9)
                .toList();
        Buffer wire = Buffer.buffer();
        CODEC.encodeToWire(
                wire, new Answer.WantedCopies(copies, copies.getLast().imageId()));
        assertThat(wire.length()).isLessThan(BusCodec.BYTES_MAX);
    }

    private static Buffer wire(String name, String json, int length) {
        return Buffer.buffer()
                .appendByte((byte) name.length())
                .appendString(name)
                .appendInt(length)
                .appendString(json);
    }

    private static JsonNode samples() {
        try (var file = FrozenMessagesTest.class.getResourceAsStream("/messages.json")) {
            return BusJson.MAPPER.readTree(file);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
