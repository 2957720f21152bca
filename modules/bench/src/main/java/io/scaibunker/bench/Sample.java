package io.scaibunker.bench;

import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * What one run took.
 *
 * @param wall seconds
 * @param cpu seconds of user and system
 * @param sync seconds of a sync afterwards
 * @param peakMb resident memory of the largest of its processes, in MB of 1,000,000 bytes
 * @param written bytes passed to the calls that write
 * @param allocated bytes that the result takes on disk
 * @param foreign what others used meanwhile, in processors
 */
record Sample(double wall, double cpu, double sync, double peakMb, long written, long allocated, double foreign) {
    private static final double QUIET = 0.15;

    boolean isQuiet() {
        return foreign <= QUIET;
    }

    /** One after the other. */
    Sample then(Sample next) {
        return new Sample(
                wall + next.wall,
                cpu + next.cpu,
                sync + next.sync,
                Math.max(peakMb, next.peakMb),
                written + next.written,
                next.allocated,
                (foreign * wall + next.foreign * next.wall) / Math.max(1e-9, wall + next.wall));
    }

    /** The quiet ones. */
    static List<Sample> quiet(List<Sample> samples) {
        return samples.stream().filter(Sample::isQuiet).toList();
    }

    /** Whether the quiet ones do. */
    static boolean isMostlyQuiet(List<Sample> samples) {
        return quiet(samples).size() * 2 >= samples.size();
    }

    static double median(List<Sample> samples, ToDoubleFunction<Sample> what) {
        var sorted = samples.stream().mapToDouble(what).sorted().toArray();
        var middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
