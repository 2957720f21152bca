package io.scaibunker.scanner;

import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.model.Settings;
import io.scaibunker.store.Database;
import io.scaibunker.store.Migrations;
import io.scaibunker.store.StoreConfig;
import io.scaibunker.testkit.Seeds;
import io.scaibunker.testkit.TestDatabase;
import io.scaibunker.vulns.AdvisoryDatabase;
import io.scaibunker.vulns.BuiltinScanner;
import io.scaibunker.vulns.Component;
import io.scaibunker.vulns.Component.Kind;
import io.scaibunker.vulns.Ecosystem;
import io.scaibunker.vulns.Inventory;
import io.scaibunker.vulns.InventoryJson;
import io.scaibunker.vulns.OperatingSystem;
import io.scaibunker.vulns.Policy;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Prints what it takes to hold stored inventories against new advisories, database and all: 300 packages each, 250 of them from one of 20
 * bases. {@code -Drematch.images=10000} for as many as a large fleet has.
 */
class RematchMeasurementsTest {
    private static final int IMAGES = Integer.getInteger("rematch.images", 200);
    private static final int ADVISED = 2_000;

    @TempDir
    Path advisories;

    private final Vertx vertx = Vertx.vertx();
    private final TestDatabase server = TestDatabase.copyOf("migrated", made -> Migrations.run(made.url()));
    private final Database database = Database.open(
            vertx, server.url(), new StoreConfig(Optional.empty(), 4, Duration.ofSeconds(10), Duration.ofSeconds(60)));

    @AfterEach
    void close() {
        vertx.close().await();
        server.close();
    }

    @Test
    void storedInventoriesAreHeldAgainstNewAdvisories() throws IOException {
        for (int number = 0; number < ADVISED; number++) {
            advise(number, "p" + number, number % 20 == 0 ? "5" : "0.1");
        }
        store();
        Judge judge =
                new Judge(new BuiltinScanner(new AdvisoryDatabase(advisories)), Policy.DEFAULT, InstantSource.system());
        Rematch rematch = new Rematch(
                database,
                judge,
                vertx.createSharedWorkerExecutor("measured", 2),
                Duration.ofMinutes(10),
                ScannerConfig.from(Settings.of(Map.of())).rematchPage());
        time("first verdicts, all changed", rematch);
        advise(ADVISED, "nobody-has-this", "5");
        time("new advisories, none changed", rematch);
        advise(ADVISED + 1, "p0", "9");
        long before = changed();
        time("a new advisory for one package", rematch);
        System.out.printf("of these, %d images have it%n", changed() - before);
        assertThat(server.rows("SELECT DISTINCT status FROM scans")).hasSize(1);
    }

    private long changed() {
        return Long.parseLong(
                server.rows("SELECT count(*)::text AS n FROM findings WHERE id = 'CVE-2024-" + (ADVISED + 1) + "'")
                        .getFirst()
                        .get("n")
                        .toString());
    }

    private void time(String what, Rematch rematch) {
        long start = System.nanoTime();
        long processor = processorTime();
        rematch.drain().await();
        System.out.printf(
                "%d inventories of 300 packages: %s: %.1f s, of these %.1f s of our processor time%n",
                IMAGES, what, (System.nanoTime() - start) / 1e9, (processorTime() - processor) / 1e9);
    }

    /** Of this process: PostgreSQL's is its own, and what other work the machine has does not count. */
    private static long processorTime() {
        return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
                .getProcessCpuTime();
    }

    private void store() throws IOException {
        var owner = Seeds.in(server).owner();
        Random random = new Random(1);
        List<List<Component>> bases = new ArrayList<>();
        for (int base = 0; base < 20; base++) {
            bases.add(packages(random, 250));
        }
        Seeds.in(server).tarImages(owner, IMAGES, "/x.tar");
        server.execute("INSERT INTO scans (image_id, status, reason) SELECT id, 'failed', 'DB_MISSING' FROM images");
        StringBuilder rows = new StringBuilder();
        for (int image = 0; image < IMAGES; image++) {
            List<Component> components = new ArrayList<>(bases.get(image % bases.size()));
            components.addAll(packages(random, 50));
            byte[] packed = InventoryJson.pack(
                    new Inventory(new OperatingSystem("debian", "12", "Debian 12"), components, List.of(), List.of()));
            rows.append(rows.isEmpty() ? "" : ",")
                    .append("('sha256:%064x', '\\x%s')"
                            .formatted(image, HexFormat.of().formatHex(packed)));
            if (image % 200 == 199 || image == IMAGES - 1) {
                server.execute("INSERT INTO inventories (artifact_digest, content) VALUES " + rows);
                rows.setLength(0);
            }
        }
        server.execute("""
                UPDATE scans s SET artifact_digest = v.artifact_digest
                  FROM (SELECT image_id, row_number() OVER (ORDER BY image_id) AS n FROM scans) i
                  JOIN (SELECT artifact_digest, row_number() OVER (ORDER BY artifact_digest) AS n FROM inventories) v USING (n)
                 WHERE s.image_id = i.image_id
                """);
    }

    private static List<Component> packages(Random random, int count) {
        List<Component> packages = new ArrayList<>();
        for (int index = 0; index < count; index++) {
            String name = "p" + random.nextInt(ADVISED * 2);
            String version = "1." + random.nextInt(9) + "-1";
            packages.add(new Component(
                    Kind.DEB, new Ecosystem("Debian", "12"), name, version, name, version, "var/lib/dpkg/status"));
        }
        return packages;
    }

    private void advise(int number, String source, String fixed) throws IOException {
        Path folder = Files.createDirectories(advisories.resolve("Debian"));
        Files.writeString(folder.resolve(number + ".json"), """
                {"id":"DEBIAN-CVE-2024-%1$d","modified":"2026-01-01T00:00:00Z","upstream":["CVE-2024-%1$d"],"affected":[{"package":
                 {"ecosystem":"Debian:12","name":"%2$s"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},
                 {"fixed":"%3$s"}]}],"ecosystem_specific":{"urgency":"high"}}]}
                """.formatted(number, source, fixed));
    }
}
