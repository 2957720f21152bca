package io.scaibunker.guest;

/** Linux' error numbers that commands and work with files can meet, in words. */
public final class Errno {
    private Errno() {}

    public static String text(int errno) {
        return switch (errno) {
            case 1 -> "operation not permitted";
            case 2 -> "no such file or directory";
            case 5 -> "input/output error";
            case 7 -> "argument list too long";
            case 8 -> "not an executable format";
            case 11 -> "try again, too many at once";
            case 12 -> "out of memory";
            case 13 -> "permission denied";
            case 16 -> "busy";
            case 17 -> "it exists already";
            case 20 -> "not a directory";
            case 21 -> "is a directory";
            case 22 -> "invalid argument";
            case 24 -> "too many open files";
            case 26 -> "the program is being written to";
            case 27 -> "too large a file";
            case 28 -> "no space left on the disk";
            case 30 -> "read-only";
            case 36 -> "name too long";
            case 39 -> "the directory is not empty";
            case 40 -> "too many symbolic links";
            default -> "error " + errno;
        };
    }
}
