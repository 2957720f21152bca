package io.scaibunker.cli;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.NoSuchAlgorithmException;
import java.util.Map;
import javax.net.ssl.SSLContext;

/**
 * What the JVM is shown once after a build, so that it starts quickly from then on ({@code -XX:ArchiveClassesAtExit}): common
 * commands against an empty platform of its own. What they print is of no interest, that they work is.
 */
final class Training {
    private static final String EMPTY =
            "{\"status\":\"ok\",\"data\":[],\"has_more\":false,\"next_cursor\":null,\"meta\":{\"request_id\":\"req_0\"}}";
    private static final String ENDED =
            "event: stdout\ndata: {\"text\":\"\"}\n\nevent: exit\ndata: {\"exit_code\":0}\n\n";
    private static final String BUNKER = "bnk_" + "0".repeat(32);

    private Training() {}

    public static void main(String[] arguments) throws IOException, NoSuchAlgorithmException {
        // The platform below speaks without TLS, and so needs none of it.
        SSLContext.getDefault().createSSLEngine();
        var platform = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        platform.createContext("/", exchange -> {
            var answer = exchange.getRequestURI().getPath().endsWith("/exec") ? ENDED : EMPTY;
            var bytes = answer.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, bytes.length);
            exchange.getResponseBody().write(bytes);
            exchange.close();
        });
        platform.start();
        var nowhere = new PrintStream(PrintStream.nullOutputStream(), false, StandardCharsets.UTF_8);
        var terminal = new Terminal(
                InputStream.nullInputStream(),
                nowhere,
                nowhere,
                false,
                true,
                Map.of(
                        "SCAIBUNKER_URL",
                        "http://127.0.0.1:" + platform.getAddress().getPort(),
                        "SCAIBUNKER_KEY",
                        "sgk_of_nobody"));
        for (var line : new String[] {
            "--version",
            "image ls",
            "worker ls -o json",
            "bunker ls",
            "image ls --help",
            "bunker exec " + BUNKER + " -- true"
        }) {
            var code = Main.run(terminal, line.split(" "));
            if (code != 0) {
                throw new IllegalStateException(line + " ended with " + code);
            }
        }
        platform.stop(0);
        System.exit(0);
    }
}
