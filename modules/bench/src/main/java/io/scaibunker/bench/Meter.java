package io.scaibunker.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Runs a program under time(1), which knows its memory and processor time, within a shell that tells what was written. */
final class Meter {
    /** A shell's counters hold those of the programs that it waited for. */
    private static final String SHELL = "\"$@\"; code=$?; cat /proc/$$/io >\"$0\"; exit $code";

    private static final double TICKS_PER_SECOND = 100;
    private static final int STAT_BLOCK = 512;

    private final Path work;
    private final Path said;

    /** @param work a directory for notes */
    Meter(Path work) {
        this.work = work;
        this.said = work.resolve("stdout");
    }

    /** What the last program said on standard output, of those that say little. */
    Path said() {
        return said;
    }

    Sample run(Contender contender, boolean keepsWords) throws IOException, InterruptedException {
        var sum = new Sample(0, 0, 0, 0, 0, 0, 0);
        for (var command : contender.commands()) {
            sum = sum.then(measure(contender.name(), command, keepsWords));
        }
        var start = System.nanoTime();
        sync();
        var synced = (System.nanoTime() - start) / 1e9;
        return new Sample(
                sum.wall(), sum.cpu(), synced, sum.peakMb(), sum.written(), allocated(contender), sum.foreign());
    }

    static void sync() throws IOException, InterruptedException {
        new ProcessBuilder("sync").inheritIO().start().waitFor();
    }

    private Sample measure(String name, List<String> command, boolean keepsWords)
            throws IOException, InterruptedException {
        var times = work.resolve("times");
        var counters = work.resolve("io");
        var line = new ArrayList<>(List.of("/usr/bin/time", "-f", "%U %S %M", "-o", times.toString()));
        line.addAll(List.of("/bin/sh", "-c", SHELL, counters.toString()));
        line.addAll(command);
        var builder = new ProcessBuilder(line)
                .redirectOutput(
                        keepsWords ? ProcessBuilder.Redirect.to(said.toFile()) : ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.INHERIT);
        var busyBefore = busySeconds();
        var start = System.nanoTime();
        var code = builder.start().waitFor();
        var wall = (System.nanoTime() - start) / 1e9;
        var busy = busySeconds() - busyBefore;
        if (code != 0) {
            throw new IOException(name + " ended with " + code + ": " + String.join(" ", command));
        }
        var fields = Files.readString(times).strip().split(" ");
        var cpu = Double.parseDouble(fields[0]) + Double.parseDouble(fields[1]);
        var peak = Double.parseDouble(fields[2]) * 1024 / 1e6;
        return new Sample(wall, cpu, 0, peak, written(counters), 0, Math.max(0, (busy - cpu) / wall));
    }

    private static long written(Path counters) throws IOException {
        return Files.readAllLines(counters).stream()
                .filter(line -> line.startsWith("wchar: "))
                .mapToLong(line -> Long.parseLong(line.substring(7)))
                .sum();
    }

    /** Of all processors and processes, since the machine started. */
    private static double busySeconds() throws IOException {
        var fields = Files.readAllLines(Path.of("/proc/stat")).getFirst().split(" +");
        // user nice system idle iowait irq softirq; steal belongs to another machine
        var ticks = Long.parseLong(fields[1]) + Long.parseLong(fields[2]) + Long.parseLong(fields[3]);
        return (ticks + Long.parseLong(fields[6]) + Long.parseLong(fields[7])) / TICKS_PER_SECOND;
    }

    private static long allocated(Contender contender) throws IOException, InterruptedException {
        if (!Files.exists(contender.result(), LinkOption.NOFOLLOW_LINKS)) {
            return 0;
        }
        var stat = new ProcessBuilder("stat", "-c", "%b", contender.result().toString()).start();
        try (var words = stat.inputReader()) {
            var blocks = Long.parseLong(words.readLine());
            stat.waitFor();
            return blocks * STAT_BLOCK;
        }
    }
}
