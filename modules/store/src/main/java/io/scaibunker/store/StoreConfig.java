package io.scaibunker.store;

import io.scaibunker.model.Secret;
import io.scaibunker.model.Settings;
import java.time.Duration;
import java.util.Optional;

/**
 * Keys {@code store.*}.
 *
 * @param url {@code postgresql://user:password@host:port/database}; unset means the node starts its own server
 * @param connections the most connections a node opens
 * @param connectTimeout how long a request waits for a free connection before it is told «not now»
 * @param statementTimeout the longest one statement may take at the server
 */
public record StoreConfig(Optional<Secret> url, int connections, Duration connectTimeout, Duration statementTimeout) {

    public static StoreConfig from(Settings all) {
        Settings settings = all.under("store.");
        return new StoreConfig(
                settings.secret("url"),
                settings.integer("connections", 16, 2, 500),
                settings.duration(
                        "connect-timeout", Duration.ofSeconds(3), Duration.ofMillis(100), Duration.ofMinutes(1)),
                settings.duration(
                        "statement-timeout", Duration.ofSeconds(20), Duration.ofMillis(100), Duration.ofMinutes(10)));
    }
}
