package io.scaibunker.layers;

import com.github.luben.zstd.Zstd;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.zip.GZIPOutputStream;

/** Makes layers for tests: any tar, also one that is wrong. Each character of a name is one byte. */
public final class TarBuilder {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    /** One member, as it will be written. */
    public static final class Member {
        public String name = "";
        public char type = '0';
        public long mode = 0644;
        public long uid;
        public long gid;
        public long mtime = 1_600_000_000;
        public String link = "";
        public byte[] data = {};
        public Long size;
        public int major;
        public int minor;
        public boolean wrongChecksum;
        public final Map<String, byte[]> pax = new LinkedHashMap<>();
    }

    public TarBuilder add(String name, char type, Consumer<Member> change) {
        var member = new Member();
        member.name = name;
        member.type = type;
        change.accept(member);
        write(member);
        return this;
    }

    public TarBuilder file(String name, String content) {
        return file(name, content, member -> {});
    }

    public TarBuilder file(String name, String content, Consumer<Member> change) {
        return add(name, '0', member -> {
            member.data = bytes(content);
            change.accept(member);
        });
    }

    public TarBuilder directory(String name) {
        return directory(name, member -> {});
    }

    public TarBuilder directory(String name, Consumer<Member> change) {
        return add(name + "/", '5', member -> {
            member.mode = 0755;
            change.accept(member);
        });
    }

    public TarBuilder symlink(String name, String target) {
        return add(name, '2', member -> {
            member.link = target;
            member.mode = 0777;
        });
    }

    public TarBuilder hardLink(String name, String target) {
        return add(name, '1', member -> member.link = target);
    }

    /** Hides a path of lower layers. */
    public TarBuilder whiteout(String path) {
        var slash = path.lastIndexOf('/') + 1;
        return file(path.substring(0, slash) + ".wh." + path.substring(slash), "");
    }

    /** Hides what lower layers have in a directory. */
    public TarBuilder opaque(String directory) {
        return file(directory + "/.wh..wh..opq", "");
    }

    public static Consumer<Member> xattr(String name, String value) {
        return member -> member.pax.put("SCHILY.xattr." + name, bytes(value));
    }

    public static Consumer<Member> mode(int mode) {
        return member -> member.mode = mode;
    }

    public static Consumer<Member> owner(long uid, long gid) {
        return member -> {
            member.uid = uid;
            member.gid = gid;
        };
    }

    /** A time with a fraction, as PAX writes it. */
    public static Consumer<Member> mtime(String time) {
        return member -> member.pax.put("mtime", bytes(time));
    }

    /** Bytes as they are, such as a whole block. */
    public TarBuilder raw(byte[] bytes) {
        out.writeBytes(bytes);
        return this;
    }

    /** The tar up to here, without its end. */
    public byte[] unfinished() {
        return out.toByteArray();
    }

    public byte[] bytes() {
        var copy = new ByteArrayOutputStream();
        copy.writeBytes(out.toByteArray());
        copy.writeBytes(new byte[1024]);
        return copy.toByteArray();
    }

    public Layer layer() {
        return layer(bytes());
    }

    public static byte[] gzip(byte[] plain) {
        var out = new ByteArrayOutputStream();
        try (var gzip = new GZIPOutputStream(out)) {
            gzip.write(plain);
        } catch (IOException never) {
            throw new UncheckedIOException(never);
        }
        return out.toByteArray();
    }

    public static byte[] zstd(byte[] plain) {
        return Zstd.compress(plain);
    }

    public static Layer layer(byte[] stored) {
        return layer(stored, "");
    }

    public static Layer layer(byte[] stored, String diffId) {
        return new Layer() {
            @Override
            public String diffId() {
                return diffId;
            }

            @Override
            public long storedBytes() {
                return stored.length;
            }

            @Override
            public InputStream open() {
                return new ByteArrayInputStream(stored);
            }
        };
    }

    private void write(Member member) {
        if (member.name.length() > 100) {
            member.pax.putIfAbsent("path", bytes(member.name));
        }
        if (member.link.length() > 100) {
            member.pax.putIfAbsent("linkpath", bytes(member.link));
        }
        if (!member.pax.isEmpty()) {
            var records = paxRecords(member.pax);
            var extension = new Member();
            extension.name = "pax";
            extension.type = 'x';
            extension.data = records;
            writeMember(extension);
        }
        writeMember(member);
    }

    private void writeMember(Member member) {
        out.writeBytes(header(member));
        out.writeBytes(member.data);
        out.writeBytes(new byte[-member.data.length & 511]);
    }

    public static byte[] paxRecords(Map<String, byte[]> pax) {
        var records = new ByteArrayOutputStream();
        pax.forEach((key, value) -> {
            var rest = key.length() + value.length + 3;
            var length = rest + String.valueOf(rest).length();
            length = rest + String.valueOf(length).length();
            records.writeBytes(bytes(length + " " + key + "="));
            records.writeBytes(value);
            records.write('\n');
        });
        return records.toByteArray();
    }

    public static byte[] header(Member member) {
        var header = new byte[512];
        put(header, 0, 100, bytes(member.name));
        number(header, 100, 8, member.mode);
        number(header, 108, 8, member.uid);
        number(header, 116, 8, member.gid);
        number(header, 124, 12, member.size == null ? member.data.length : member.size);
        number(header, 136, 12, member.mtime);
        Arrays.fill(header, 148, 156, (byte) ' ');
        header[156] = (byte) member.type;
        put(header, 157, 100, bytes(member.link));
        put(header, 257, 8, bytes("ustar\00000"));
        number(header, 329, 8, member.major);
        number(header, 337, 8, member.minor);
        seal(header);
        if (member.wrongChecksum) {
            header[150] ^= 1;
        }
        return header;
    }

    /** Puts the right checksum into a header. */
    public static void seal(byte[] header) {
        Arrays.fill(header, 148, 156, (byte) ' ');
        var sum = 0;
        for (var one : header) {
            sum += one & 0xff;
        }
        put(header, 148, 8, bytes(String.format("%06o\0 ", sum)));
    }

    public static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static void put(byte[] header, int offset, int length, byte[] text) {
        System.arraycopy(text, 0, header, offset, Math.min(length, text.length));
    }

    private static void number(byte[] header, int offset, int length, long value) {
        var octal = Long.toOctalString(value);
        if (value >= 0 && octal.length() < length) {
            put(header, offset, length, bytes("0".repeat(length - 1 - octal.length()) + octal + "\0"));
            return;
        }
        var rest = value;
        for (var index = offset + length - 1; index >= offset; index--) {
            header[index] = (byte) rest;
            rest >>= 8;
        }
        header[offset] |= (byte) 0x80;
    }
}
