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
    INTERRUPTED(130);

    private final int number;

    ExitCode(int number) {
        this.number = number;
    }

    int number() {
        return number;
    }
}
