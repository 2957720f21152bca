package io.scaibunker.layers;

import io.scaibunker.layers.LayerException.Reason;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Reads a tar, member by member: v7, ustar, GNU (long names, base-256 numbers, sparse files) and PAX. Extension headers are
 * folded into the member they belong to.
 */
final class TarReader {
    private static final String XATTR = "SCHILY.xattr.";
    private static final int XATTR_NAME = 255;
    /** ext4 ends in the year 2446; what is beyond a 35 bit number of seconds is a mistake or an attack. */
    private static final long SECONDS = 1L << 35;

    private final TarInput input;
    private final LayerLimits limits;
    private final byte[] block = new byte[TarInput.BLOCK];
    private PaxRecords globals = PaxRecords.NONE;
    private PaxRecords records = PaxRecords.NONE;
    private byte @Nullable [] longName;
    private byte @Nullable [] longLink;
    private MemberContent content;
    private long padding;
    private long sizes;
    private boolean first = true;

    TarReader(InputStream tar, LayerLimits limits) {
        this.input = new TarInput(tar, limits.layerBytes());
        this.limits = limits;
        this.content = new MemberContent(input, SparseParts.whole(0), 0);
    }

    /** The next member, or null at the end; what is left of the last one's content is skipped. */
    @Nullable
    TarMember next() throws IOException {
        input.skip(content.storedLeft() + padding);
        content = new MemberContent(input, SparseParts.whole(0), 0);
        padding = 0;
        records = PaxRecords.NONE;
        longName = null;
        longLink = null;
        while (input.readBlock(block) && !isZero(block)) {
            var header = readHeader();
            if (!isExtension(header)) {
                return member(header);
            }
        }
        if (first) {
            // An empty layer is two blocks of zeros; nothing at all is no tar.
            checkSomethingRead();
        }
        return null;
    }

    /** The content of the member that {@link #next} gave last. */
    InputStream content() {
        return content;
    }

    /** Reads what lies behind the end of the tar. */
    void drain() throws IOException {
        input.drain();
    }

    private void checkSomethingRead() throws LayerException {
        if (input.position() == 0) {
            throw new LayerException(Reason.CORRUPT, "layer is empty: not even a tar's end");
        }
    }

    private TarHeader readHeader() throws LayerException {
        try {
            return TarHeader.of(block, input.place());
        } catch (LayerException wrong) {
            if (first && !TarHeader.hasMagic(block)) {
                throw new LayerException(Reason.UNSUPPORTED, "neither a tar nor gzip, zstd or xz of one", wrong);
            }
            throw wrong;
        } finally {
            first = false;
        }
    }

    private boolean isExtension(TarHeader header) throws IOException {
        switch (header.type()) {
            case 'x', 'X' -> records = PaxRecords.parse(readExtension(header), input.place());
            case 'g' -> {
                globals = globals.and(PaxRecords.parse(readExtension(header), input.place()));
                if (globals.size() > limits.headerBytes()) {
                    throw new LayerException(Reason.TOO_LARGE, "global PAX headers are too long, " + input.place());
                }
            }
            case 'L' -> longName = untilZero(readExtension(header));
            case 'K' -> longLink = untilZero(readExtension(header));
            case 'V' -> readExtension(header);
            default -> {
                return false;
            }
        }
        return true;
    }

    private byte[] readExtension(TarHeader header) throws IOException {
        var size = header.size();
        if (size < 0) {
            throw new LayerException(Reason.CORRUPT, "extended header of negative size, " + input.place());
        }
        if (size > limits.headerBytes()) {
            throw new LayerException(Reason.TOO_LARGE, "extended header of " + size + " bytes, " + input.place());
        }
        return input.readPadded((int) size);
    }

    private static byte[] untilZero(byte[] text) {
        var end = 0;
        while (end < text.length && text[end] != 0) {
            end++;
        }
        return Arrays.copyOf(text, end);
    }

