package io.scaibunker.vulns;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** The lines of a text of any size, one at a time; what goes on beyond {@value LONGEST} bytes of a line is left out. */
final class Lines {
    private static final int LONGEST = 8 << 10;

    private final InputStream in;
    private final byte[] line = new byte[LONGEST];

    Lines(InputStream in, long bound) {
        this.in = new BufferedInputStream(new BoundedInput(in, bound), 64 << 10);
    }

    /** The next line without its end; null if there is none. */
    @Nullable
    String next() throws IOException {
        var length = 0;
        var any = false;
        for (var one = in.read(); one >= 0; one = in.read()) {
            any = true;
            if (one == '\n') {
                break;
            }
            if (length < LONGEST) {
                line[length++] = (byte) one;
            }
        }
        if (!any) {
            return null;
        }
        return new String(
                line, 0, length > 0 && line[length - 1] == '\r' ? length - 1 : length, StandardCharsets.UTF_8);
    }
}
