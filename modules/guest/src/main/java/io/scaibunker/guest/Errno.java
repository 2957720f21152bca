package io.scaibunker.guest;

/** Linux' error numbers that starting a command can meet, in words. */
final class Errno {
    private Errno() {}

    static String text(int errno) {
        return switch (errno) {
            case 1 -> "operation not permitted";
            case 2 -> "no such file or directory";
            case 5 -> "input/output error";
            case 7 -> "argument list too long";
            case 8 -> "not an executable format";
            case 11 -> "try again, too many at once";
            case 12 -> "out of memory";
            case 13 -> "permission denied";
            case 20 -> "not a directory";
            case 21 -> "is a directory";
            case 22 -> "invalid argument";
            case 24 -> "too many open files";
            case 26 -> "the program is being written to";
            case 36 -> "name too long";
            case 40 -> "too many symbolic links";
            default -> "error " + errno;
        };
    }
}
