package io.scaibunker.microvm;

import io.scaibunker.microvm.MachineExit.Cause;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Optional;

/** The sockets and the console of one Firecracker. */
final class FirecrackerDoor implements MonitorDoor {
    private final String id;
    private final FirecrackerConsole console;
    private final FirecrackerApi api;
    private final HybridVsock vsock;

    /** @param sockets of a process that may not have opened them yet */
    FirecrackerDoor(Vertx vertx, String id, MonitorSockets sockets, FirecrackerConsole console) {
        this.id = id;
        this.console = console;
        this.api = new FirecrackerApi(vertx, sockets.reachable(FirecrackerCommand.API_SOCKET));
        this.vsock = new HybridVsock(id, sockets.reachable(FirecrackerCommand.AGENT_SOCKET), sockets.process());
    }

    FirecrackerApi api() {
        return api;
    }

    /** It has opened what it was given. */
    void listening() {
        console.handedOver();
    }

    @Override
    public Thread tail(ConsoleTail to) {
        return console.tail(id, to);
    }

    @Override
    public SocketChannel agent() throws IOException {
        return vsock.connect();
    }

    @Override
    public void pause() throws IOException {
        api.patch(FirecrackerCalls.state("Paused"));
    }

    @Override
    public void goOn() throws IOException {
        api.patch(FirecrackerCalls.state("Resumed"));
    }

    @Override
    public boolean isPaused() throws IOException {
        return api.state().equals("Paused");
    }

    @Override
    public void askToEnd() throws IOException {
        api.put(FirecrackerCalls.action("SendCtrlAltDel"));
    }

    /** A guest's reset ends it well, and nothing else does; whether that was a power-off it does not tell. */
    @Override
    public Optional<Cause> cause(int status, Duration atMost) {
        return status == 0 ? Optional.of(Cause.GUEST) : Optional.empty();
    }

    @Override
    public void close() {
        vsock.close();
        api.close();
        console.close();
    }
}
