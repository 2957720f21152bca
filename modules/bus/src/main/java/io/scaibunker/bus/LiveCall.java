package io.scaibunker.bus;

import io.scaibunker.bus.ExecCommand.TerminalSize;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.PlatformException;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;

/** Something under way in a bunker, from the side of who asked for it. Lives on one event loop. */
public interface LiveCall {
    /** How it ended, after the last of its output; or a {@link PlatformException}. */
    Future<ExecEnd> end();

    /** Input. Nothing is refused or lost while {@link #isFull}, but memory grows. */
    void write(Buffer bytes);

    boolean isFull();

    /** Calls {@code look} whenever there is room again. */
    void onDrain(Runnable look);

    /** No more input. */
    void finishInput();

    void resize(TerminalSize size);

    /** Holds output back, in the bunker itself once what lies between is full. */
    void pause();

    void resume();

    /** Ends it, for a caller that goes away; nothing if it is over. */
    default void cancel() {
        cancel(new PlatformException(ErrorCode.CANCELLED, "the caller went away"));
    }

    /** Ends it; {@link #end} fails with {@code why}, unless it is over. */
    void cancel(PlatformException why);
}
