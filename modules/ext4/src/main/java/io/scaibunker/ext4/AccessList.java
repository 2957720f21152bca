package io.scaibunker.ext4;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** A POSIX access list as an extended attribute's value: version 2, then tag, permissions and id of each entry. */
final class AccessList {
    private AccessList() {}

    static boolean isValid(byte[] value) {
        if (value.length < 4 || value.length % 8 != 4) {
            return false;
        }
        var list = ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN);
        var valid = list.getInt() == 2;
        while (valid && list.hasRemaining()) {
            var tag = list.getShort();
            valid = tag > 0 && tag <= 0x20 && Integer.bitCount(tag) == 1;
            list.position(list.position() + 6);
        }
        return valid;
    }
}
