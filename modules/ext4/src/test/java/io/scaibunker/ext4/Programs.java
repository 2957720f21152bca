package io.scaibunker.ext4;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/** Runs a program to its end, for tests. Output is decoded as Latin-1, so that bytes survive. */
final class Programs {
    record Outcome(int code, String output) {}

    private Programs() {}

    static Outcome run(String... command) throws IOException, InterruptedException {
        var builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("LC_ALL", "C");
        builder.environment().put("TZ", "UTC");
        builder.environment().merge("PATH", "/usr/sbin:/sbin", (path, more) -> path + ":" + more);
        var process = builder.start();
        process.getOutputStream().close();
        var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IOException(String.join(" ", command) + " did not end");
        }
        return new Outcome(process.exitValue(), output);
    }

    /** Skips the test where a program is not installed. */
    static void assumeInstalled() {
        for (var tool : Tool.values()) {
            try {
                tool.path();
            } catch (ImageWriteException missing) {
                Assumptions.abort(missing.getMessage());
            }
        }
    }
}
