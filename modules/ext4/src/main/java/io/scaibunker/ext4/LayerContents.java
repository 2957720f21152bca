package io.scaibunker.ext4;

import io.scaibunker.ext4.ExtentTree.Extent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What the reading of one layer left behind, by the number of the entry: where each file's blocks lie in the layer's
 * segment, and extended attributes. Some 12 bytes an entry and 12 a run of blocks.
 */
final class LayerContents {
    private static final int RUN = 3;

    private final Map<Integer, Map<String, byte[]>> attributes = new HashMap<>();
    private int[] firstRun = new int[64];
    private int[] runs = new int[64 * RUN];
    private int runCount;
    private int entries;

    /** What comes now belongs to the next entry. */
    void begin(Map<String, byte[]> entrysAttributes) {
        if (entries + 1 == firstRun.length) {
            firstRun = Arrays.copyOf(firstRun, entries * 2);
        }
        if (!entrysAttributes.isEmpty()) {
            attributes.put(entries, entrysAttributes);
        }
        firstRun[entries++] = runCount;
        firstRun[entries] = runCount;
    }

    /** The entry's block {@code logical} is the segment's block {@code physical}; both grow. */
    void add(int logical, int physical) {
        if (runCount > firstRun[entries - 1]) {
            var last = (runCount - 1) * RUN;
            var length = runs[last + 2];
            if (runs[last] + length == logical && runs[last + 1] + length == physical && length < ExtentTree.LONGEST) {
                runs[last + 2]++;
                return;
            }
        }
        addRun(logical, physical, 1);
    }

    /** Some blocks of the entry that lie one behind the other. */
    void addRun(int logical, int physical, int length) {
        var at = runCount * RUN;
        if (at == runs.length) {
            runs = Arrays.copyOf(runs, at * 2);
        }
        runs[at] = logical;
        runs[at + 1] = physical;
        runs[at + 2] = length;
        firstRun[entries] = ++runCount;
    }

    /** How many runs of blocks there are in all. */
    int runs() {
        return runCount;
    }

    /** An entry's blocks; those of the segment count from {@code start}. */
    List<Extent> extents(int ordinal, long start) {
        var result = new ArrayList<Extent>();
        for (var run = firstRun[ordinal]; run < firstRun[ordinal + 1]; run++) {
            var at = run * RUN;
            result.add(new Extent(runs[at], start + runs[at + 1], runs[at + 2]));
        }
        return result;
    }

    Map<String, byte[]> attributes(int ordinal) {
        return attributes.getOrDefault(ordinal, Collections.emptyMap());
    }
}
