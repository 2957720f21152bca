package io.scaibunker.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import org.jline.terminal.Attributes;
import org.jline.terminal.TerminalBuilder;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code scaibunker bunker shell}: this terminal becomes one inside; all keys go there, Ctrl-C included. */
@Command(
        name = "shell",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description = "A terminal in a bunker. All keys go inside, Ctrl-C included; the shell's end ends it.",
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0..255:the shell's own", "125:it could not be had, or the connection was lost"})
final class ShellCommand implements Callable<Integer> {
    private static final int NOT_RUN = 125;
    private static final int SIGNALLED = 128;
    private static final int PIECE = 4096;

    @Parameters(paramLabel = "BUNKER", description = BunkerCommand.BUNKER)
    private String bunker = "";

    @Option(names = "--user", paramLabel = "USER", description = "A name or number of the image.")
    private @Nullable String user;

    @Option(names = "--program", paramLabel = "PATH", description = "Default: bash where the image has it, else sh.")
    private @Nullable String program;

    @Mixin
    private Remote remote = new Remote();

    private final Terminal terminal;

    ShellCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        try (var screen = TerminalBuilder.builder()
                .system(true)
                .dumb(true)
                // What the terminal can is asked by the program inside, if anybody; its answers must not be lost here.
                .graphemeCluster(false)
                .build()) {
            if (isNone(screen)) {
                throw new UsageException("standard input is no terminal; scaibunker bunker exec runs commands");
            }
            return run(screen);
        } catch (IOException | UsageException | Names.MissingThing failed) {
            terminal.err().println("scaibunker bunker shell: " + failed.getMessage());
            return NOT_RUN;
        }
    }

    private static boolean isNone(org.jline.terminal.Terminal screen) {
        return screen.getType().startsWith(org.jline.terminal.Terminal.TYPE_DUMB);
    }

    private int run(org.jline.terminal.Terminal screen) throws IOException {
        var api = remote.api(terminal);
        var call = Call.get("bunkers", new Names(api).bunker(bunker), "shell")
                .with("user", user)
                .with("program", program)
                .with("cols", Math.max(1, screen.getSize().getColumns()))
                .with("rows", Math.max(1, screen.getSize().getRows()));
        var inside = new Inside(screen.output());
        // Before anything comes from inside: whoever answers it must find that keys go there.
        Attributes before = screen.enterRawMode();
        try {
            var socket = api.socket(call, inside);
            var queue = new SocketQueue(socket);
            try {
                screen.handle(
                        org.jline.terminal.Terminal.Signal.WINCH,
                        signal -> resize(
                                queue,
                                screen.getSize().getColumns(),
                                screen.getSize().getRows()));
                Thread.ofPlatform().daemon().start(() -> type(queue));
                return inside.end();
            } finally {
                socket.abort();
            }
        } finally {
            screen.setAttributes(before);
        }
    }

    /** Reads keys past the screen's own stream: that one could not be closed while a key is waited for. */
    private void type(SocketQueue queue) {
        var piece = new byte[PIECE];
        try {
            for (var count = terminal.in().read(piece);
                    count >= 0;
                    count = terminal.in().read(piece)) {
                // One at a time: what nobody takes inside is not read here.
                queue.bytes(ByteBuffer.wrap(piece.clone(), 0, count)).join();
            }
        } catch (IOException | RuntimeException _) {
            // The connection, or the terminal, is gone; whoever waits for the end learns it there.
        }
    }

    private static void resize(SocketQueue queue, int columns, int rows) {
        if (columns > 0 && rows > 0) {
            var size = Api.JSON.createObjectNode();
            size.putObject("resize").put("cols", columns).put("rows", rows);
            queue.text(size.toString());
        }
    }

    /** What comes from inside; its last word is {@code {"exit":{…}}}. */
    private static final class Inside implements WebSocket.Listener {
        private final OutputStream screen;
        private final CompletableFuture<Integer> ended = new CompletableFuture<>();
        private final StringBuilder text = new StringBuilder();
        private @Nullable JsonNode exit;

        Inside(OutputStream screen) {
            this.screen = screen;
        }

        @Override
        public @Nullable CompletionStage<?> onBinary(WebSocket socket, ByteBuffer data, boolean last) {
            try {
                var piece = new byte[data.remaining()];
                data.get(piece);
                screen.write(piece);
                screen.flush();
                socket.request(1);
            } catch (IOException unwritable) {
                ended.completeExceptionally(unwritable);
            }
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
            text.append(data);
            if (last) {
                try {
                    exit = Api.JSON.readTree(text.toString()).path("exit");
                } catch (IOException _) {
                    // Nothing that tells of an end.
                }
                text.setLength(0);
            }
            socket.request(1);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onClose(WebSocket socket, int status, String reason) {
            var told = exit;
            if (told == null) {
                ended.completeExceptionally(new IOException(
                        reason.isEmpty() ? "the connection was closed (" + status + ")" : Text.plain(reason)));
            } else {
                ended.complete(
                        told.path("signal").isInt()
                                ? SIGNALLED + told.path("signal").asInt()
                                : told.path("exit_code").asInt());
            }
            return null;
        }

        @Override
        public void onError(WebSocket socket, Throwable broken) {
            ended.completeExceptionally(new IOException("the connection was lost: " + broken.getMessage(), broken));
        }

        int end() throws IOException {
            try {
                return ended.get();
            } catch (ExecutionException failed) {
                var why = failed.getCause() == null ? failed : failed.getCause();
                throw new IOException(String.valueOf(why.getMessage()), failed);
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted");
            }
        }
    }
}
