package io.scaibunker.vulns;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Makes package databases of rpm as their formats are described; the SQLite one by SQLite itself. */
final class RpmFiles {
    private RpmFiles() {}

    static byte[] header(String name, int epoch, String version, String release, String source, int ballast) {
        ByteArrayOutputStream data = new ByteArrayOutputStream();
        ByteBuffer index = ByteBuffer.allocate(7 * 16);
        text(index, data, 1000, name);
        text(index, data, 1001, version);
        text(index, data, 1002, release);
        text(index, data, 1044, source);
        while (data.size() % 4 != 0) {
            data.write(0);
        }
        index.putInt(1003).putInt(4).putInt(data.size()).putInt(1);
        data.writeBytes(ByteBuffer.allocate(4).putInt(epoch).array());
        text(index, data, 1005, "x".repeat(ballast));
        text(index, data, 1014, "MIT");
        byte[] bytes = data.toByteArray();
        return ByteBuffer.allocate(8 + index.capacity() + bytes.length)
                .putInt(7)
                .putInt(bytes.length)
                .put(index.flip())
                .put(bytes)
                .array();
    }

    private static void text(ByteBuffer index, ByteArrayOutputStream data, int tag, String text) {
        index.putInt(tag).putInt(6).putInt(data.size()).putInt(1);
        data.writeBytes(text.getBytes(StandardCharsets.UTF_8));
        data.write(0);
    }

    static byte[] ndb(byte[][] headers) {
        int size = 4096;
        for (byte[] header : headers) {
            size += (16 + header.length + 12 + 15) / 16 * 16;
        }
        ByteBuffer file = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        file.put("RpmP".getBytes(StandardCharsets.US_ASCII))
                .putInt(0)
                .putInt(1)
                .putInt(1)
                .putInt(headers.length + 1);
        int at = 4096;
        for (int slot = 0; slot < 254; slot++) {
            file.position(32 + slot * 16).put("Slot".getBytes(StandardCharsets.US_ASCII));
            if (slot < headers.length) {
                int blocks = (16 + headers[slot].length + 12 + 15) / 16;
                file.putInt(slot + 1).putInt(at / 16).putInt(blocks);
                file.position(at)
                        .put("BlbS".getBytes(StandardCharsets.US_ASCII))
                        .putInt(slot + 1)
                        .putInt(0)
                        .putInt(headers[slot].length);
                file.put(headers[slot]);
                at += blocks * 16;
            }
        }
        return file.array();
    }

    /** One hash page for each header: a key, and a value in the page or in a chain of overflow pages. */
    static byte[] berkeley(byte[][] headers) {
        int page = 4096;
        int pages = 1;
        for (byte[] header : headers) {
            pages += 1 + (header.length + page - 27) / (page - 26);
        }
        ByteBuffer file = ByteBuffer.allocate(pages * page).order(ByteOrder.LITTLE_ENDIAN);
        file.putInt(12, 0x061561)
                .putInt(16, 9)
                .putInt(20, page)
                .put(25, (byte) 8)
                .putInt(32, pages - 1);
        int number = 1;
        for (byte[] header : headers) {
            int start = number * page;
            boolean inPage = header.length < 1_000;
            int key = page - 5;
            int value = inPage ? key - 1 - header.length : key - 12;
            file.putInt(start + 8, number).putShort(start + 20, (short) 2).put(start + 25, (byte) 13);
            file.putShort(start + 26, (short) key).putShort(start + 28, (short) value);
            file.put(start + key, (byte) 1).putInt(start + key + 1, number);
            number++;
            if (inPage) {
                file.put(start + value, (byte) 1).put(start + value + 1, header);
                continue;
            }
            file.put(start + value, (byte) 3)
                    .putInt(start + value + 4, number)
                    .putInt(start + value + 8, header.length);
            for (int done = 0; done < header.length; number++) {
                int part = Math.min(page - 26, header.length - done);
                int at = number * page;
                file.putInt(at + 8, number).put(at + 25, (byte) 7).putShort(at + 22, (short) part);
                file.put(at + 26, header, done, part);
                done += part;
                file.putInt(at + 16, done < header.length ? number + 1 : 0);
            }
        }
        return file.array();
    }

    static byte[] sqlite(Path folder, byte[][] headers) throws Exception {
        for (int index = 0; index < headers.length; index++) {
            Files.write(folder.resolve(index + ".header"), headers[index]);
        }
        Process python = new ProcessBuilder("python3", "-c", """
                import sqlite3, sys
                db = sqlite3.connect(sys.argv[1] + '/rpmdb.sqlite')
                db.execute('CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)')
                db.execute('CREATE TABLE Name (key TEXT NOT NULL, hnum INTEGER NOT NULL)')
                for i in range(int(sys.argv[2])):
                    db.execute('INSERT INTO Packages(blob) VALUES(?)', (open(sys.argv[1] + '/%d.header' % i, 'rb').read(),))
                db.commit()
                """, folder.toString(), "" + headers.length)
                .inheritIO()
                .start();
        assertThat(python.waitFor()).isZero();
        return Files.readAllBytes(folder.resolve("rpmdb.sqlite"));
    }
}
