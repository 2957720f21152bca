package io.scaibunker.layers;

import static io.scaibunker.layers.TarBuilder.gzip;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MemberInflaterTest {
    private static MemberInflater inflater(boolean native_) {
        assumeTrue(!native_ || IsaL.isHere(), "libisal2 is not installed");
        return native_ ? new IsaL() : new MemberInflater.Jdk();
    }

    /** Gives some bytes at a time only. */
    private static InputStream trickle(byte[] bytes, int most) {
        return new ByteArrayInputStream(bytes) {
            @Override
            public int read(byte[] target, int offset, int length) {
                return super.read(target, offset, Math.min(length, most));
            }
        };
    }

    private static byte[] content(int seed) {
        var random = new Random(seed);
        var bytes = new byte[random.nextInt(seed % 3 == 0 ? 1_000_000 : 3000)];
        if (seed % 2 == 0) {
            random.nextBytes(bytes);
        } else {
            for (var index = 0; index < bytes.length; index++) {
                bytes[index] = (byte) random.nextInt(1 + index % 7);
            }
        }
        return bytes;
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void membersPaddingAndEveryWayToSplitThem(boolean native_) throws IOException {
        for (var seed = 0; seed < 25; seed++) {
            var stored = new ByteArrayOutputStream();
            var plain = new ByteArrayOutputStream();
            for (var member = 0; member < 1 + seed % 4; member++) {
                plain.writeBytes(content(seed + member * 7));
                stored.writeBytes(gzip(content(seed + member * 7)));
                stored.writeBytes(new byte[seed % 5 * member]);
            }
            for (var most : new int[] {1, 2, 7, 1000, 1 << 20}) {
                if (most < 1000 && stored.size() > 5000) {
                    continue;
                }
                try (var in = new GzipMembers(trickle(stored.toByteArray(), most), inflater(native_))) {
                    assertThat(in.readAllBytes())
                            .as("seed %d by %d", seed, most)
                            .isEqualTo(plain.toByteArray());
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatIsBrokenIsRefused(boolean native_) throws IOException {
        var good = gzip(content(3));
        for (var cut : new int[] {good.length - 1, good.length - 8, good.length - 9, good.length / 2, 11}) {
            try (var in = new GzipMembers(trickle(Arrays.copyOf(good, cut), 100_000), inflater(native_))) {
                assertThatThrownBy(in::readAllBytes).isInstanceOf(IOException.class);
            }
        }
        var random = new Random(5);
        for (var round = 0; round < 200; round++) {
            var bad = good.clone();
            bad[10 + random.nextInt(bad.length - 10)] ^= (byte) (1 + random.nextInt(255));
            try (var in = new GzipMembers(trickle(bad, 100_000), inflater(native_))) {
                assertThatThrownBy(in::readAllBytes).isInstanceOf(IOException.class);
            }
        }
    }
}
