package io.scaibunker.microvm;

import java.nio.file.Path;
import java.util.Optional;

/**
 * How Firecracker is used on this host.
 *
 * @param program {@code firecracker}, a name looked for in PATH or a path
 * @param jailer its companion, where machines shall have a file system of their own; of the same version
 * @param acceleration as {@link AccelerationProbe} found it: Firecracker has KVM or nothing
 * @param diskRate what each machine may read and write, bytes a second; 0 for no limit
 * @param overheadMb what the monitor may take beside its guest's memory
 */
public record FirecrackerSettings(
        Path program, Optional<Path> jailer, Acceleration acceleration, long diskRate, int overheadMb) {
    private static final int OVERHEAD_MB = 64;

    public static FirecrackerSettings of(
            Path program, Optional<Path> jailer, Acceleration acceleration, long diskRate) {
        return new FirecrackerSettings(program, jailer, acceleration, diskRate, OVERHEAD_MB);
    }
}
