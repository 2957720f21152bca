package io.scaibunker.vulns;

import io.scaibunker.vulns.Inventory.Gap;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Makes the inventory of an image from its files, in one pass and in whatever order they come. Give it what the image shows in the end:
 * no files that a later layer hides. All content is a tenant's: time and memory are bounded, and what is wrong becomes a {@link Gap}.
 * Not safe for use by several threads.
 *
 * <pre>
 *   if (builder.wants(path, size, executable)) builder.offer(path, size, content);   // a regular file
 *   builder.link(path);                                                              // a symbolic link
 *   Inventory inventory = builder.build();
 * </pre>
 */
public final class InventoryBuilder {
    private static final int SMALLEST_PROGRAM = 256 << 10;

    private final Collector found;
    private final DpkgReader dpkg;
    private final RpmReader rpm;
    private final JarReader jars;
    private final GoReader programs;
    private boolean systemIsALink;
    private long left;

    public InventoryBuilder() {
        this(InventoryLimits.DEFAULT);
    }

    public InventoryBuilder(InventoryLimits limits) {
        found = new Collector(limits);
        left = limits.allBytes();
        dpkg = new DpkgReader(found);
        rpm = new RpmReader(found);
        jars = new JarReader(found);
        programs = new GoReader(found);
    }

    /**
     * Whether a regular file may tell of packages. Costs next to nothing.
     *
     * @param path from the image's root, without a leading slash
     * @param executable whether anybody may execute it
     */
    public boolean wants(String path, long size, boolean executable) {
        return (executable && size >= SMALLEST_PROGRAM) || reader(path) != Reader.NONE;
    }

    private enum Reader {
        SYSTEM,
        DPKG,
        DPKG_LIST,
        APK,
        RPM,
        PYTHON,
        NPM,
        GEM,
        JAR,
        NONE
    }

    private static Reader reader(String path) {
        if (Paths.SYSTEM.contains(path)) {
            return Reader.SYSTEM;
        }
        if (path.equals(Paths.DPKG) || Paths.dpkgPart(path)) {
            return Reader.DPKG;
        }
        if (Paths.dpkgList(path)) {
            return Reader.DPKG_LIST;
        }
        if (Paths.APK.contains(path)) {
            return Reader.APK;
        }
        if (Paths.python(path)) {
            return Reader.PYTHON;
        }
        if (Paths.npm(path)) {
            return Reader.NPM;
        }
        if (Paths.gem(path)) {
            return Reader.GEM;
        }
        if (Paths.jar(path)) {
            return Reader.JAR;
        }
        return Paths.rpm(path) ? Reader.RPM : Reader.NONE;
    }

    /**
     * Reads a file that was {@link #wants wanted}; not necessarily to its end, and never closes it.
     *
     * @throws IOException only if {@code content} itself cannot be read; what is in it never throws
     */
    public void offer(String path, long size, InputStream content) throws IOException {
        if (left <= 0) {
            found.gap(ScanReason.TOO_LARGE, path, "there is more in the image than can be looked at");
            return;
        }
        var source = new SourceInput(content, left);
        try {
            read(path, size, source);
        } catch (ScanException known) {
            source.rethrow();
            found.gap(known.reason(), path, String.valueOf(known.getMessage()));
        } catch (IOException | RuntimeException malformed) {
            source.rethrow();
            found.gap(ScanReason.INVENTORY_INCOMPLETE, path, "cannot be read: " + malformed.getMessage());
        }
        left -= source.count();
    }

    private void read(String path, long size, InputStream content) throws IOException {
        var limits = found.limits();
        switch (reader(path)) {
            case SYSTEM -> SystemReader.read(path, new Lines(content, limits.metadataBytes()), found);
            case DPKG -> dpkg.status(path, content);
            case DPKG_LIST -> dpkg.list(content);
            case APK -> ApkReader.read(path, content, found);
            case RPM -> rpm.read(path, size, content);
            case PYTHON -> PythonReader.read(path, content, found);
            case NPM -> NodeReader.read(path, content, found);
            case GEM -> GemReader.read(path, content, found);
            case JAR -> jars.read(path, content);
            case NONE -> programs.read(path, content);
        }
    }

    /**
     * Tells of a symbolic link. Links are not followed; but one that hides what the image is, or where its packages are listed, leaves a
     * gap unless what it hides is found elsewhere.
     */
    public void link(String path) {
        systemIsALink |= Paths.SYSTEM.contains(path);
    }

    /** The inventory of all that was offered. */
    public Inventory build() {
        var gaps = new ArrayList<>(found.gaps());
        var notes = new ArrayList<String>();
        var components = new ArrayList<Component>();
        var ownedByOthers = 0;
        for (var component : found.components()) {
            if (component.kind().ofSystem()) {
                components.add(component);
            } else if (found.owned().contains(Paths.merged(outermost(component.path())))) {
                ownedByOthers++;
            } else {
                components.add(component);
            }
        }
        if (ownedByOthers > 0) {
            notes.add(
                    ownedByOthers + " packages of languages belong to packages of the system and are judged by those");
        }
        if (found.unnamedJars() > 0) {
            notes.add(found.unnamedJars() + " jars do not say what they are and are not matched");
        }
        var placed = place(components, gaps);
        placed.sort(Comparator.comparing((Component component) -> component.kind())
                .thenComparing(Component::name)
                .thenComparing(Component::version)
                .thenComparing(Component::path));
        return new Inventory(found.system(), List.copyOf(placed), List.copyOf(gaps), List.copyOf(notes));
    }

    /** A jar in a jar is written {@code outer.jar!/inner.jar}. */
    private static String outermost(String path) {
        var inner = path.indexOf("!/");
        return inner < 0 ? path : path.substring(0, inner);
    }

    /** Packages of the system belong to the ecosystem of the system, and to none if that is not known. */
    private List<Component> place(List<Component> components, List<Gap> gaps) {
        var system = found.system();
        var kind = system == null ? null : system.packages().orElse(null);
        var ecosystem = system == null ? null : system.ecosystem().orElse(null);
        var placed = new ArrayList<Component>(components.size());
        var ofSystem = 0;
        var strange = 0;
        for (var component : components) {
            if (!component.kind().ofSystem()) {
                placed.add(component);
            } else if (ecosystem != null && component.kind() == kind) {
                ofSystem++;
                placed.add(component.in(ecosystem));
            } else {
                strange++;
                placed.add(component);
            }
        }
        if (strange > 0) {
            gaps.add(new Gap(
                    ScanReason.UNSUPPORTED_OS,
                    "",
                    strange + " packages of a system that no advisories are known for: "
                            + (system == null
                                    ? "the image does not say which"
                                    : system.id() + " " + system.version())));
        }
        if (system != null && kind != null && ofSystem + strange == 0 && gaps.isEmpty()) {
            gaps.add(new Gap(
                    ScanReason.INVENTORY_INCOMPLETE, "", "no list of the packages of " + system.id() + " was found"));
        }
        if (system == null && systemIsALink) {
            gaps.add(new Gap(ScanReason.INVENTORY_INCOMPLETE, "etc/os-release", "a link that leads nowhere known"));
        }
        return placed;
    }
}
