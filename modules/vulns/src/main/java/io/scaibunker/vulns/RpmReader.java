package io.scaibunker.vulns;

import java.io.IOException;
import java.io.InputStream;

/** The database of rpm in the three forms it has had. Each is a container for the same thing, one header a package. */
final class RpmReader {
    private final Collector found;

    RpmReader(Collector found) {
        this.found = found;
    }

    void read(String path, long size, InputStream content) throws IOException {
        if (path.endsWith("-wal")) {
            if (size > 0) {
                throw new ScanException(
                        ScanReason.RPMDB_FORMAT, "the database was left with changes in its log, which is not read");
            }
            return;
        }
        if (size > found.limits().databaseBytes()) {
            throw new ScanException(ScanReason.TOO_LARGE, "a package database of " + size + " bytes");
        }
        var bytes = new BoundedInput(content, found.limits().databaseBytes()).readAllBytes();
        if (bytes.length == 0) {
            return;
        }
        RpmDatabase database;
        if (path.endsWith(".sqlite")) {
            database = new SqliteFile(bytes);
        } else if (path.endsWith(".db")) {
            database = new NdbFile(bytes);
        } else {
            database = new BerkeleyFile(bytes);
        }
        try {
            database.forEach(header -> RpmHeader.read(header, path, found));
        } catch (ScanException known) {
            throw known;
        } catch (RuntimeException malformed) {
            // Offsets that lead nowhere.
            throw new ScanException(ScanReason.RPMDB_FORMAT, "the package database is damaged", malformed);
        }
    }
}
