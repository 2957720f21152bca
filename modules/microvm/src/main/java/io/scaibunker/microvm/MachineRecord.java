package io.scaibunker.microvm;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;

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

    /** Empty when there is none; also when it is not one of ours, since nothing can be done with it then. */
    static Optional<MachineRecord> read(Path workDir) throws IOException {
        try {
            var lines = Files.readAllLines(workDir.resolve(FILE));
            return Optional.of(new MachineRecord(value(lines, "pid="), value(lines, "start_ticks=")));
        } catch (NoSuchFileException | NumberFormatException none) {
            return Optional.empty();
        }
    }

    /** Whether that very process still runs. */
    boolean runs() {
        try {
            return startTicks(pid) == startTicks;
        } catch (IOException gone) {
            return false;
        }
    }

    private static long value(List<String> lines, String name) {
        return lines.stream()
                .filter(line -> line.startsWith(name))
                .map(line -> Long.parseLong(line.substring(name.length())))
                .findFirst()
                .orElseThrow(() -> new NumberFormatException(name + " is missing"));
    }

    private static long startTicks(long pid) throws IOException {
        var stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
        // The second field is the program's name in brackets and may hold anything; the start is field 22.
        var fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        return Long.parseLong(fields[19]);
    }
}
