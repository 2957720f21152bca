package io.scaibunker.guest;

import com.github.luben.zstd.ZstdInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.compressors.lz4.BlockLZ4CompressorInputStream;
import org.tukaani.xz.XZInputStream;

/**
 * The kernel proper out of a bzImage: its header says where the packed one lies (the boot protocol of x86, from version 2.08 on).
 * Monitors without firmware want it like that.
 */
public final class KernelElf {
    private static final int SETUP_SECTORS = 0x1f1;
    private static final int MAGIC = 0x202;
    private static final int VERSION = 0x206;
    private static final int PAYLOAD_OFFSET = 0x248;
    private static final int PAYLOAD_LENGTH = 0x24c;
    private static final int SECTOR = 512;
    private static final int HEADER = 0x53726448;
    private static final int ELF = 0x464c457f;
    private static final int LZ4 = 0x184c2102;
    private static final int ZSTD = 0xfd2fb528;
    private static final int XZ = 0x587a37fd;
    private static final int GZIP = 0x8b1f;
    private static final int UNPACKED_MAX = 256 << 20;

    private KernelElf() {}

    /** Writes beside and renames. One that is no bzImage but the kernel proper already is copied. */
    public static void write(Path image, Path target) throws IOException {
        var bytes = ByteBuffer.wrap(Files.readAllBytes(image)).order(ByteOrder.LITTLE_ENDIAN);
        var beside = target.resolveSibling(target.getFileName() + ".part");
        try {
            try (var out = Files.newOutputStream(beside)) {
                if (bytes.remaining() > 4 && bytes.getInt(0) == ELF) {
                    out.write(bytes.array());
                } else {
                    unpack(payload(image, bytes), out);
                }
            }
            requireElf(image, beside);
            Files.move(beside, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(beside);
        }
    }

    private static void requireElf(Path image, Path unpacked) throws IOException {
        try (var in = Files.newInputStream(unpacked)) {
            var first = ByteBuffer.wrap(in.readNBytes(4)).order(ByteOrder.LITTLE_ENDIAN);
            if (first.remaining() < 4 || first.getInt() != ELF) {
                throw new IOException("what is packed in " + image + " is no kernel");
            }
        }
    }

    private static ByteBuffer payload(Path image, ByteBuffer bytes) throws IOException {
        if (bytes.remaining() < SECTOR * 2 || bytes.getInt(MAGIC) != HEADER || bytes.getShort(VERSION) < 0x208) {
            throw new IOException(image + " is no bzImage");
        }
        var sectors = Byte.toUnsignedInt(bytes.get(SETUP_SECTORS));
        var offset = (sectors + 1L) * SECTOR + Integer.toUnsignedLong(bytes.getInt(PAYLOAD_OFFSET));
        var length = Integer.toUnsignedLong(bytes.getInt(PAYLOAD_LENGTH));
        if (length < 8 || offset + length > bytes.remaining()) {
            throw new IOException(image + " is cut");
        }
        return bytes.slice((int) offset, (int) length).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static void unpack(ByteBuffer packed, OutputStream out) throws IOException {
        switch (packed.getInt(0)) {
            case LZ4 -> unpackLz4(packed.position(4), out);
            case ZSTD -> copy(new ZstdInputStream(stream(withoutSize(packed))), out);
            case XZ -> copy(new XZInputStream(stream(withoutSize(packed))), out);
            default -> {
                if (Short.toUnsignedInt(packed.getShort(0)) != GZIP) {
                    throw new IOException("a kernel packed in a way that is not known");
                }
                copy(new GZIPInputStream(stream(packed)), out);
            }
        }
    }

    /** Where the form itself does not say it, four bytes behind it do. */
    private static ByteBuffer withoutSize(ByteBuffer packed) {
        return packed.slice(0, packed.limit() - 4);
    }

    /** The old form of LZ4: blocks, each behind its length, and behind the last one the length of all. */
    private static void unpackLz4(ByteBuffer packed, OutputStream out) throws IOException {
        while (packed.remaining() > 4) {
            var length = packed.getInt();
            if (length <= 0 || length > packed.remaining()) {
                throw new IOException("a packed kernel is broken");
            }
            copy(new BlockLZ4CompressorInputStream(stream(packed.slice(packed.position(), length))), out);
            packed.position(packed.position() + length);
        }
    }

    private static void copy(InputStream in, OutputStream out) throws IOException {
        try (in) {
            var rest = (long) UNPACKED_MAX;
            var bytes = new byte[1 << 16];
            for (var got = in.read(bytes); got >= 0; got = in.read(bytes)) {
                rest -= got;
                if (rest < 0) {
                    throw new IOException("a kernel of more than " + UNPACKED_MAX + " bytes");
                }
                out.write(bytes, 0, got);
            }
        }
    }

    private static InputStream stream(ByteBuffer bytes) {
        return new ByteArrayInputStream(bytes.array(), bytes.arrayOffset() + bytes.position(), bytes.remaining());
    }
}
