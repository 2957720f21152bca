package io.scaibunker.ext4;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.UUID;

/** The half MD4 hash by which large directories are indexed; bytes of names count as signed. Not for several threads. */
final class NameHash {
    private static final int PART = 32;
    private static final int SECOND = 0x5A827999;
    private static final int THIRD = 0x6ED9EBA1;
    private static final int[][] ORDERS = {{0, 1, 2, 3, 4, 5, 6, 7}, {1, 3, 5, 7, 0, 2, 4, 6}, {3, 7, 2, 6, 1, 5, 0, 4}
    };
    private static final int[][] SHIFTS = {{3, 7, 11, 19}, {3, 5, 9, 13}, {3, 9, 11, 15}};
    /** Stands for the end of a directory and is therefore no hash of a name. */
    private static final int END = 0xfffffffe;

    private final int[] seed = new int[4];
    private final int[] state = new int[4];
    private final int[] words = new int[8];

    NameHash(UUID hashSeed) {
        var bytes = new byte[16];
        ByteBuffer.wrap(bytes).putLong(hashSeed.getMostSignificantBits()).putLong(hashSeed.getLeastSignificantBits());
        Ext4.view(bytes).asIntBuffer().get(seed);
    }

    /** An unsigned, even number. */
    int of(byte[] name) {
        System.arraycopy(seed, 0, state, 0, 4);
        for (var start = 0; start < name.length; start += PART) {
            fill(name, start);
            transform();
        }
        var hash = state[1] & ~1;
        return hash == END ? END - 2 : hash;
    }

    private void fill(byte[] name, int start) {
        var length = name.length - start;
        var pad = length | length << 8;
        pad |= pad << 16;
        Arrays.fill(words, pad);
        var value = pad;
        var taken = Math.min(length, PART);
        for (var index = 0; index < taken; index++) {
            value = name[start + index] + (value << 8);
            if (index % 4 == 3) {
                words[index / 4] = value;
                value = pad;
            }
        }
        if (taken % 4 != 0) {
            words[taken / 4] = value;
        }
    }

    private void transform() {
        var a = state[0];
        var b = state[1];
        var c = state[2];
        var d = state[3];
        for (var round = 0; round < 3; round++) {
            for (var step = 0; step < 8; step++) {
                var mixed = Integer.rotateLeft(
                        a + mix(round, b, c, d) + words[ORDERS[round][step]], SHIFTS[round][step % 4]);
                a = d;
                d = c;
                c = b;
                b = mixed;
            }
        }
        state[0] += a;
        state[1] += b;
        state[2] += c;
        state[3] += d;
    }

    private static int mix(int round, int x, int y, int z) {
        return switch (round) {
            case 0 -> z ^ (x & (y ^ z));
            case 1 -> (x & y) + ((x ^ y) & z) + SECOND;
            default -> (x ^ y ^ z) + THIRD;
        };
    }
}
