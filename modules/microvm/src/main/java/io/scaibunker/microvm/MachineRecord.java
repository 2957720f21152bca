package io.scaibunker.microvm;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/**
 * What a later worker needs to find a machine again, beside its sockets: the monitor's process. Process numbers are
 * used again, so the moment of its start belongs to it.
 *
 * @param startTicks since the host's boot, from {@code /proc/PID/stat}
 */
record MachineRecord(long pid, long startTicks) {
    static final String FILE = "machine.record";

    static MachineRecord of(long pid) throws IOException {
        return new MachineRecord(pid, startTicks(pid));
    }

    void write(Path workDir) throws IOException {
        var beside = workDir.resolve(FILE + ".part");
        Files.write(beside, List.of("pid=" + pid, "start_ticks=" + startTicks));
        Files.move(beside, workDir.resolve(FILE), StandardCopyOption.ATOMIC_MOVE);
    }

    private static long startTicks(long pid) throws IOException {
        var stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
        // The second field is the program's name in brackets and may hold anything; the start is field 22.
        var fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        return Long.parseLong(fields[19]);
    }
}
