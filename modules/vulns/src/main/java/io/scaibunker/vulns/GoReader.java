package io.scaibunker.vulns;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * What the linker of Go writes into every program: the version of Go, and the modules it was built from. It stands in the first segment
 * that can be written, behind a magic word, in 16-byte steps; so the program is read once, from front to end, and mostly skipped.
 */
final class GoReader {
    private static final byte[] MAGIC = "\u00ff Go buildinf:".getBytes(StandardCharsets.ISO_8859_1);
    private static final int HEAD = 4_096;
    private static final int STEP = 16;
    private static final int WINDOW = 256 << 10;
    private static final int SENTINEL = 16;

    private final Collector found;

    GoReader(Collector found) {
        this.found = found;
    }

    private record Segment(long offset, long length) {}

    void read(String path, InputStream content) throws IOException {
        var head = content.readNBytes(HEAD);
        var segment = segment(head);
        if (segment == null) {
            return;
        }
        // What was read already belongs to it if it begins so early.
        var before = (int) Math.min(segment.offset, head.length);
        var rest = new java.io.SequenceInputStream(
                new java.io.ByteArrayInputStream(head, before, head.length - before), content);
        try {
            rest.skipNBytes(segment.offset - before);
            // Steps are counted in memory, where a segment lies as it does in the file.
            rest.skipNBytes((STEP - segment.offset % STEP) % STEP);
        } catch (java.io.EOFException shorter) {
            return;
        }
        search(path, rest, segment.length);
    }

    /** The first loaded segment that can be written and not executed; null for what is no program of 64 bits. */
    private static @org.jspecify.annotations.Nullable Segment segment(byte[] head) {
        if (head.length < 64 || head[0] != 0x7f || head[1] != 'E' || head[2] != 'L' || head[3] != 'F' || head[4] != 2) {
            return null;
        }
        var elf = ByteBuffer.wrap(head).order(head[5] == 2 ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
        var table = elf.getLong(32);
        var size = elf.getShort(54) & 0xffff;
        var count = elf.getShort(56) & 0xffff;
        for (var index = 0; index < count; index++) {
            var at = table + (long) index * size;
            if (at < 0 || at + 56 > head.length) {
                return null;
            }
            var program = (int) at;
            var flags = elf.getInt(program + 4);
            var length = elf.getLong(program + 32);
            var offset = elf.getLong(program + 8);
            if (elf.getInt(program) == 1 && (flags & 3) == 2 && length > 0 && offset >= 0) {
                return new Segment(offset, length);
            }
        }
        return null;
    }

    private void search(String path, InputStream content, long length) throws IOException {
        var window = new byte[WINDOW];
        var filled = 0;
        var left = length;
        while (left > 0) {
            var read = content.readNBytes(window, filled, (int) Math.min(WINDOW - filled, left));
            filled += read;
            left -= read;
            for (var at = 0; at + 32 <= filled; at += STEP) {
                if (Arrays.equals(window, at, at + MAGIC.length, MAGIC, 0, MAGIC.length)) {
                    take(path, window, at, filled, content);
                    return;
                }
            }
            if (read == 0) {
                return;
            }
            var kept = filled % STEP + STEP;
            kept = Math.min(kept, filled);
            System.arraycopy(window, filled - kept, window, 0, kept);
            filled = kept;
        }
    }

    private void take(String path, byte[] window, int at, int filled, InputStream content) throws IOException {
        var flags = window[at + 15];
        if ((flags & 2) == 0) {
            throw new ScanException(
                    ScanReason.INVENTORY_INCOMPLETE, "a program of Go before 1.18, whose modules are not read");
        }
        var rest = new java.io.SequenceInputStream(
                new java.io.ByteArrayInputStream(window, at + 32, filled - at - 32), content);
        var version = new String(string(rest), StandardCharsets.UTF_8);
        var modules = string(rest);
        var release = version.startsWith("go") ? version.substring(2).split("[ -]", 2)[0] : "";
        if (!release.isEmpty() && Text.digit(release.charAt(0))) {
            found.add(Component.of(Component.Kind.GO, "Go", "stdlib", semver(release), path));
        }
        if (modules.length > 2 * SENTINEL) {
            modules(path, new String(modules, SENTINEL, modules.length - 2 * SENTINEL, StandardCharsets.UTF_8));
        }
    }

    /** {@code 1.21rc2} is no SemVer; {@code 1.21.0-rc2} is the same. */
    private static String semver(String release) {
        var end = 0;
        while (end < release.length() && (Text.digit(release.charAt(end)) || release.charAt(end) == '.')) {
            end++;
        }
        if (end == release.length()) {
            return release;
        }
        var core = release.substring(0, end);
        return core
                + (core.chars().filter(character -> character == '.').count() < 2 ? ".0-" : "-")
                + release.substring(end);
    }

    private byte[] string(InputStream content) throws IOException {
        var length = 0L;
        for (var shift = 0; shift < 35; shift += 7) {
            var one = content.read();
            length |= (long) (one & 0x7f) << shift;
            if (one < 0x80) {
                break;
            }
        }
        if (length < 0 || length > found.limits().metadataBytes()) {
            throw new ScanException(ScanReason.INVENTORY_INCOMPLETE, "build information of " + length + " bytes");
        }
        var bytes = content.readNBytes((int) length);
        if (bytes.length < length) {
            throw new ScanException(ScanReason.INVENTORY_INCOMPLETE, "build information that is cut short");
        }
        return bytes;
    }

    /** Lines of kind, path and version, separated by tabs; {@code =>} replaces the line before it. */
    private void modules(String path, String text) throws IOException {
        var name = "";
        var version = "";
        for (var line : text.split("\n")) {
            var parts = line.split("\t");
            if (parts.length >= 3 && parts[0].equals("=>")) {
                name = parts[1];
                version = parts[2];
            } else {
                module(path, name, version);
                var module = parts.length >= 3 && (parts[0].equals("dep") || parts[0].equals("mod"));
                name = module ? parts[1] : "";
                version = module ? parts[2] : "";
            }
        }
        module(path, name, version);
    }

    private void module(String path, String name, String version) throws IOException {
        // A program built from its own checkout has no version, and a replacement by a folder none either.
        if (!name.isEmpty() && !version.isEmpty() && !version.equals("(devel)")) {
            found.add(Component.of(
                    Component.Kind.GO, "Go", name, version.startsWith("v") ? version.substring(1) : version, path));
        }
    }
}
