package io.scaibunker.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.scaibunker.guest.Frame.FromGuest;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FrameCodecTest {
    private static ByteBuffer hex(String text) {
        return ByteBuffer.wrap(HexFormat.of().parseHex(text.replace(" ", "")));
    }

    private static String hex(ByteBuffer bytes) {
        return HexFormat.of().formatHex(bytes.array(), bytes.position(), bytes.limit());
    }

    /** Frozen: agents of an older build run in machines that outlive a worker's upgrade. */
    @Test
    void theHostsFramesHaveTheseBytes() {
        assertThat(hex(FrameCodec.encode(new Frame.Hello(1, new byte[16]))))
                .isEqualTo("00000017" + "01" + "00000000" + "0001" + "00".repeat(16));
        assertThat(hex(FrameCodec.encode(
                        new Frame.Exec(7, 262144, true, null, false, List.of("sh", "é"), List.of("A=1"), "/", "ann"))))
                .isEqualTo("0000002c" + "10" + "00000007" + "01" + "00040000" + "0002" + "0002736800" + "0002c3a900"
                        + "0001" + "0003413d3100" + "00012f00" + "0003616e6e00" + "c0ffee5b");
        var terminal = new ExecRequest.Terminal(80, 24);
        assertThat(hex(FrameCodec.encode(
                        new Frame.Exec(7, 1, true, terminal, false, List.of("sh"), List.of(), "", ""))))
                .isEqualTo("00000021" + "10" + "00000007" + "03" + "00000001" + "0001" + "0002736800" + "0000"
                        + "000000" + "000000" + "00500018" + "c0ffee5b");
        assertThat(hex(FrameCodec.encode(new Frame.Exec(7, 1, false, null, true, List.of("get"), List.of(), "", ""))))
                .isEqualTo("0000001e" + "10" + "00000007" + "04" + "00000001" + "0001" + "000367657400" + "0000"
                        + "000000" + "000000" + "c0ffee5b");
        assertThat(hex(FrameCodec.encode(new Frame.Resize(7, terminal))))
                .isEqualTo("00000009" + "15" + "00000007" + "00500018");
        assertThat(hex(FrameCodec.encode(new Frame.Stdin(7, new byte[] {1, 2}))))
                .isEqualTo("00000007" + "11" + "00000007" + "0102");
        assertThat(hex(FrameCodec.encode(new Frame.StdinEnd(7)))).isEqualTo("00000005" + "12" + "00000007");
        assertThat(hex(FrameCodec.encode(new Frame.Credit(7, 65536))))
                .isEqualTo("00000009" + "13" + "00000007" + "00010000");
        assertThat(hex(FrameCodec.encode(new Frame.Signal(7, 9)))).isEqualTo("00000006" + "14" + "00000007" + "09");
        assertThat(hex(FrameCodec.encode(new Frame.PowerOff()))).isEqualTo("00000005" + "03" + "00000000");
    }

    @Test
    void theAgentsFramesAreRead() {
        assertThat(FrameCodec.decode(hex("90 00000007 00000055"))).isEqualTo(new Frame.Started(7, 85));
        assertThat(FrameCodec.decode(hex("91 00000007 03 00000002"))).isEqualTo(new Frame.Failed(7, 3, 2));
        assertThat(FrameCodec.decode(hex("94 00000007 00000010"))).isEqualTo(new Frame.StdinCredit(7, 16));
        assertThat(FrameCodec.decode(hex("95 00000007 01 00000009"))).isEqualTo(new Frame.Ended(7, true, 9));
        assertThat(FrameCodec.decode(hex("93 00000007 61"))).isInstanceOfSatisfying(Frame.Output.class, output -> {
            assertThat(output.stderr()).isTrue();
            assertThat(output.bytes()).containsExactly('a');
        });
    }

    @Test
    void bodiesOfTheWrongLengthAreRefused() {
        for (var wrong : List.of(
                "",
                "90",
                "90 00000007",
                "90 00000007 000000",
                "90 00000007 0000000000",
                "92 00000007",
                "00 00000007",
                "10 00000007",
                "81 00000000",
                "91 00000007 00000000",
                "ff 00000000 00")) {
            assertThatThrownBy(() -> FrameCodec.decode(hex(wrong)))
                    .isInstanceOfSatisfying(
                            GuestException.class,
                            e -> assertThat(e.reason()).isEqualTo(GuestException.Reason.PROTOCOL));
        }
        assertThatThrownBy(() -> FrameCodec.decode(hex("92 00000007" + "00".repeat(Frame.MAX_DATA + 1))))
                .isInstanceOf(GuestException.class);
    }

    @Test
    void anyBytesAreAFrameOrAreRefused() {
        var random = new Random(7);
        var frames = 0;
        for (var i = 0; i < 200_000; i++) {
            var bytes = new byte[random.nextInt(64)];
            random.nextBytes(bytes);
            if (bytes.length > 0 && random.nextBoolean()) {
                bytes[0] = (byte) (0x80 | random.nextInt(0x20));
            }
            frames += isFrame(ByteBuffer.wrap(bytes)) ? 1 : 0;
        }
        assertThat(frames).isPositive();
    }

    private static boolean isFrame(ByteBuffer bytes) {
        try {
            FromGuest frame = FrameCodec.decode(bytes);
            assertThat(bytes.hasRemaining()).as(frame.toString()).isFalse();
            return true;
        } catch (GuestException refused) {
            return false;
        }
    }

    @Test
    void theLargestRequestThatFitsIsEncodedAndOneByteMoreIsNot() {
        var rest = "00000031".length() / 2 + 1 + 4 + 1 + 4 + 2 + 3 + 2 + 3 + 3 + 4;
        var most = 4 + Frame.MAX_LENGTH - rest;
        assertThat(FrameCodec.encode(exec(most)).remaining()).isEqualTo(4 + Frame.MAX_LENGTH);
        assertThatThrownBy(() -> FrameCodec.encode(exec(most + 1))).isInstanceOf(GuestException.class);
        assertThatThrownBy(() -> FrameCodec.encode(exec(1 << 20))).isInstanceOf(GuestException.class);
    }

    private static Frame.Exec exec(int length) {
        return new Frame.Exec(1, 1, false, null, false, List.of("x".repeat(length)), List.of(), "", "");
    }
}
