package io.scaibunker.microvm;

import io.scaibunker.ext4.ScratchDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What to start.
 *
 * @param id names the machine in logs and in the host's process list; letters, digits, {@code _} and {@code -}, up to 64
 * @param workDir the machine's own directory; made when missing, removed by nobody but {@link Leftovers}. All of one
 *     worker's lie in one parent directory
 * @param kernel a bzImage
 * @param initrd what {@link io.scaibunker.guest.Initrd} wrote for that kernel
 * @param rootfs the image, one ext4 file system; opened for reading only, any number of machines may share it
 * @param scratch takes the machine's writes; made as a sparse ext4 of {@code diskMb} when missing
 * @param diskMb size of a new scratch, MiB, 8..1048576
 * @param cpuMillicores 1..64000; rounded up to whole virtual processors
 * @param memoryMb the guest's memory, MiB, 64..1048576
 * @param hostname lower-case letters, digits and {@code -}, up to 63
 * @param network empty: the machine has no network device
 */
public record MachineSpec(
        String id,
        Path workDir,
        Path kernel,
        Path initrd,
        Path rootfs,
        Path scratch,
        int diskMb,
        int cpuMillicores,
        int memoryMb,
        String hostname,
        Optional<MachineNetwork> network) {

    /** What the monitor makes, in the machine's directory. */
    static final String RUN = "run";

    private static final Pattern ID = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_-]{0,63}");
    private static final Pattern HOSTNAME = Pattern.compile("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?");

    public MachineSpec {
        require(ID.matcher(id).matches(), "id", id);
        require(HOSTNAME.matcher(hostname).matches(), "hostname", hostname);
        require(diskMb >= 8 && diskMb <= 1 << 20, "diskMb", diskMb);
        require(cpuMillicores >= 1 && cpuMillicores <= 64_000, "cpuMillicores", cpuMillicores);
        require(memoryMb >= 64 && memoryMb <= 1 << 20, "memoryMb", memoryMb);
        workDir = workDir.toAbsolutePath().normalize();
        kernel = kernel.toAbsolutePath();
        initrd = initrd.toAbsolutePath();
        rootfs = rootfs.toAbsolutePath();
        scratch = scratch.toAbsolutePath();
    }

    /** Virtual processors: the millicores, rounded up. */
    int processors() {
        return (cpuMillicores + 999) / 1000;
    }

    /**
     * Makes its directory and, where it has none, its disk.
     *
     * @return what the disk has cost
     */
    Duration prepare() throws IOException {
        for (var file : List.of(kernel, initrd, rootfs)) {
            if (!Files.isReadable(file)) {
                throw new IOException("cannot read " + file);
            }
        }
        Files.createDirectories(
                workDir, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        var begun = System.nanoTime();
        if (!Files.exists(scratch)) {
            ScratchDisk.create(scratch, diskMb);
        }
        return Duration.ofNanos(System.nanoTime() - begun);
    }

    private static void require(boolean right, String what, Object value) {
        if (!right) {
            throw new IllegalArgumentException("machine " + what + " is out of range: " + value);
        }
    }
}