    private TarMember member(TarHeader header) throws IOException {
        var pax = globals.and(records);
        var name = either(pax.value("GNU.sparse.name"), either(pax.value("path"), either(longName, header.name())));
        var place = "at " + EntryPath.show(name);
        input.at(place);
        var size = openContent(header, pax, place);
        var mtime = pax.value("mtime");
        var time = mtime == null ? BigDecimal.valueOf(header.mtime()) : fraction(mtime, place);
        var seconds = time.setScale(0, RoundingMode.FLOOR);
        if (seconds.abs().compareTo(BigDecimal.valueOf(SECONDS)) > 0) {
            throw new LayerException(Reason.CORRUPT, "a time that cannot be, " + place);
        }
        var isDevice = header.type() == '3' || header.type() == '4';
        return new TarMember(
                name,
                either(pax.value("linkpath"), either(longLink, header.linkName())),
                header.type() == '7' || header.type() == 'S' ? '0' : header.type(),
                (int) header.mode() & 07777,
                id(pax.number("uid", header.uid(), place), "uid", place),
                id(pax.number("gid", header.gid(), place), "gid", place),
                seconds.longValueExact(),
                time.subtract(seconds).movePointRight(9).intValue(),
                size,
                isDevice ? header.deviceMajor() : 0,
                isDevice ? header.deviceMinor() : 0,
                xattrs(pax, place));
    }

    /** Prepares the content and gives its size; only files have one, whatever other headers say. */
    private long openContent(TarHeader header, PaxRecords pax, String place) throws IOException {
        var type = header.type();
        if (type != '0' && type != '7' && type != 'S') {
            return 0;
        }
        var stored = pax.number("size", header.size(), place);
        if (stored < 0) {
            throw new LayerException(Reason.CORRUPT, "negative size, " + place);
        }
        if (stored > limits.layerBytes()) {
            throw new LayerException(Reason.TOO_LARGE, stored + " bytes, " + place);
        }
        padding = TarInput.padding(stored);
        var before = input.position();
        var sparse = type == 'S' ? SparseParts.old(header, block, input, limits) : SparseParts.pax(pax, input, limits);
        if (sparse == null) {
            sparse = SparseParts.whole(stored);
        } else if (type != 'S') {
            // The list of form 1.0 is the first part of what is stored; that of the old form stands before it.
            stored -= input.position() - before;
        }
        sparse.checked(stored, input);
        sizes += sparse.size();
        if (sizes < 0 || sizes > limits.layerBytes()) {
            throw new LayerException(
                    Reason.TOO_LARGE, "layer has more than " + limits.layerBytes() + " bytes, " + place);
        }
        content = new MemberContent(input, sparse, stored);
        return sparse.size();
    }

    private static long id(long value, String field, String place) throws LayerException {
        if (value < 0 || value > 0xffffffffL) {
            throw new LayerException(Reason.CORRUPT, field + " is no number that can be, " + place);
        }
        return value;
    }

    private static BigDecimal fraction(byte[] value, String place) throws LayerException {
        var text = new String(value, StandardCharsets.ISO_8859_1);
        if (!text.matches("-?[0-9]{1,18}(\\.[0-9]{0,40})?")) {
            throw new LayerException(Reason.CORRUPT, "PAX mtime is no number that can be, " + place);
        }
        return new BigDecimal(text);
    }

    private SortedMap<String, byte[]> xattrs(PaxRecords pax, String place) throws LayerException {
        TreeMap<String, byte[]> found = null;
        for (var pair : pax.pairs()) {
            if (pair.key().startsWith(XATTR)) {
                found = found == null ? new TreeMap<>() : found;
                var name = pair.key().substring(XATTR.length());
                if (name.isEmpty() || name.indexOf(0) >= 0) {
                    throw new LayerException(Reason.CORRUPT, "extended attribute without a proper name, " + place);
                }
                if (name.length() > XATTR_NAME) {
                    throw new LayerException(Reason.TOO_LARGE, "name of an extended attribute is too long, " + place);
                }
                found.put(name, pair.value());
            }
        }
        if (found == null) {
            return Collections.emptySortedMap();
        }
        var bytes = 0;
        for (var attribute : found.entrySet()) {
            bytes += attribute.getKey().length() + attribute.getValue().length;
        }
        if (bytes > limits.xattrBytes()) {
            throw new LayerException(Reason.TOO_LARGE, "extended attributes of " + bytes + " bytes, " + place);
        }
        return found;
    }

    private static byte[] either(byte @Nullable [] one, byte[] other) {
        return one == null ? other : one;
    }

    private static boolean isZero(byte[] block) {
        for (var one : block) {
            if (one != 0) {
                return false;
            }
        }
        return true;
    }
}
