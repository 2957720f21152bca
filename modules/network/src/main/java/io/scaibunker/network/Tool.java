package io.scaibunker.network;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs the host's programs. What they are told goes to their standard input; no shell sees anything of a tenant's. */
final class Tool {
    private static final long PATIENCE_S = 20;
    private static final int WORDS_MAX = 64 * 1024;

    private Tool() {}

    /**
     * @param input for its standard input
     * @return what it said
     * @throws NetworkException with its complaint when it ends with anything but 0
     */
    static String run(String input, String... words) throws IOException {
        var builder = new ProcessBuilder(words).redirectErrorStream(true);
        var path = builder.environment().getOrDefault("PATH", "/usr/bin:/bin");
        builder.environment().clear();
        builder.environment().put("PATH", path + ":/usr/sbin:/sbin");
        builder.environment().put("LC_ALL", "C");
        var process = builder.start();
        try {
            try (var in = process.getOutputStream()) {
                in.write(input.getBytes(StandardCharsets.US_ASCII));
            } catch (IOException ended) {
                // It says why itself.
            }
            var said = new String(process.getInputStream().readNBytes(WORDS_MAX), StandardCharsets.UTF_8).strip();
            if (!process.waitFor(PATIENCE_S, TimeUnit.SECONDS)) {
                throw new NetworkException(String.join(" ", words) + " does not end");
            }
            if (process.exitValue() != 0) {
                throw new NetworkException(String.join(" ", words) + ": " + shortened(said));
            }
            return said;
        } catch (InterruptedException given) {
            Thread.currentThread().interrupt();
            throw new NetworkException("interrupted while " + List.of(words).getFirst() + " ran");
        } finally {
            process.destroyForcibly();
        }
    }

    private static String shortened(String said) {
        var line = said.lines().findFirst().orElse("it failed without a word");
        return line.length() <= 300 ? line : line.substring(0, 300) + "…";
    }
}
