package io.scaibunker.ext4;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** A table comes back as it went; anything else is refused, whoever sends it. */
class TableCodecTest {
    private static Pieces pieces(int count) {
        return Pieces.of(Stream.generate(() -> new byte[32]).limit(count).toList());
    }

    private static ImageTable table() {
        var whole = new Segment("sha256:" + "a".repeat(64), 266_240, 8192, pieces(1), List.of());
        var cut = new Segment("", 274_432, 3L * Pieces.BYTES, pieces(3), List.of(new Segment.Cut(4096, 8192)));
        var end = 274_432 + 3L * Pieces.BYTES;
        return new ImageTable(8 << 20, 266_240, pieces(2), List.of(whole, cut), pieces(Pieces.count((8 << 20) - end)));
    }

    @Test
    void comesBackAsItWent() throws Exception {
        var back = ImageTable.decode(table().encoded());
        assertThat(back).isEqualTo(table());
        assertThat(back.digest()).isEqualTo(table().digest());
    }

    @Test
    void anyCutIsRefused() {
        var bytes = table().encoded();
        for (var length = 0; length < bytes.length; length++) {
            var some = Arrays.copyOf(bytes, length);
            assertThatThrownBy(() -> ImageTable.decode(some)).isInstanceOf(IOException.class);
        }
    }

    @Test
    void whatIsChangedIsRefusedOrHasAnotherDigest() throws Exception {
        var random = new Random(7);
        for (var round = 0; round < 20_000; round++) {
            var bytes = table().encoded();
            bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
            try {
                assertThat(ImageTable.decode(bytes).digest()).isNotEqualTo(table().digest());
            } catch (IOException refused) {
                assertThat(refused).isNotNull();
            }
        }
    }
}
