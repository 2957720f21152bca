package io.scaibunker.vulns;

import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What an image holds. Read once, when the image is baked; matched again whenever the advisories change.
 *
 * @param system null if the image does not say, as one made from scratch does not
 * @param components sorted, so that equal images have equal inventories
 * @param gaps what could not be read; as long as there are any, nobody knows all that the image holds
 * @param notes what a reader of the verdict should know
 */
public record Inventory(
        @Nullable OperatingSystem system, List<Component> components, List<Gap> gaps, List<String> notes) {
    /**
     * Something that tells of packages and could not be read.
     *
     * @param path in the image, without a leading slash; empty if it is about the image as a whole
     */
    public record Gap(ScanReason reason, String path, String text) {}

    /** The ecosystems whose advisories are needed, by the names of their folders. */
    public SortedSet<String> ecosystems() {
        return components.stream()
                .map(component -> component.ecosystem().base())
                .filter(base -> !base.isEmpty())
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
