package io.scaibunker.vulns;

import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.vulns.Component.Kind;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;

/** Prints what loading and matching cost with the real databases, in time of the processor and in heap. */
class MeasurementsTest {
    @Test
    void loadingAndMatchingAreQuick() throws IOException {
        Path folder = TestData.at("osv");
        int entries = 0;
        long heapBefore = heap();
        AdvisoryDatabase database = new AdvisoryDatabase(folder);
        for (String ecosystem : database.ecosystems()) {
            long before = heap();
            long start = processorTime();
            DatabaseStatus status =
                    database.snapshot(List.of(ecosystem)).status().getFirst();
            long millis = (processorTime() - start) / 1_000_000;
            long bytes = heap() - before;
            entries += status.entries();
            System.out.printf(
                    "load %-10s %5d records %6d entries %5d ms %6d KiB, %d bytes an entry%n",
                    ecosystem, status.records(), status.entries(), millis, bytes >> 10, bytes / status.entries());
        }
        long bytes = heap() - heapBefore;
        System.out.printf("all: %d entries, %d KiB, %d MB a million entries%n", entries, bytes >> 10, bytes / entries);
        assertThat(bytes / entries).isLessThan(400);

        List<Component> known = components(folder);
        Random random = new Random(1);
        Inventory one = inventory(known, random, 500);
        BuiltinScanner scanner = new BuiltinScanner(database);
        // An image is mostly sound: four of five packages have no advisories at their versions.
        List<Component> mostlySound =
                new ArrayList<>(inventory(known, random, 100).components());
        for (int index = 0; index < 400; index++) {
            Component sick = known.get(random.nextInt(known.size()));
            mostlySound.add(new Component(
                    sick.kind(), sick.ecosystem(), sick.name(), "99999", sick.sourceName(), "99999", "x"));
        }
        time(scanner, "500 packages, mostly sound", new Inventory(one.system(), mostlySound, List.of(), List.of()));
        time(scanner, "500 packages, all sick", one);
        List<Inventory> stored = new ArrayList<>();
        for (int index = 0; index < 1_000; index++) {
            stored.add(inventory(known, random, 300));
        }
        AdvisoryDatabase swapped = new AdvisoryDatabase(folder);
        swapped.snapshot(one.ecosystems());
        long start = processorTime();
        List<ScanOutcome> outcomes =
                stored.stream().map(new BuiltinScanner(swapped).forMany()::scan).toList();
        System.out.printf("1,000 inventories of 300 packages re-matched: %.0f ms%n", (processorTime() - start) / 1e6);
        assertThat(outcomes).hasSize(1_000).allMatch(ScanOutcome.Scanned.class::isInstance);
    }

    private static void time(Scanner scanner, String what, Inventory inventory) {
        List<Double> millis = new ArrayList<>();
        int findings = 0;
        for (int round = 0; round < 40; round++) {
            long start = processorTime();
            findings =
                    ((ScanOutcome.Scanned) scanner.scan(inventory)).findings().size();
            millis.add((processorTime() - start) / 1e6);
        }
        List<Double> warm = millis.subList(20, 40).stream().sorted().toList();
        System.out.printf(
                "%s, %d findings: first %.1f ms, warm %.1f ms (median), %.1f ms (least)%n",
                what, findings, millis.getFirst(), warm.get(10), warm.getFirst());
        assertThat(findings).isPositive();
    }

    private static Inventory inventory(List<Component> known, Random random, int packages) {
        List<Component> components = new ArrayList<>();
        for (int index = 0; index < packages; index++) {
            components.add(known.get(random.nextInt(known.size())));
        }
        return new Inventory(new OperatingSystem("almalinux", "8", "AlmaLinux 8"), components, List.of(), List.of());
    }

    /** Packages that advisories are known for, at versions that they name. */
    private static List<Component> components(Path folder) throws IOException {
        List<Component> components = new ArrayList<>();
        for (String ecosystem : List.of("PyPI", "Go", "AlmaLinux")) {
            try (ZipFile zip =
                    new ZipFile(folder.resolve(ecosystem).resolve("all.zip").toFile())) {
                for (var entry : zip.stream().limit(1_500).toList()) {
                    OsvRecord record = OsvReader.read(zip.getInputStream(entry));
                    for (OsvRecord.Entry affected :
                            record.affected.stream().limit(2).toList()) {
                        affected.ranges.stream()
                                .filter(range -> !range.type().equals("GIT"))
                                .flatMap(range -> range.events().stream())
                                .reduce((first, last) -> last)
                                .ifPresent(event -> components.add(component(affected, event.version())));
                    }
                }
            }
        }
        return components;
    }

    private static Component component(OsvRecord.Entry affected, String version) {
        Ecosystem ecosystem = Ecosystem.parse(affected.ecosystem).orElseThrow();
        Kind kind =
                ecosystem.base().equals("PyPI") ? Kind.PYTHON : ecosystem.base().equals("Go") ? Kind.GO : Kind.RPM;
        return new Component(kind, ecosystem, affected.name, version, affected.name, version, "x");
    }

    /** Of this thread, in nanoseconds: what other work the machine has does not count. */
    private static long processorTime() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }

    private static long heap() {
        for (int round = 0; round < 3; round++) {
            System.gc();
        }
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }
}
