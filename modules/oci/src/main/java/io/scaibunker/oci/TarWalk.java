package io.scaibunker.oci;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Goes through the members of a tar that holds an image, in bounded memory: a member whose name or extended
 * header is beyond 64 KiB is told, not read, as one of type {@code ?}. It is no general reader; a root file system is read elsewhere.
 */
final class TarWalk {
    private static final int BLOCK = 512;
    private static final int LONGEST_HEADER = 64 << 10;
    private static final long MOST_BYTES = 1L << 50;

    /**
     * @param name without {@code ./} in front or {@code /} behind
     * @param type the tar type flag; {@code 0} for regular files
     * @param link what a link points to, else empty
     */
    record Member(String name, char type, long size, String link) {
        boolean isFile() {
            return type == '0';
        }

        boolean isDirectory() {
            return type == '5';
        }

        boolean isLink() {
            return type == '1' || type == '2';
        }
    }

    /** These bytes are no tar, or none any more. */
    static final class NoHeader extends IOException {
        private static final long serialVersionUID = 1L;

        NoHeader() {
            super("no tar header where one is due");
        }
    }

    private static final char ABSURD = '?';

    private final InputStream in;
    private long contentLeft;
    private long paddingLeft;

    TarWalk(InputStream in) {
        this.in = in;
    }

    /** The next member, or null at the end; what is left of the last one is skipped. */
    @Nullable
    Member next() throws IOException {
        var extended = new HashMap<String, String>();
        while (true) {
            in.skipNBytes(contentLeft + paddingLeft);
            contentLeft = 0;
            paddingLeft = 0;
            var header = in.readNBytes(BLOCK);
            if (header.length < BLOCK || isZero(header)) {
                return null;
            }
            checkSum(header);
            var type = header[156] == 0 ? '0' : (char) (header[156] & 0xff);
            enter(number(header, 124, 12));
            if ("xLK".indexOf(type) >= 0 && contentLeft > LONGEST_HEADER) {
                return new Member("", ABSURD, contentLeft, "");
            }
            switch (type) {
                case 'x' -> extended.putAll(extendedHeader());
                case 'L' -> extended.put("path", terminated(headerText()));
                case 'K' -> extended.put("linkpath", terminated(headerText()));
                case 'g' -> {}
                default -> {
                    return member(header, type, extended);
                }
            }
        }
    }

    private Member member(byte[] header, char type, Map<String, String> extended) throws IOException {
        var size = extended.get("size");
        if (size != null) {
            enter(decimal(size));
        }
        var name = Optional.ofNullable(extended.get("path")).orElseGet(() -> nameOf(header));
        var link = Optional.ofNullable(extended.get("linkpath")).orElseGet(() -> field(header, 157, 100));
        var isDirectory = type == '0' && name.endsWith("/");
        return new Member(plain(name), isDirectory ? '5' : type, contentLeft, link);
    }

    /** Content of the current member; -1 at its end. */
    int read(byte[] buffer) throws IOException {
        if (contentLeft == 0) {
            return -1;
        }
        var count = in.read(buffer, 0, (int) Math.min(buffer.length, contentLeft));
        if (count < 0) {
            throw new IOException("the tar ends within a member");
        }
        contentLeft -= count;
        return count;
    }

    private void enter(long size) throws IOException {
        if (size < 0 || size > MOST_BYTES) {
            throw new IOException("a member of " + size + " bytes");
        }
        contentLeft = size;
        paddingLeft = -size & (BLOCK - 1);
    }

    private byte[] headerText() throws IOException {
        var text = in.readNBytes((int) contentLeft);
        contentLeft = 0;
        return text;
    }

    /** Records of {@code length key=value\n}. */
    private Map<String, String> extendedHeader() throws IOException {
        var values = new HashMap<String, String>();
        var bytes = headerText();
        for (var start = 0; start < bytes.length; ) {
            var space = start;
            while (space < bytes.length && bytes[space] != ' ') {
                space++;
            }
            var length = decimal(new String(bytes, start, space - start, StandardCharsets.UTF_8));
            if (length <= space - start || length > bytes.length - start) {
                throw new IOException("a malformed extended header");
            }
            var end = start + (int) length;
            var record = new String(bytes, space + 1, end - space - 2, StandardCharsets.UTF_8);
            var equals = record.indexOf('=');
            if (equals > 0) {
                values.put(record.substring(0, equals), record.substring(equals + 1));
            }
            start = end;
        }
        return values;
    }

    private static void checkSum(byte[] header) throws IOException {
        var sum = 0;
        for (var index = 0; index < BLOCK; index++) {
            sum += index >= 148 && index < 156 ? ' ' : header[index] & 0xff;
        }
        if (sum != promisedSum(header)) {
            throw new NoHeader();
        }
    }

    private static long promisedSum(byte[] header) throws NoHeader {
        try {
            return number(header, 148, 8);
        } catch (IOException _) {
            throw new NoHeader();
        }
    }

    private static long number(byte[] header, int offset, int length) throws IOException {
        if ((header[offset] & 0x80) != 0) {
            return binary(header, offset, length);
        }
        var text = field(header, offset, length).strip();
        try {
            return text.isEmpty() ? 0 : Long.parseLong(text, 8);
        } catch (NumberFormatException malformed) {
            throw new IOException("a malformed number in a tar header", malformed);
        }
    }

    private static long binary(byte[] header, int offset, int length) throws IOException {
        var value = (long) (header[offset] & 0x7f);
        for (var index = offset + 1; index < offset + length; index++) {
            if (value >>> 55 != 0) {
                throw new IOException("an absurd number in a tar header");
            }
            value = value << 8 | header[index] & 0xff;
        }
        return value;
    }

    private static long decimal(String text) throws IOException {
        if (text.isEmpty() || text.length() > 18 || !text.chars().allMatch(digit -> digit >= '0' && digit <= '9')) {
            throw new IOException("a malformed number in an extended header");
        }
        return Long.parseLong(text);
    }

    private static String nameOf(byte[] header) {
        var isUstar = field(header, 257, 5).equals("ustar") && header[262] == 0;
        var prefix = isUstar ? field(header, 345, 155) : "";
        var name = field(header, 0, 100);
        return prefix.isEmpty() ? name : prefix + "/" + name;
    }

    private static String field(byte[] header, int offset, int length) {
        var end = offset;
        while (end < offset + length && header[end] != 0) {
            end++;
        }
        return new String(header, offset, end - offset, StandardCharsets.UTF_8);
    }

    private static String terminated(byte[] text) {
        var end = text.length;
        while (end > 0 && text[end - 1] == 0) {
            end--;
        }
        return new String(text, 0, end, StandardCharsets.UTF_8);
    }

    private static String plain(String name) {
        return name.replaceFirst("^(\\./+)+", "").replaceFirst("/+$", "");
    }

    private static boolean isZero(byte[] block) {
        for (var value : block) {
            if (value != 0) {
                return false;
            }
        }
        return true;
    }
}
