package io.scaibunker.layers;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdIOException;
import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import io.scaibunker.layers.LayerException.Reason;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.util.zip.ZipException;
import org.tukaani.xz.MemoryLimitException;
import org.tukaani.xz.UnsupportedOptionsException;
import org.tukaani.xz.XZIOException;
import org.tukaani.xz.XZInputStream;

/**
 * A layer's stored bytes without their compression, which is told from the first bytes: media types are claims. What the
 * decoders find wrong becomes a {@link LayerException}; trouble in reading the source passes as it is.
 */
final class Decompression extends FilterInputStream {
    private static final int SNIFFED = 6;
    /** What a decoder may take for its window; 128 MiB is what the zstd and xz tools take by default. */
    private static final int WINDOW_KIB = 128 << 10;

    private Decompression(InputStream decoder) {
        super(decoder);
    }

    static InputStream open(InputStream stored) throws IOException {
        var source = new PushbackInputStream(stored, SNIFFED);
        var head = source.readNBytes(SNIFFED);
        source.unread(head);
        try {
            if (startsWith(head, 0x1f, 0x8b)) {
                return new Decompression(new GzipMembers(source));
            }
            if (startsWith(head, 0x28, 0xb5, 0x2f, 0xfd) || isSkippableFrame(head)) {
                return new Decompression(new ZstdInputStreamNoFinalizer(source));
            }
            if (startsWith(head, 0xfd, '7', 'z', 'X', 'Z', 0)) {
                return new Decompression(new XZInputStream(source, WINDOW_KIB));
            }
        } catch (IOException problem) {
            throw typed(problem);
        }
        return source;
    }

    private static boolean startsWith(byte[] head, int... magic) {
        if (head.length < magic.length) {
            return false;
        }
        for (var index = 0; index < magic.length; index++) {
            if ((head[index] & 0xff) != magic[index]) {
                return false;
            }
        }
        return true;
    }

    /** Zstd data may begin with a frame that holds something else, such as a table of contents. */
    private static boolean isSkippableFrame(byte[] head) {
        return head.length >= 4 && (head[0] & 0xf0) == 0x50 && head[1] == 0x2a && head[2] == 0x4d && head[3] == 0x18;
    }

    @Override
    public int read() throws IOException {
        try {
            return in.read();
        } catch (IOException problem) {
            throw typed(problem);
        }
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        try {
            return in.read(target, offset, length);
        } catch (IOException problem) {
            throw typed(problem);
        }
    }

    @Override
    public long skip(long count) throws IOException {
        try {
            return in.skip(count);
        } catch (IOException problem) {
            throw typed(problem);
        }
    }

    private static IOException typed(IOException problem) {
        return switch (problem) {
            case MemoryLimitException limit ->
                new LayerException(Reason.TOO_LARGE, "xz needs more than 128 MiB to decode", limit);
            case UnsupportedOptionsException options ->
                new LayerException(Reason.UNSUPPORTED, "xz: " + options.getMessage(), options);
            case XZIOException xz -> new LayerException(Reason.CORRUPT, "xz stream is broken", xz);
            case ZstdIOException zstd -> typed(zstd);
            case ZipException gzip -> new LayerException(Reason.CORRUPT, String.valueOf(gzip.getMessage()), gzip);
            case EOFException end -> new LayerException(Reason.CORRUPT, "compressed stream ends early", end);
            default -> problem;
        };
    }

    private static LayerException typed(ZstdIOException problem) {
        if (problem.getErrorCode() == Zstd.errDictionaryWrong()) {
            return new LayerException(Reason.UNSUPPORTED, "zstd stream asks for a dictionary", problem);
        }
        if (problem.getErrorCode() == Zstd.errFrameParameterWindowTooLarge()) {
            return new LayerException(Reason.TOO_LARGE, "zstd needs more than 128 MiB to decode", problem);
        }
        return new LayerException(Reason.CORRUPT, "zstd: " + problem.getMessage(), problem);
    }
}
