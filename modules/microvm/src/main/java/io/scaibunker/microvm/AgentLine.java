package io.scaibunker.microvm;

import io.scaibunker.guest.GuestConnection;
import io.scaibunker.guest.GuestException;
import io.scaibunker.guest.GuestHello;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/** The line to the agent of one machine, which some monitors can only lay when the agent is there. */
final class AgentLine {
    private final String id;
    private final CompletableFuture<GuestConnection> connection = new CompletableFuture<>();
    private volatile boolean closed;

    AgentLine(String id) {
        this.id = id;
    }

    /** Begins to lay it. */
    void lay(MonitorDoor door, Consumer<GuestException> onBroken) {
        Thread.ofVirtual().name("agent-" + id).start(() -> connect(door, onBroken));
    }

    private void connect(MonitorDoor door, Consumer<GuestException> onBroken) {
        try {
            var made = GuestConnection.open(id, door.agent());
            made.closed().thenAcceptAsync(onBroken, Thread::startVirtualThread);
            connection.complete(made);
            if (closed) {
                made.close();
            }
        } catch (IOException | RuntimeException failed) {
            connection.completeExceptionally(failed);
        }
    }

    /**
     * Waits until the agent has answered.
     *
     * @throws TimeoutException one may wait again
     * @throws ExecutionException with the reason why it never will
     */
    GuestHello awaitHello(Duration atMost) throws InterruptedException, TimeoutException, ExecutionException {
        var deadline = System.nanoTime() + atMost.toNanos();
        var made = connection.copy().get(atMost.toMillis(), TimeUnit.MILLISECONDS);
        try {
            return made.awaitHello(Duration.ofNanos(Math.max(0, deadline - System.nanoTime())));
        } catch (GuestException failed) {
            if (failed.reason() == GuestException.Reason.TIMEOUT) {
                throw new TimeoutException(failed.getMessage());
            }
            throw new ExecutionException(failed);
        }
    }

    /** The connection, while an agent is there that has answered. */
    Optional<GuestConnection> ready() {
        return made().filter(GuestConnection::isReady);
    }

    private Optional<GuestConnection> made() {
        return connection.isDone() && !connection.isCompletedExceptionally()
                ? Optional.of(connection.join())
                : Optional.empty();
    }

    void close() {
        closed = true;
        made().ifPresent(GuestConnection::close);
    }
}
