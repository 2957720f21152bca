package io.scaibunker.store;

import io.vertx.pgclient.PgConnectOptions;
import org.flywaydb.core.Flyway;

/** Brings a database to the tables that this version knows; several nodes may start at once. */
public final class Migrations {
    private Migrations() {}

    /**
     * Blocks until the tables are there.
     *
     * @param url {@code postgresql://user:password@host:port/database}
     */
    public static void run(String url) {
        PgConnectOptions server = PgConnectOptions.fromUri(url);
        Flyway.configure(Migrations.class.getClassLoader())
                .dataSource(
                        "jdbc:postgresql://" + server.getHost() + ":" + server.getPort() + "/" + server.getDatabase(),
                        server.getUser(),
                        server.getPassword())
                .locations("classpath:db/migration")
                .connectRetries(10)
                .load()
                .migrate();
    }
}
