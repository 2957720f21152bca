package io.scaibunker.ext4;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** A POSIX access list as an extended attribute's value: version 2, then tag, permissions and id of each entry. */
final class AccessList {
    static final int USER = 2;
    static final int GROUP = 8;

    private AccessList() {}

    static boolean isValid(byte[] value) {
        if (value.length < 4 || value.length % 8 != 4) {
            return false;
        }
        var list = view(value);
        var valid = list.getInt() == 2;
        while (valid && list.hasRemaining()) {
            var tag = list.getShort();
            valid = tag > 0 && tag <= 0x20 && Integer.bitCount(tag) == 1;
            list.position(list.position() + 6);
        }
        return valid;
    }

    /** The same in the form that ext4 stores: version 1, ids only where they mean something. */
    static byte[] shortened(byte[] value) {
        var list = view(value).position(4);
        var result = ByteBuffer.allocate(value.length).order(ByteOrder.LITTLE_ENDIAN);
        result.putInt(1);
        while (list.hasRemaining()) {
            var tag = list.getShort();
            var permissions = list.getShort();
            var id = list.getInt();
            result.putShort(tag).putShort(permissions);
            if (tag == USER || tag == GROUP) {
                result.putInt(id);
            }
        }
        return Arrays.copyOf(result.array(), result.position());
    }

    private static ByteBuffer view(byte[] value) {
        return ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN);
    }
}
