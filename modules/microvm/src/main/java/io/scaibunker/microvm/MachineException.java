package io.scaibunker.microvm;

import org.jspecify.annotations.Nullable;

/** A machine could not be started, did not get ready, or cannot do what it was asked. */
public final class MachineException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Why, for those who decide what to do next. */
    public enum Reason {
        /** The monitor program, the kernel, a disk or the directory is missing or refused: the host is not fit. */
        HOST,
        /** The machine ended while it was waited for; {@code text} holds the end of its console. */
        ENDED,
        /** The agent did not answer in time; the machine still runs. */
        TIMEOUT,
        /** The machine is not ready (yet, or any more) for that. */
        NOT_READY,
    }

    private final Reason reason;

    MachineException(Reason reason, String text) {
        this(reason, text, null);
    }

    MachineException(Reason reason, String text, @Nullable Throwable cause) {
        super(text, cause);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }
}
