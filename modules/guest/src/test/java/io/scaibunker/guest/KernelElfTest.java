package io.scaibunker.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.ZstdOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.compressors.lz4.BlockLZ4CompressorOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

class KernelElfTest {
    private static final byte[] SIZE = {1, 2, 3, 4};

    @TempDir
    Path directory;

    private final byte[] kernel = new byte[100_000];

    @BeforeEach
    void lay() {
        new Random(1).nextBytes(kernel);
        System.arraycopy(new byte[] {0x7f, 'E', 'L', 'F'}, 0, kernel, 0, 4);
    }

    private interface Packer {
        OutputStream onto(OutputStream out) throws IOException;
    }

    private byte[] packed(Packer packer, byte[] behind) throws IOException {
        var out = new ByteArrayOutputStream();
        try (var pack = packer.onto(out)) {
            pack.write(kernel);
        }
        out.writeBytes(behind);
        return out.toByteArray();
    }

    /** Two blocks in the old form, and the size behind them. */
    private byte[] lz4() throws IOException {
        var out = new ByteArrayOutputStream();
        out.writeBytes(new byte[] {0x02, 0x21, 0x4c, 0x18});
        for (var from : new int[] {0, kernel.length / 2}) {
            var block = new ByteArrayOutputStream();
            try (var pack = new BlockLZ4CompressorOutputStream(block)) {
                pack.write(kernel, from, kernel.length / 2);
            }
            out.writeBytes(number(block.size()));
            out.writeBytes(block.toByteArray());
        }
        out.writeBytes(SIZE);
        return out.toByteArray();
    }

    private static byte[] number(int value) {
        return ByteBuffer.allocate(4)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(value)
                .array();
    }

    /** A boot sector, one more of setup, and the payload behind some code. */
    private Path image(byte[] payload, int claimed) throws IOException {
        var image = ByteBuffer.allocate(1024 + 100 + payload.length).order(ByteOrder.LITTLE_ENDIAN);
        image.put(0x1f1, (byte) 1)
                .putInt(0x202, 0x53726448)
                .putShort(0x206, (short) 0x20f)
                .putInt(0x248, 100)
                .putInt(0x24c, claimed)
                .put(1124, payload);
        return Files.write(directory.resolve("vmlinuz"), image.array());
    }

    private byte[] unpacked(byte[] payload) throws IOException {
        KernelElf.write(image(payload, payload.length), directory.resolve("vmlinux"));
        return Files.readAllBytes(directory.resolve("vmlinux"));
    }

    @Test
    void whateverPacksItTheKernelComesOut() throws IOException {
        assertThat(unpacked(packed(GZIPOutputStream::new, new byte[0]))).isEqualTo(kernel);
        assertThat(unpacked(packed(out -> new XZOutputStream(out, new LZMA2Options(1)), SIZE)))
                .isEqualTo(kernel);
        assertThat(unpacked(packed(ZstdOutputStream::new, SIZE))).isEqualTo(kernel);
        assertThat(unpacked(lz4())).isEqualTo(kernel);
        assertThat(directory.resolve("vmlinux.part")).doesNotExist();
    }

    @Test
    void oneThatIsNotPackedIsTakenAsItIs() throws IOException {
        var bare = Files.write(directory.resolve("bare"), kernel);
        KernelElf.write(bare, directory.resolve("vmlinux"));
        assertThat(directory.resolve("vmlinux")).hasBinaryContent(kernel);
    }

    @Test
    void whatIsNoneSaysSo() throws IOException {
        assertThatThrownBy(() -> KernelElf.write(image(SIZE, 1 << 30), directory.resolve("vmlinux")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("is cut");
        assertThatThrownBy(() -> unpacked(new byte[100])).hasMessageContaining("not known");
        kernel[0] = 0;
        assertThatThrownBy(() -> unpacked(packed(GZIPOutputStream::new, new byte[0])))
                .hasMessageContaining("is no kernel");
        var tiny = Files.write(directory.resolve("short"), new byte[100]);
        assertThatThrownBy(() -> KernelElf.write(tiny, directory.resolve("vmlinux")))
                .hasMessageContaining("no bzImage");
        assertThat(directory.resolve("vmlinux")).doesNotExist();
    }
}
