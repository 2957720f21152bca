package io.scaibunker.cli;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** The program, run in this JVM. */
final class Program {
    record Ended(int code, String out, String err) {}

    private Program() {}

    static Ended run(Object... arguments) {
        return run(Map.of(), InputStream.nullInputStream(), arguments);
    }

    static Ended run(Map<String, String> environment, InputStream in, Object... arguments) {
        var out = new ByteArrayOutputStream();
        var ended = run(environment, in, out, arguments);
        return new Ended(ended.code(), out.toString(StandardCharsets.UTF_8), ended.err());
    }

    /** With an output that is kept by whoever calls. */
    static Ended run(Map<String, String> environment, InputStream in, OutputStream out, Object... arguments) {
        var err = new ByteArrayOutputStream();
        var texts = java.util.Arrays.stream(arguments).map(Object::toString).toArray(String[]::new);
        var code = Main.run(
                new Terminal(
                        in,
                        new PrintStream(out, true, StandardCharsets.UTF_8),
                        new PrintStream(err, true, StandardCharsets.UTF_8),
                        false,
                        false,
                        environment),
                texts);
        return new Ended(code, "", err.toString(StandardCharsets.UTF_8));
    }
}
