package io.scaibunker.cli;

/** How a command ended; the help of each command lists these. */
enum ExitCode {
    DONE(0),
    /** A mistake of ours. */
    FAILED(1),
    /** The command line is wrong; nothing was begun. */
    USAGE(2),
    /** The source is not there, or cannot be reached, or not with these credentials. */
    SOURCE_MISSING(3),
    /** The source is there, and damaged, or nothing that can be baked. */
    SOURCE_UNFIT(4),
    /** The content does not fit. */
    TOO_LARGE(5),
    /** This machine: its disk is full, a program is missing, a file cannot be written. */
    HOST(6),
    /** Not signed in, or not allowed. */
    DENIED(7),
    /** The platform says no as things stand: a name is taken, a state is wrong, a quota is used up, no worker has room. */
    REFUSED(8),
    /** The platform does not answer, or cannot serve now. */
    UNREACHABLE(9),
    /** What was waited for did not come within {@code --timeout}. */
    TIMED_OUT(10),
    /** What was waited for ended badly. */
    UNSUCCESSFUL(11),
    INTERRUPTED(130);

    private final int number;

    ExitCode(int number) {
        this.number = number;
    }

    int number() {
        return number;
    }
}
