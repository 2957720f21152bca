package io.scaibunker.cli;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What every command that calls a platform takes. */
final class Remote {
    @Option(names = "--context", paramLabel = "NAME", description = "Another context than the one in use.")
    private @Nullable String context;

    @Option(
            names = {"-v", "--verbose"},
            description = "Tell on standard error what is asked over HTTP, but for secrets, and how long it took.")
    private boolean verbose;

    Api api(Terminal terminal) throws IOException {
        return new Api(Contexts.ofUser(terminal.environment()).find(context), verbose ? terminal.err() : null);
    }
}
