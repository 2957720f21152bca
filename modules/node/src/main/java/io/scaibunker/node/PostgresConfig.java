package io.scaibunker.node;

import io.scaibunker.model.Settings;
import java.nio.file.Path;

/**
 * The database server that a node brings along.
 *
 * @param dir its data, its password and its log
 * @param binaries where its programs are unpacked
 * @param port on loopback; 0 takes a free one at each start
 */
record PostgresConfig(Path dir, Path binaries, int port) {
    static PostgresConfig from(Settings all) {
        var settings = all.under("postgres.");
        return new PostgresConfig(
                settings.dataPath("dir", "postgres"),
                settings.dataPath("binaries-dir", "postgres-binaries"),
                settings.integer("port", 0, 0, 65535));
    }
}
