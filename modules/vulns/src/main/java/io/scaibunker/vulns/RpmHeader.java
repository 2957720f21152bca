package io.scaibunker.vulns;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One package's header as the database holds it: the number of index entries, the length of the data, the entries (tag, type, offset,
 * count), the data. All numbers are big-endian.
 */
final class RpmHeader {
    private static final int NAME = 1000;
    private static final int VERSION = 1001;
    private static final int RELEASE = 1002;
    private static final int EPOCH = 1003;
    private static final int SOURCE = 1044;
    private static final int FOLDER_OF_FILE = 1116;
    private static final int FILES = 1117;
    private static final int FOLDERS = 1118;
    private static final int MODULE = 5096;
    private static final int MOST_ENTRIES = 65_535;
    private static final int LONGEST = 4_096;

    private record Entry(int offset, int count) {}

    private final ByteBuffer data;
    private final Map<Integer, Entry> entries = new HashMap<>();

    private RpmHeader(ByteBuffer header) throws IOException {
        header.order(ByteOrder.BIG_ENDIAN);
        var count = header.getInt();
        var length = header.getInt();
        if (count <= 0 || count > MOST_ENTRIES || length < 0 || length > header.remaining() - count * 16) {
            throw RpmDatabase.damaged("a header that is none");
        }
        for (var index = 0; index < count; index++) {
            var tag = header.getInt();
            header.getInt();
            entries.putIfAbsent(tag, new Entry(header.getInt(), header.getInt()));
        }
        data = header.slice(header.position(), length).order(ByteOrder.BIG_ENDIAN);
    }

    static void read(ByteBuffer content, String path, Collector found) throws IOException {
        var header = new RpmHeader(content);
        var name = header.text(NAME);
        if (name == null || name.equals("gpg-pubkey")) {
            return;
        }
        var version = header.text(VERSION) + "-" + header.text(RELEASE);
        var epoch = header.number(EPOCH);
        var full = epoch > 0 ? epoch + ":" + version : version;
        found.add(new Component(
                Component.Kind.RPM,
                Ecosystem.of(""),
                name,
                full,
                sourceName(header.text(SOURCE), name),
                full,
                path,
                stream(header.text(MODULE))));
        header.files(found);
    }

    /** The first two parts of {@code name:stream:version:context}. */
    private static String stream(@Nullable String label) {
        var parts = label == null ? new String[0] : label.split(":", 3);
        return parts.length < 2 ? "" : parts[0] + ":" + parts[1];
    }

    /** The name in {@code name-version-release.src.rpm}. */
    private static String sourceName(@Nullable String source, String name) {
        if (source == null) {
            return name;
        }
        var release = source.lastIndexOf('-');
        var version = release < 1 ? -1 : source.lastIndexOf('-', release - 1);
        return version < 1 ? name : source.substring(0, version);
    }

    private void files(Collector found) throws IOException {
        var names = entries.get(FILES);
        var folderOf = entries.get(FOLDER_OF_FILE);
        var folderNames = entries.get(FOLDERS);
        if (names == null || folderOf == null || folderNames == null) {
            return;
        }
        if (folderNames.count < 0 || folderNames.count > data.capacity() || names.count > folderOf.count) {
            throw RpmDatabase.damaged("a list of files that is none");
        }
        var folders = new String[folderNames.count];
        var at = folderNames.offset;
        for (var index = 0; index < folders.length; index++) {
            folders[index] = textAt(at);
            at = endOf(at) + 1;
        }
        at = names.offset;
        for (var index = 0; index < names.count; index++) {
            found.owns(folders[data.getInt(folderOf.offset + 4 * index)] + textAt(at));
            at = endOf(at) + 1;
        }
    }

    private int number(int tag) {
        var entry = entries.get(tag);
        return entry == null ? 0 : data.getInt(entry.offset);
    }

    private @Nullable String text(int tag) {
        var entry = entries.get(tag);
        return entry == null ? null : textAt(entry.offset);
    }

    private int endOf(int start) {
        var end = start;
        while (data.get(end) != 0) {
            end++;
        }
        return end;
    }

    private String textAt(int start) {
        var bytes = new byte[Math.min(endOf(start) - start, LONGEST)];
        data.get(start, bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
