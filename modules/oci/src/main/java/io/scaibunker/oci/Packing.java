package io.scaibunker.oci;

import com.github.luben.zstd.ZstdInputStream;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;
import org.tukaani.xz.XZInputStream;

/** How a tar is compressed, told by its first bytes. */
enum Packing {
    PLAIN("", new int[0]),
    GZIP("+gzip", new int[] {0x1f, 0x8b}),
    ZSTD("+zstd", new int[] {0x28, 0xb5, 0x2f, 0xfd}),
    XZ("+xz", new int[] {0xfd, '7', 'z', 'X', 'Z', 0});

    private static final int BUFFER = 64 << 10;
    private static final int MOST_XZ_KIB = 128 << 10;

    private final String suffix;
    private final byte[] magic;

    Packing(String suffix, int[] magic) {
        this.suffix = suffix;
        this.magic = new byte[magic.length];
        for (var index = 0; index < magic.length; index++) {
            this.magic[index] = (byte) magic[index];
        }
    }

    static Packing of(byte[] firstBytes) {
        for (var packing : values()) {
            var length = packing.magic.length;
            if (length > 0
                    && firstBytes.length >= length
                    && Arrays.equals(firstBytes, 0, length, packing.magic, 0, length)) {
                return packing;
            }
        }
        return PLAIN;
    }

    /** The media type of such a layer; xz has none of its own in the specification and gets one in the same manner. */
    String mediaType() {
        return MediaTypes.TAR + suffix;
    }

    /** The bytes inside, whichever the packing. Memory is bounded: xz and zstd with absurd windows are refused. */
    static InputStream open(InputStream raw) throws IOException {
        var buffered = new BufferedInputStream(raw, BUFFER);
        buffered.mark(BUFFER);
        var packing = of(buffered.readNBytes(XZ.magic.length));
        buffered.reset();
        return switch (packing) {
            case PLAIN -> buffered;
            case GZIP -> new BufferedInputStream(new GZIPInputStream(buffered, BUFFER), BUFFER);
            case ZSTD -> new BufferedInputStream(new ZstdInputStream(buffered), BUFFER);
            case XZ -> new BufferedInputStream(new XZInputStream(buffered, MOST_XZ_KIB), BUFFER);
        };
    }
}
