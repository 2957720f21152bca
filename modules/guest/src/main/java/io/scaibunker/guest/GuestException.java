package io.scaibunker.guest;

import org.jspecify.annotations.Nullable;

/** What went wrong between the host and an agent. The command itself failing is not one: that is an {@link ExecOutcome}. */
public final class GuestException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Why, for those who decide what to do next. */
    public enum Reason {
        /** The request does not fit the wire; the same request never will. */
        TOO_LARGE,
        /** As many commands run on this connection as it carries; later there may be room. */
        TOO_MANY,
        /** The agent in this machine is of an older version and cannot do that. */
        UNSUPPORTED,
        /** The guest sent what no honest agent sends. The connection is closed. */
        PROTOCOL,
        /** The guest does not take what it is sent. The connection is closed. */
        STALLED,
        /** The agent did not answer in the time given. The connection stays as it was. */
        TIMEOUT,
        /** The connection is closed: by us, or because the machine is gone. */
        CLOSED,
    }

    private final Reason reason;

    GuestException(Reason reason, String text) {
        this(reason, text, null);
    }

    GuestException(Reason reason, String text, @Nullable Throwable cause) {
        super(text, cause);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }
}
