package io.scaibunker.vulns;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.BitSet;

/**
 * As much of the SQLite file format as it takes to walk one table: b-tree pages and overflow chains. In plain Java, for the file is a
 * stranger's and SQLite itself is native code. No page is visited twice, so that no cycle is followed.
 */
final class SqliteFile implements RpmDatabase {
    private static final byte[] MAGIC = "SQLite format 3\0".getBytes(StandardCharsets.US_ASCII);
    private static final int INTERIOR = 5;
    private static final int LEAF = 13;

    private final ByteBuffer file;
    private final int pageSize;
    private final int usable;
    private final int pages;
    private final BitSet visited = new BitSet();

    SqliteFile(byte[] bytes) throws IOException {
        file = ByteBuffer.wrap(bytes);
        for (var index = 0; index < MAGIC.length; index++) {
            if (bytes.length < 100 || bytes[index] != MAGIC[index]) {
                throw RpmDatabase.damaged("not a SQLite file");
            }
        }
        var stored = file.getShort(16) & 0xffff;
        pageSize = stored == 1 ? 65_536 : stored;
        usable = pageSize - (file.get(20) & 0xff);
        if (Integer.bitCount(pageSize) != 1 || pageSize < 512 || usable < 480) {
            throw RpmDatabase.damaged("pages of " + pageSize + " bytes");
        }
        pages = bytes.length / pageSize;
    }

    /** A row of a table: what is stored of it, overflow included. */
    private interface Rows {
        void take(ByteBuffer record) throws IOException;
    }

    @Override
    public void forEach(Headers headers) throws IOException {
        var root = new int[1];
        walk(1, record -> {
            var row = new Row(record);
            // type, name, tbl_name, rootpage, sql
            if (row.columns() >= 4 && row.text(0).equals("table") && row.text(1).equals("Packages")) {
                root[0] = row.number(3);
            }
        });
        if (root[0] == 0) {
            throw RpmDatabase.damaged("it has no table of packages");
        }
        walk(root[0], record -> {
            var row = new Row(record);
            if (row.columns() < 2) {
                throw RpmDatabase.damaged("a row without a header");
            }
            headers.take(row.bytes(1));
        });
    }

    private void walk(int root, Rows rows) throws IOException {
        var waiting = new ArrayDeque<Integer>();
        waiting.add(root);
        while (!waiting.isEmpty()) {
            var number = waiting.poll();
            var start = visit(number);
            var header = number == 1 ? start + 100 : start;
            var kind = file.get(header);
            var cells = file.getShort(header + 3) & 0xffff;
            if (kind != INTERIOR && kind != LEAF) {
                throw RpmDatabase.damaged("page " + number + " is of kind " + kind);
            }
            var pointers = header + (kind == INTERIOR ? 12 : 8);
            for (var cell = 0; cell < cells; cell++) {
                var at = start + (file.getShort(pointers + 2 * cell) & 0xffff);
                if (kind == INTERIOR) {
                    waiting.add(file.getInt(at));
                } else {
                    rows.take(record(at));
                }
            }
            if (kind == INTERIOR) {
                waiting.add(file.getInt(header + 8));
            }
        }
    }

    private int visit(int page) throws IOException {
        if (page < 1 || page > pages || visited.get(page)) {
            throw RpmDatabase.damaged("page " + page + " is out of the file or there twice");
        }
        visited.set(page);
        return (page - 1) * pageSize;
    }

    private ByteBuffer record(int cell) throws IOException {
        var at = new int[] {cell};
        var length = varint(file, at);
        varint(file, at);
        if (length < 0 || length > file.capacity()) {
            throw RpmDatabase.damaged("a row of " + length + " bytes");
        }
        var most = usable - 35;
        if (length <= most) {
            return file.slice(at[0], (int) length);
        }
        var least = (usable - 12) * 32 / 255 - 23;
        var local = least + ((int) length - least) % (usable - 4);
        local = local > most ? least : local;
        var whole = ByteBuffer.allocate((int) length);
        whole.put(file.slice(at[0], local));
        var next = file.getInt(at[0] + local);
        while (whole.hasRemaining()) {
            var start = visit(next);
            whole.put(file.slice(start + 4, Math.min(usable - 4, whole.remaining())));
            next = file.getInt(start);
        }
        return whole.flip();
    }

    /** Up to nine bytes, seven bits each, the ninth with eight. */
    private static long varint(ByteBuffer from, int[] at) {
        var value = 0L;
        for (var index = 0; index < 8; index++) {
            var one = from.get(at[0]++);
            value = value << 7 | one & 0x7f;
            if (one >= 0) {
                return value;
            }
        }
        return value << 8 | from.get(at[0]++) & 0xff;
    }

    /** A record: the lengths of its columns, then the columns. */
    private static final class Row {
        private static final int MOST_COLUMNS = 64;

        private final ByteBuffer record;
        private final long[] types = new long[MOST_COLUMNS];
        private final int[] starts = new int[MOST_COLUMNS + 1];
        private int columns;

        Row(ByteBuffer record) throws IOException {
            this.record = record;
            var at = new int[1];
            var headerEnd = varint(record, at);
            var start = headerEnd;
            while (at[0] < headerEnd && columns < MOST_COLUMNS) {
                types[columns] = varint(record, at);
                starts[columns] = Math.toIntExact(start);
                start += length(types[columns++]);
                if (start < 0 || start > record.capacity()) {
                    throw RpmDatabase.damaged("a row that is longer than it is");
                }
            }
            starts[columns] = Math.toIntExact(start);
        }

        private static long length(long type) throws IOException {
            if (type < 0) {
                throw RpmDatabase.damaged("a column of no type");
            }
            return switch ((int) Math.min(type, 12)) {
                case 0, 8, 9 -> 0;
                case 1 -> 1;
                case 2 -> 2;
                case 3 -> 3;
                case 4 -> 4;
                case 5 -> 6;
                case 6, 7 -> 8;
                default -> (type - 12) / 2;
            };
        }

        int columns() {
            return columns;
        }

        ByteBuffer bytes(int column) {
            return record.slice(starts[column], starts[column + 1] - starts[column]);
        }

        String text(int column) {
            return StandardCharsets.UTF_8.decode(bytes(column)).toString();
        }

        int number(int column) {
            var bytes = bytes(column);
            var value = types[column] == 9 ? 1 : 0;
            while (bytes.hasRemaining()) {
                value = value << 8 | bytes.get() & 0xff;
            }
            return value;
        }
    }
}
