package io.scaibunker.ext4;

/** What an inode is. */
public enum FileKind {
    FILE,
    DIRECTORY,
    SYMLINK,
    CHAR_DEVICE,
    BLOCK_DEVICE,
    FIFO,
    SOCKET;

    static FileKind of(int mode) throws ImageReadException {
        return switch (mode >> 12 & 0xf) {
            case 8 -> FILE;
            case 4 -> DIRECTORY;
            case 10 -> SYMLINK;
            case 2 -> CHAR_DEVICE;
            case 6 -> BLOCK_DEVICE;
            case 1 -> FIFO;
            case 12 -> SOCKET;
            default -> throw new ImageReadException("inode of unknown type " + (mode >> 12 & 0xf));
        };
    }
}
