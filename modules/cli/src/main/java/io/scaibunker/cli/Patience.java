package io.scaibunker.cli;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** {@code --timeout}: how long to wait for what has been asked for. */
final class Patience {
    private static final int LONGEST_S = 604_800;

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            converter = Seconds.class,
            description = "Give up waiting after so long (exit code 10); what was asked for goes on. Default: never.")
    private @Nullable Duration longest;

    @Nullable
    Duration longest() {
        return longest;
    }

    static final class Seconds implements ITypeConverter<Duration> {
        @Override
        public Duration convert(String text) {
            if (text.matches("[0-9]{1,6}") && Integer.parseInt(text) >= 1 && Integer.parseInt(text) <= LONGEST_S) {
                return Duration.ofSeconds(Integer.parseInt(text));
            }
            throw new TypeConversionException("'" + text + "' is not a whole number from 1 to " + LONGEST_S);
        }
    }
}
