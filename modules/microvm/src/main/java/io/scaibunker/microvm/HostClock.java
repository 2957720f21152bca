package io.scaibunker.microvm;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How fast the host's time stamp counter runs. Under TCG the guest reads that very counter and has nothing to calibrate
 * it against, so it must be told, and as exactly as its clock shall be right.
 */
final class HostClock {
    private static final Logger log = LoggerFactory.getLogger(HostClock.class);
    private static final Pattern MEGAHERTZ = Pattern.compile("(?m)^cpu MHz\\s*:\\s*([0-9]+)\\.([0-9]{3})");

    private HostClock() {}

    /** Thousand ticks a second, or empty where it cannot be known. Takes a tenth of a second. */
    static OptionalLong tscKilohertz() throws InterruptedException {
        try {
            return OptionalLong.of(measured());
        } catch (IOException e) {
            log.warn(
                    "the clock of this host cannot be measured ({}); guests may see a clock that drifts", e.toString());
            return nominal();
        }
    }

    /** Java cannot read the counter, so a program of ten lines does. */
    private static long measured() throws IOException, InterruptedException {
        var onlyOwner = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
        var program = Files.createTempFile("scaibunker-tsc", "", onlyOwner);
        try {
            try (var in = HostClock.class.getResourceAsStream("/io/scaibunker/microvm/tsc");
                    var out = Files.newOutputStream(program)) {
                if (in == null) {
                    throw new IOException("this build holds no clock measure");
                }
                in.transferTo(out);
            }
            return run(program);
        } finally {
            Files.deleteIfExists(program);
        }
    }

    private static long run(Path program) throws IOException, InterruptedException {
        var process = new ProcessBuilder(program.toString()).start();
        try {
            if (!process.waitFor(5, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new IOException("the clock measure did not end well");
            }
            var words = new String(process.getInputStream().readNBytes(64), StandardCharsets.US_ASCII);
            return Long.parseLong(words.strip());
        } catch (NumberFormatException e) {
            throw new IOException("the clock measure said no number", e);
        } finally {
            process.destroyForcibly();
        }
    }

    private static OptionalLong nominal() {
        try {
            var match = MEGAHERTZ.matcher(Files.readString(Path.of("/proc/cpuinfo")));
            return match.find()
                    ? OptionalLong.of(Long.parseLong(match.group(1) + match.group(2)))
                    : OptionalLong.empty();
        } catch (IOException e) {
            return OptionalLong.empty();
        }
    }
}
