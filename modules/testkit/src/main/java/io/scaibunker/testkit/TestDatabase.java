package io.scaibunker.testkit;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A database of one's own on a real PostgreSQL. The server starts once a JVM (some seconds); a database is a copy of a
 * template that was migrated once (some hundredths of a second). The server neither syncs nor outlives the JVM.
 */
public final class TestDatabase implements AutoCloseable {
    private static final String USER = "postgres";
    private static final Map<String, String> TEMPLATES = new HashMap<>();
    private static @Nullable EmbeddedPostgres server;
    private static int made;

    private final EmbeddedPostgres home;
    private final String name;
    private final boolean alone;

    private TestDatabase(EmbeddedPostgres home, String name, boolean alone) {
        this.home = home;
        this.name = name;
        this.alone = alone;
    }

    /** A database with nothing in it. */
    public static synchronized TestDatabase empty() {
        var home = server();
        return create(home, "test_" + ++made, "template0");
    }

    /**
     * A copy of a prepared database.
     *
     * @param template what the preparation is called; the first call of a JVM runs it, later ones copy
     * @param prepare fills the template, by {@link #url}; must leave no connection open
     */
    public static synchronized TestDatabase copyOf(String template, Consumer<TestDatabase> prepare) {
        var home = server();
        var prepared = TEMPLATES.computeIfAbsent(template, key -> {
            var database = create(home, "template_" + ++made, "template0");
            prepare.accept(database);
            return database.name;
        });
        return create(home, "test_" + ++made, prepared);
    }

    /** A migrated database on a server of its own that syncs as one does whose data matter; both end with {@link #close}. */
    public static TestDatabase durable(Consumer<TestDatabase> prepare) {
        try {
            var own = EmbeddedPostgres.builder()
                    .setServerConfig("max_connections", "200")
                    .setServerConfig("unix_socket_directories", "")
                    .start();
            run(open(own, USER), "CREATE DATABASE durable TEMPLATE template0");
            var database = new TestDatabase(own, "durable", true);
            prepare.accept(database);
            return database;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** {@code postgresql://user:password@host:port/name}, as {@code store.url} takes it. */
    public String url() {
        return urlBy("127.0.0.1", port());
    }

    /** As {@link #url}, by another way to the server. */
    public String urlBy(String host, int port) {
        return "postgresql://" + USER + ":" + USER + "@" + host + ":" + port + "/" + name;
    }

    /** Of the server, on loopback. */
    public int port() {
        return home.getPort();
    }

    /** The server's process; its children work for it. */
    public ProcessHandle process() {
        var child = rows("SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'")
                .getFirst()
                .get("pid");
        return ProcessHandle.of(Long.parseLong(String.valueOf(child)))
                .flatMap(ProcessHandle::parent)
                .orElseThrow();
    }

    public String jdbcUrl() {
        return home.getJdbcUrl(USER, name);
    }

    /** Runs one or more statements. */
    public void execute(String sql) {
        try (var connection = open(home, name)) {
            run(connection, sql);
        } catch (SQLException e) {
            throw new IllegalStateException(sql, e);
        }
    }

    /** The rows of a query, each as column name to value, in the order given. */
    public List<Map<String, @Nullable Object>> rows(String sql) {
        try (var connection = open(home, name);
                var statement = connection.createStatement();
                var result = statement.executeQuery(sql)) {
            var rows = new ArrayList<Map<String, @Nullable Object>>();
            var columns = result.getMetaData();
            while (result.next()) {
                var row = new LinkedHashMap<String, @Nullable Object>();
                for (int i = 1; i <= columns.getColumnCount(); i++) {
                    row.put(columns.getColumnLabel(i), result.getObject(i));
                }
                rows.add(row);
            }
            return rows;
        } catch (SQLException e) {
            throw new IllegalStateException(sql, e);
        }
    }

    /** Ends every connection to this database: what a client sees when its server restarts. */
    public void cutConnections() {
        try (var connection = open(home, USER)) {
            run(connection, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" + name + "'");
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** From now on the database takes no new connections, and the present ones are cut, until {@code false}. */
    public void refuseConnections(boolean refuse) {
        try (var connection = open(home, USER)) {
            run(connection, "ALTER DATABASE " + name + " ALLOW_CONNECTIONS " + !refuse);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
        if (refuse) {
            cutConnections();
        }
    }

    /** Drops the database, whoever is connected. */
    @Override
    public void close() {
        try (var connection = open(home, USER)) {
            run(connection, "DROP DATABASE IF EXISTS " + name + " WITH (FORCE)");
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
        if (alone) {
            try {
                home.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private static TestDatabase create(EmbeddedPostgres home, String name, String template) {
        try (var connection = open(home, USER)) {
            run(connection, "CREATE DATABASE " + name + " TEMPLATE " + template);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
        return new TestDatabase(home, name, false);
    }

    private static EmbeddedPostgres server() {
        var running = server;
        if (running == null) {
            running = start();
            server = running;
        }
        return running;
    }

    private static EmbeddedPostgres start() {
        try {
            return EmbeddedPostgres.builder()
                    .setServerConfig("fsync", "off")
                    .setServerConfig("synchronous_commit", "off")
                    .setServerConfig("full_page_writes", "off")
                    .setServerConfig("max_connections", "200")
                    .setServerConfig("unix_socket_directories", "")
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Connection open(EmbeddedPostgres home, String database) throws SQLException {
        return home.getDatabase(USER, database).getConnection();
    }

    private static void run(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
