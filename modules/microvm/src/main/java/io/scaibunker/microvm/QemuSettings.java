package io.scaibunker.microvm;

import java.nio.file.Path;

/**
 * How QEMU is used on this host.
 *
 * @param program {@code qemu-system-x86_64}, a name looked for in PATH or a path
 * @param acceleration as {@link AccelerationProbe} found it
 * @param sandbox whether QEMU puts itself under its system call filter; off only where QEMU was built without
 * @param diskRate what each machine may read and write, bytes a second; 0 for no limit
 */
public record QemuSettings(Path program, Acceleration acceleration, boolean sandbox, long diskRate) {
    /** The distribution's program and the filter on. */
    public static QemuSettings of(Acceleration acceleration) {
        return new QemuSettings(PROGRAM, acceleration, true, 0);
    }

    public QemuSettings withDiskRate(long bytesPerSecond) {
        return new QemuSettings(program, acceleration, sandbox, bytesPerSecond);
    }

    static final Path PROGRAM = Path.of("qemu-system-x86_64");
}
