package io.scaibunker.browser;

import static io.scaibunker.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** What moves and what lies where: an image's layers, who feeds whom, the caches. On two real workers, in one story. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class FleetPageTest {
    private static final Duration WORK = Duration.ofSeconds(90);
    private static final String UNNAMED = "f".repeat(64) + ".ext4";

    @TempDir
    private static Path dir;

    private static Path tar;
    private static Platform platform;
    private static Browser browser;
    private static String group;

    @BeforeAll
    static void start() throws Exception {
        assumeTrue(Files.exists(Path.of("/usr/bin/chromium")), "chromium is missing");
        assumeTrue(Files.exists(Path.of("/usr/bin/chromedriver")), "chromedriver is missing (chromium-driver)");
        Path images = Files.createDirectories(dir.resolve("images"));
        tar = SmallSystem.tar(images);
        // Slow enough to be looked at while it feeds another.
        platform = new Platform(
                dir.resolve("node"), images, Map.of("worker.upload-rate", "150KiB", "worker.cache-quota", "1GiB"));
        group = platform.post(
                        "/availability-groups",
                        new JsonObject().put("name", "pool").put("image_policy", "all"))
                .getString("id");
        join(platform.workerId());
        browser = new Browser("http://127.0.0.1:" + platform.port());
        browser.open("/console");
        browser.signIn(platform.key());
        browser.reads("No images yet");
    }

    @AfterAll
    static void stop() {
        if (browser != null) {
            browser.close();
        }
        if (platform != null) {
            platform.close();
        }
    }

    @Test
    @Order(1)
    void theLayersOfAnImageAreListedWithWhatWasThereBefore() {
        register("first", 32);
        browser.open("/console/images/first?tab=layers");
        browser.reads("1 layer, ", WORK);
        browser.reads("all were unpacked");
        assertThat(browser.find("ol.layers .badge").getText()).isEqualTo("unpacked");

        register("larger", 40);
        browser.open("/console/images/larger?tab=layers");
        browser.reads("lay on the worker before, and were not unpacked again", WORK);
        browser.reads("also in 1 other image");
        assertThat(browser.find("ol.layers .badge").getText()).isEqualTo("reused");
        usableByAll();
    }

    @Test
    @Order(2)
    void whoFeedsWhomIsSeenByNameWhileItLasts() {
        platform.startWorker("two", dir.resolve("two"), Map.of("worker.sweep", "10m"));
        browser.open("/console/fleet");
        browser.reads("Nobody feeds anybody now.");
        join(workerNamed("two"));

        assertThat(browser.find(".feeders > li > .line a").getText()).isEqualTo("one");
        assertThat(browser.find(".feeders .fed a").getText()).isEqualTo("two");
        assertThat(browser.find(".feeders .fed").getText()).contains("fetching");
        assertThat(browser.find("td[data-label=From] a").getText()).isEqualTo("one");
        usableByAll();

        browser.reads("Everything is where it should be.", WORK);
        browser.reads("Nobody feeds anybody now.");
    }

    @Test
    @Order(3)
    void aCacheIsCollectedOnceItWasSeenWhatWouldGoAndWhyTheRestStays() throws Exception {
        Path unnamed = Files.write(dir.resolve("two/var/worker/copies").resolve(UNNAMED), new byte[4096]);
        browser.open("/console/fleet");
        browser.reads("of 1.0 GiB");
        browser.click("[aria-label='Collect on two']");
        browser.reads("What would go from two");
        browser.reads("no copy names it");
        browser.reads("wanted by a group or a bunker");
        assertThat(browser.complaints()).isEmpty();
        browser.press("Cancel");
        assertThat(unnamed).exists();

        browser.click("[aria-label='Collect on two']");
        browser.reads("4.0 KiB would go");
        browser.click("dialog .primary");
        browser.reads("two: 4.0 KiB freed");
        eventually("the file is gone", WORK, () -> Files.exists(unnamed), there -> !there);

        browser.click("[aria-label='Collect on two']");
        browser.reads("Nothing: ");
        browser.press("Close");
    }

    @Test
    @Order(4)
    void howFullACacheIsIsABarOfItsQuota() {
        for (String page : List.of("/workers", "/workers/" + workerNamed("one"), "/fleet")) {
            browser.open("/console" + page);
            browser.see("[aria-label='Cache of one that is taken']");
            browser.resize(360, 740);
            browser.isNarrowEnough();
            browser.resize(1360, 900);
        }
        browser.open("/console/workers/" + workerNamed("two"));
        browser.reads("no quota");
        assertThat(browser.errors()).isEmpty();
    }

    private static void register(String name, int sizeMib) {
        platform.post(
                "/images",
                new JsonObject()
                        .put("name", name)
                        .put("build_source", new JsonObject().put("kind", "tar").put("path", tar.toString()))
                        .put("size_mib", sizeMib));
    }

    private static void join(String worker) {
        platform.post(
                "/availability-groups/" + group + "/workers",
                new JsonObject().put("worker_ids", new JsonArray().add(worker)));
    }

    private static String workerNamed(String name) {
        return eventually(
                        "worker " + name + " is ready",
                        WORK,
                        () -> platform.get("/workers").getJsonArray("data").stream()
                                .map(JsonObject.class::cast)
                                .filter(worker -> name.equals(worker.getString("name"))
                                        && "ready".equals(worker.getString("status")))
                                .findFirst()
                                .orElse(new JsonObject()),
                        worker -> worker.containsKey("id"))
                .getString("id");
    }

    /** By eye, keyboard and screen reader, in both lights, on a small screen. */
    private static void usableByAll() {
        List<String> complaints = new ArrayList<>();
        for (boolean dark : new boolean[] {false, true}) {
            browser.dark(dark);
            complaints.addAll(browser.complaints());
        }
        browser.dark(false);
        browser.resize(360, 740);
        browser.isNarrowEnough();
        browser.resize(1360, 900);
        assertThat(complaints).isEmpty();
    }
}
