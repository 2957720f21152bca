package io.scaibunker.vulns;

import io.scaibunker.vulns.Inventory.Gap;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Where readers put what they find. */
final class Collector {
    private static final int LONGEST = 512;
    private static final int MOST_GAPS = 100;

    private final InventoryLimits limits;
    private final List<Component> components = new ArrayList<>();
    private final List<Gap> gaps = new ArrayList<>();
    private final Set<String> owned = new HashSet<>();

    @Nullable
    private OperatingSystem system;

    private int unnamedJars;

    Collector(InventoryLimits limits) {
        this.limits = limits;
    }

    InventoryLimits limits() {
        return limits;
    }

    /** @throws ScanException if there are too many */
    void add(Component component) throws ScanException {
        if (components.size() >= limits.components()) {
            throw new ScanException(ScanReason.TOO_LARGE, "more than " + limits.components() + " packages");
        }
        if (sane(component.name()) && sane(component.version())) {
            components.add(component);
        } else {
            throw new ScanException(ScanReason.INVENTORY_INCOMPLETE, "a package without a proper name and version");
        }
    }

    private static boolean sane(String text) {
        return !text.isBlank() && text.length() <= LONGEST && text.chars().noneMatch(character -> character < ' ');
    }

    /** A file that a package of the system brought. Only those that a reader of languages may meet are kept. */
    void owns(String path) throws ScanException {
        var plain = Paths.merged(path);
        if (Paths.ofLanguage(plain) || Paths.maybeProgram(plain)) {
            if (owned.size() >= limits.ownedPaths()) {
                throw new ScanException(
                        ScanReason.TOO_LARGE, "more than " + limits.ownedPaths() + " files of packages");
            }
            owned.add(plain);
        }
    }

    void gap(ScanReason reason, String path, String text) {
        if (gaps.size() < MOST_GAPS) {
            gaps.add(new Gap(reason, path, text));
        }
    }

    /** etc/os-release is asked before usr/lib/os-release, in whatever order they come. */
    void system(OperatingSystem found, boolean first) {
        if (system == null || first) {
            system = found;
        }
    }

    void unnamedJar() {
        unnamedJars++;
    }

    int unnamedJars() {
        return unnamedJars;
    }

    @Nullable
    OperatingSystem system() {
        return system;
    }

    List<Component> components() {
        return components;
    }

    List<Gap> gaps() {
        return gaps;
    }

    Set<String> owned() {
        return owned;
    }
}
