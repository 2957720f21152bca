package io.scaibunker.vulns;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** SUSE's form of rpm's database: pages of slots, each of which points at one header. */
final class NdbFile implements RpmDatabase {
    private static final int MAGIC = 'R' | 'p' << 8 | 'm' << 16 | 'P' << 24;
    private static final int SLOT_MAGIC = 'S' | 'l' << 8 | 'o' << 16 | 't' << 24;
    private static final int BLOB_MAGIC = 'B' | 'l' << 8 | 'b' << 16 | 'S' << 24;
    private static final int PAGE = 4_096;
    private static final int SLOT = 16;

    private final ByteBuffer file;

    NdbFile(byte[] bytes) throws IOException {
        file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        if (bytes.length < 2 * SLOT || file.getInt(0) != MAGIC || file.getInt(4) != 0) {
            throw RpmDatabase.damaged("not a Packages.db");
        }
    }

    @Override
    public void forEach(Headers headers) throws IOException {
        var end = Integer.toUnsignedLong(file.getInt(12)) * PAGE;
        if (end > file.capacity()) {
            throw RpmDatabase.damaged("more slots than there is file");
        }
        var taken = 0L;
        for (var slot = 2 * SLOT; slot < end; slot += SLOT) {
            if (file.getInt(slot) != SLOT_MAGIC) {
                throw RpmDatabase.damaged("a slot that is none");
            }
            var number = file.getInt(slot + 4);
            if (number != 0) {
                var blob = Math.multiplyExact(file.getInt(slot + 8), SLOT);
                var length = file.getInt(blob + 12);
                // No two headers share their bytes: a file can hold no more than it has.
                taken += length;
                if (file.getInt(blob) != BLOB_MAGIC || file.getInt(blob + 4) != number || taken > file.capacity()) {
                    throw RpmDatabase.damaged("a header that is not where it should be");
                }
                headers.take(file.slice(blob + 16, length));
            }
        }
    }
}
