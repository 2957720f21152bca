package io.scaibunker.vulns;

import io.scaibunker.vulns.ScanOutcome.Broken;
import io.scaibunker.vulns.ScanOutcome.Scanned;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedSet;

/** The scanner of this library: an inventory against a database of OSV records. Safe for use by several threads. */
public final class BuiltinScanner implements Scanner {
    /** Said in every report; changes when the same input may give another verdict. */
    public static final String NAME = "builtin/1";

    private final AdvisoryDatabase database;

    public BuiltinScanner(AdvisoryDatabase database) {
        this.database = database;
    }

    @Override
    public ScanOutcome scan(Inventory inventory) {
        return scan(inventory, new HashMap<>());
    }

    @Override
    public String basis() {
        try {
            return NAME + " " + database.version();
        } catch (IOException | RuntimeException unreadable) {
            return NAME + " unreadable: " + unreadable;
        }
    }

    /** What images share, as those on one base do, is asked once. */
    @Override
    public Scanner forMany() {
        var asked = new HashMap<SortedSet<String>, Asked>();
        var basis = basis();
        return new Scanner() {
            @Override
            public ScanOutcome scan(Inventory inventory) {
                return BuiltinScanner.this.scan(inventory, asked);
            }

            @Override
            public String basis() {
                return basis;
            }
        };
    }

    /** The advisories of some ecosystems, and what was found in them so far. */
    private record Asked(AdvisorySnapshot advisories, Matcher matcher) {}

    private ScanOutcome scan(Inventory inventory, Map<SortedSet<String>, Asked> asked) {
        try {
            var ecosystems = inventory.ecosystems();
            var known = asked.get(ecosystems);
            if (known == null) {
                var advisories = database.snapshot(ecosystems);
                known = new Asked(advisories, new Matcher(advisories));
                asked.put(ecosystems, known);
            }
            return new Scanned(
                    NAME,
                    known.advisories.status(),
                    Coverage.of(inventory, known.advisories),
                    known.matcher.match(inventory),
                    inventory.notes());
        } catch (ScanException broken) {
            return new Broken(NAME, broken.reason(), String.valueOf(broken.getMessage()));
        } catch (IOException | RuntimeException unforeseen) {
            return new Broken(NAME, ScanReason.INTERNAL, "the scanner failed: " + unforeseen);
        }
    }
}
