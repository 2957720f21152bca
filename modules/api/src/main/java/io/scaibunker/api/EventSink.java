package io.scaibunker.api;

/** Where a watcher is told things. Lives on one event loop. */
interface EventSink {
    /** Whether what was sent has not gone out yet: more must wait for {@link #onDrain}. */
    boolean isFull();

    void send(Frame frame);

    /** Says that the connection lives, though nothing happens. */
    void beat();

    /** Calls {@code look} whenever there may be room again. */
    void onDrain(Runnable look);

    /** Calls {@code gone} once the watcher has gone away. */
    void onClose(Runnable gone);

    /** Ends it from our side. */
    void close();
}
