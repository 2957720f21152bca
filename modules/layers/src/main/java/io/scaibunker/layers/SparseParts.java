package io.scaibunker.layers;

import io.scaibunker.layers.LayerException.Reason;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where the stored bytes of a file lie in it; all else are zeros. GNU tar has four ways to write that down: in its old
 * header, twice in PAX records (0.0, 0.1), and in front of the content (1.0).
 *
 * @param size the file's size, holes and all
 */
record SparseParts(List<Part> parts, long size) {
    /** A run of stored bytes. */
    record Part(long offset, long length) {}

    private static final int OLD_IN_HEADER = 4;
    private static final int OLD_IN_BLOCK = 21;

    /** A file without holes. */
    static SparseParts whole(long size) {
        return new SparseParts(List.of(new Part(0, size)), size);
    }

    /** The old GNU form: the list starts in the header and goes on in blocks behind it. */
    static SparseParts old(TarHeader header, byte[] headerBlock, TarInput input, LayerLimits limits)
            throws IOException {
        var parts = new ArrayList<Part>();
        var more = addOld(header, 386, OLD_IN_HEADER, parts) && headerBlock[482] != 0;
        var size = header.number(483, 12, "real size");
        while (more) {
            var block = new byte[TarInput.BLOCK];
            if (parts.size() * 16L > limits.headerBytes() || !input.readBlock(block)) {
                throw bad(input);
            }
            more = addOld(TarHeader.unchecked(block), 0, OLD_IN_BLOCK, parts) && block[504] != 0;
        }
        return new SparseParts(parts, size);
    }

    private static boolean addOld(TarHeader block, int start, int count, List<Part> parts) throws LayerException {
        for (var index = 0; index < count; index++) {
            var offset = block.number(start + index * 24, 12, "part of a sparse file");
            var length = block.number(start + index * 24 + 12, 12, "part of a sparse file");
            if (offset == 0 && length == 0 && index > 0) {
                return false;
            }
            parts.add(new Part(offset, length));
        }
        return true;
    }

    /** What PAX records say; null if they say nothing of holes. Form 1.0 reads its list from the input. */
    static @Nullable SparseParts pax(PaxRecords records, TarInput input, LayerLimits limits) throws IOException {
        var place = input.place();
        if (records.number("GNU.sparse.major", 0, place) == 1) {
            var size = records.number("GNU.sparse.realsize", -1, place);
            return new SparseParts(readList(input, limits), size);
        }
        var size = records.number("GNU.sparse.size", -1, place);
        if (size < 0) {
            return null;
        }
        var map = records.value("GNU.sparse.map");
        var numbers = new ArrayList<Long>();
        if (map != null) {
            for (var text : new String(map, StandardCharsets.ISO_8859_1).split(",", -1)) {
                numbers.add(PaxRecords.decimal(text, "GNU.sparse.map", place));
            }
        } else {
            for (var pair : records.pairs()) {
                if (pair.key().equals("GNU.sparse.offset") || pair.key().equals("GNU.sparse.numbytes")) {
                    numbers.add(PaxRecords.decimal(pair.text(), pair.key(), place));
                }
            }
        }
        return new SparseParts(pairUp(numbers, input), size);
    }

    private static List<Part> readList(TarInput input, LayerLimits limits) throws IOException {
        var reader = new ListReader(input, limits);
        var count = reader.next();
        var numbers = new ArrayList<Long>();
        for (long index = 0; index < 2 * count; index++) {
            numbers.add(reader.next());
        }
        return pairUp(numbers, input);
    }

    private static List<Part> pairUp(List<Long> numbers, TarInput input) throws LayerException {
        if (numbers.size() % 2 != 0) {
            throw bad(input);
        }
        var parts = new ArrayList<Part>();
        for (var index = 0; index < numbers.size(); index += 2) {
            parts.add(new Part(numbers.get(index), numbers.get(index + 1)));
        }
        return parts;
    }

    /** The parts, in order, apart from each other and within the file. */
    SparseParts checked(long stored, TarInput input) throws LayerException {
        long end = 0;
        long sum = 0;
        for (var part : parts) {
            if (part.offset() < end || part.length() < 0 || part.length() > size - part.offset()) {
                throw bad(input);
            }
            end = part.offset() + part.length();
            sum += part.length();
        }
        if (size < 0 || sum != stored) {
            throw bad(input);
        }
        return this;
    }

    private static LayerException bad(TarInput input) {
        return new LayerException(Reason.CORRUPT, "list of a sparse file's parts is broken, " + input.place());
    }

    /** The decimal lines in front of a sparse file's content, read block by block. */
    private static final class ListReader {
        private final TarInput input;
        private final byte[] block = new byte[TarInput.BLOCK];
        private int position = TarInput.BLOCK;
        private long left;

        ListReader(TarInput input, LayerLimits limits) {
            this.input = input;
            this.left = limits.headerBytes();
        }

        long next() throws IOException {
            var text = new StringBuilder();
            for (var one = nextByte(); one != '\n'; one = nextByte()) {
                text.append((char) one);
            }
            return PaxRecords.decimal(text.toString(), "sparse list", input.place());
        }

        private int nextByte() throws IOException {
            if (position == TarInput.BLOCK) {
                left -= TarInput.BLOCK;
                if (left < 0 || !input.readBlock(block)) {
                    throw bad(input);
                }
                position = 0;
            }
            return block[position++] & 0xff;
        }
    }
}
