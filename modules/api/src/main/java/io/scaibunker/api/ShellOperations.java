package io.scaibunker.api;

import io.scaibunker.bus.ExecCommand;
import io.scaibunker.bus.ExecCommand.TerminalSize;
import io.scaibunker.store.Bunkers.Bunker;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A terminal in a bunker, over a WebSocket. */
final class ShellOperations {
    private static final Duration LONGEST = Duration.ofHours(24);
    private static final int COLUMNS = 80;
    private static final int ROWS = 24;

    /** The best that the image has. */
    private static final List<String> SHELL =
            List.of("/bin/sh", "-c", "command -v bash >/dev/null 2>&1 && exec bash -il; exec /bin/sh -il");

    private final Vertx vertx;
    private final LiveBunkers bunkers;

    ShellOperations(Vertx vertx, LiveBunkers bunkers) {
        this.vertx = vertx;
        this.bunkers = bunkers;
    }

    void enrolLive(Map<String, LiveOperation> operations) {
        operations.put("openBunkerShell", this::open);
    }

    private Future<Optional<Reply>> open(Request request, HttpServerRequest http) {
        String user = LiveBunkers.user(request.caller(), request.query("user"));
        TerminalSize size = new TerminalSize(
                request.query("cols").map(Integer::parseInt).orElse(COLUMNS),
                request.query("rows").map(Integer::parseInt).orElse(ROWS));
        List<String> program = request.query("program").map(List::of).orElse(SHELL);
        Terminal terminal = new Terminal(vertx);
        return bunkers.open(request, bunker -> command(http, bunker, program, user, size), terminal)
                .compose(call -> {
                    // What comes before the upgrade is held back in the bunker.
                    call.pause();
                    return http.toWebSocket()
                            .onFailure(refused -> call.cancel())
                            .map(socket -> terminal.begin(call, socket));
                });
    }

    private static ExecCommand command(
            HttpServerRequest http, Bunker bunker, List<String> program, String user, TerminalSize size) {
        if (!http.headers().contains(HttpHeaders.UPGRADE, HttpHeaders.WEBSOCKET, true)) {
            throw Request.invalid("Upgrade", "value: none (expected: websocket)");
        }
        return new ExecCommand(bunker.id(), ExecCommand.Kind.COMMAND, program, Map.of(), "", user, LONGEST, size);
    }
}
