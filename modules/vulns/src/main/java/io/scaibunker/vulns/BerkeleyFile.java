package io.scaibunker.vulns;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.BitSet;

/**
 * rpm's database of old: a hash file of Berkeley DB. Headers lie as the values of its hash pages, most of them in chains of overflow
 * pages; all pages are looked at, in the order of the file, so the hash itself does not matter.
 */
final class BerkeleyFile implements RpmDatabase {
    private static final int HASH_MAGIC = 0x061561;
    private static final int PAGE_HEADER = 26;
    private static final int UNSORTED = 2;
    private static final int SORTED = 13;
    private static final int OVERFLOW = 7;
    private static final int IN_PAGE = 1;
    private static final int OFF_PAGE = 3;
    private static final int SHORTEST_HEADER = 32;

    private final byte[] bytes;
    private final ByteBuffer file;
    private final int pageSize;
    private final BitSet visited = new BitSet();

    BerkeleyFile(byte[] bytes) throws IOException {
        this.bytes = bytes;
        file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        if (bytes.length < 512 || file.getInt(12) != HASH_MAGIC) {
            throw RpmDatabase.damaged("not a hash file of Berkeley DB of this byte order");
        }
        pageSize = file.getInt(20);
        if (pageSize < 512 || pageSize > 65_536 || Integer.bitCount(pageSize) != 1 || file.get(24) != 0) {
            throw RpmDatabase.damaged("pages of " + pageSize + " bytes, or encrypted ones");
        }
    }

    @Override
    public void forEach(Headers headers) throws IOException {
        var last = Integer.toUnsignedLong(file.getInt(32));
        if (last >= bytes.length / pageSize) {
            throw RpmDatabase.damaged("cut short");
        }
        for (var page = 1; page <= last; page++) {
            var start = page * pageSize;
            var kind = file.get(start + 25);
            if (kind == UNSORTED || kind == SORTED) {
                hashPage(start, headers);
            }
        }
    }

    /** Keys and values take turns; each is put in front of the one before. */
    private void hashPage(int start, Headers headers) throws IOException {
        var items = file.getShort(start + 20) & 0xffff;
        if (PAGE_HEADER + 2 * items > pageSize) {
            throw RpmDatabase.damaged("a page of " + items + " items");
        }
        for (var item = 1; item < items; item += 2) {
            var offset = file.getShort(start + PAGE_HEADER + 2 * item) & 0xffff;
            var end = file.getShort(start + PAGE_HEADER + 2 * item - 2) & 0xffff;
            if (offset >= pageSize || end > pageSize) {
                throw RpmDatabase.damaged("an item outside of its page");
            }
            var kind = file.get(start + offset);
            if (kind == OFF_PAGE) {
                headers.take(chain(file.getInt(start + offset + 4), file.getInt(start + offset + 8)));
            } else if (kind == IN_PAGE && end - offset > SHORTEST_HEADER) {
                headers.take(file.slice(start + offset + 1, end - offset - 1));
            }
        }
    }

    private ByteBuffer chain(int first, int length) throws IOException {
        var whole = new ByteArrayOutputStream();
        for (var page = first; page != 0; ) {
            if (page < 0 || page >= bytes.length / pageSize || visited.get(page)) {
                throw RpmDatabase.damaged("page " + page + " is out of the file or there twice");
            }
            visited.set(page);
            var start = page * pageSize;
            if (file.get(start + 25) != OVERFLOW) {
                throw RpmDatabase.damaged("page " + page + " does not go on with what it should");
            }
            page = file.getInt(start + 16);
            var taken = page == 0 ? file.getShort(start + 22) & 0xffff : pageSize - PAGE_HEADER;
            whole.write(bytes, start + PAGE_HEADER, Math.min(taken, pageSize - PAGE_HEADER));
        }
        if (whole.size() != length) {
            throw RpmDatabase.damaged("a header of another length than it says");
        }
        return ByteBuffer.wrap(whole.toByteArray());
    }
}
