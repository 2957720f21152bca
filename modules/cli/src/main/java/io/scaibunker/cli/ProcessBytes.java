package io.scaibunker.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What this process and the programs that it started and waited for have passed to the calls that read and write, so far.
 *
 * @param read bytes, whether from disk or from memory
 * @param written bytes, whether they reached the disk or not
 */
record ProcessBytes(long read, long written) {
    private static final Path COUNTERS = Path.of("/proc/self/io");

    /** Empty where the kernel does not count. */
    static Optional<ProcessBytes> now() {
        try {
            long read = 0;
            long written = 0;
            for (var line : Files.readAllLines(COUNTERS)) {
                if (line.startsWith("rchar: ")) {
                    read = Long.parseLong(line.substring(7));
                } else if (line.startsWith("wchar: ")) {
                    written = Long.parseLong(line.substring(7));
                }
            }
            return Optional.of(new ProcessBytes(read, written));
        } catch (IOException | NumberFormatException _) {
            return Optional.empty();
        }
    }

    ProcessBytes minus(ProcessBytes before) {
        return new ProcessBytes(read - before.read, written - before.written);
    }
}
