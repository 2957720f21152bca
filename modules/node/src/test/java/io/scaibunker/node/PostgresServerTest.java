package io.scaibunker.node;

import static io.scaibunker.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.scaibunker.testkit.Ports;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PostgresServerTest {
    @TempDir
    static Path binaries;

    @TempDir
    Path dir;

    @Test
    void whatWasWrittenIsThereAfterARestartAndAfterTheServerDied() throws Exception {
        try (var server = PostgresServer.start(config(0))) {
            run(server, "CREATE TABLE kept (n int); INSERT INTO kept VALUES (42)");
        }
        try (var server = PostgresServer.start(config(0))) {
            assertThat(number(server, "SELECT n FROM kept")).isEqualTo(42);
            assertThat(text(server, "SHOW fsync")).isEqualTo("on");

            long postmaster = postmaster();
            ProcessHandle.of(postmaster).orElseThrow().destroyForcibly();

            eventually(Duration.ofSeconds(20), () -> {
                assertThat(postmaster()).isNotEqualTo(postmaster);
                assertThat(number(server, "SELECT n FROM kept")).isEqualTo(42);
            });
        }
        assertThat(dir.resolve("data/postmaster.pid")).doesNotExist();
    }

    @Test
    void aPidFileWhoseNumberBelongsToAnotherByNowIsForgotten() throws Exception {
        PostgresServer.start(config(0)).close();
        Files.writeString(
                dir.resolve("data/postmaster.pid"), ProcessHandle.current().pid() + "\n");

        PostgresServer.start(config(0)).close();
    }

    @Test
    void nobodyGetsInWithoutThePasswordAndOnlyItsOwnerCanReadThat() throws Exception {
        try (var server = PostgresServer.start(config(0))) {
            var wrong = server.url().replaceAll(":[0-9a-f]+@", ":wrong@");
            assertThatThrownBy(() -> open(wrong).close()).hasMessageContaining("password authentication failed");
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(dir.resolve("password"))))
                    .isEqualTo("rw-------");
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(dir)))
                    .isEqualTo("rwx------");
        }
    }

    @Test
    void aPortInUseIsSaidInItsLastWords() throws Exception {
        int port = Ports.free();
        try (var taken = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
            assertThatThrownBy(() -> PostgresServer.start(config(taken.getLocalPort())))
                    .isInstanceOf(StartException.class)
                    .hasMessageContaining("postgres.log");
        }
    }

    private PostgresConfig config(int port) {
        return new PostgresConfig(dir, binaries, port);
    }

    private long postmaster() throws IOException {
        return Long.parseLong(Files.readAllLines(dir.resolve("data/postmaster.pid"))
                .getFirst()
                .strip());
    }

    private static void run(PostgresServer server, String sql) throws SQLException {
        try (var connection = open(server.url());
                var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static int number(PostgresServer server, String sql) throws SQLException {
        return Integer.parseInt(text(server, sql));
    }

    private static String text(PostgresServer server, String sql) throws SQLException {
        try (var connection = open(server.url());
                var statement = connection.createStatement();
                var result = statement.executeQuery(sql)) {
            result.next();
            return result.getString(1);
        }
    }

    private static Connection open(String url) throws SQLException {
        var at = url.lastIndexOf('@');
        var login = url.substring("postgresql://".length(), at).split(":");
        return DriverManager.getConnection("jdbc:postgresql://" + url.substring(at + 1), login[0], login[1]);
    }
}
