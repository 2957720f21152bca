package io.scaibunker.browser;

import static io.scaibunker.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.Keys;

/**
 * The console as a person uses it, on a node with everything real. One story, in its order: what one test makes the next
 * ones look at, since a bake and a boot take their time.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ConsoleTest {
    private static final Duration BOOT = Duration.ofSeconds(60);

    @TempDir
    private static Path dir;

    private static Path image;
    private static Platform platform;
    private static Wire wire;
    private static Browser browser;

    @BeforeAll
    static void start() throws Exception {
        assumeTrue(Files.exists(Path.of("/usr/bin/chromium")), "chromium is missing");
        assumeTrue(Files.exists(Path.of("/usr/bin/chromedriver")), "chromedriver is missing (chromium-driver)");
        Path images = Files.createDirectories(dir.resolve("images"));
        image = SmallSystem.tar(images);
        platform = new Platform(dir.resolve("node"), images);
        wire = new Wire(platform.port());
        browser = new Browser("http://127.0.0.1:" + wire.port());
        browser.open("/console");
    }

    @AfterAll
    static void stop() {
        if (browser != null) {
            browser.close();
        }
        if (wire != null) {
            wire.close();
        }
        if (platform != null) {
            platform.close();
        }
    }

    @Test
    @Order(10)
    void onlyAKeyThatIsTakenLetsIn() {
        browser.signIn("sgk_" + "x".repeat(40));
        browser.reads("This key is not taken");
        browser.shoot("signin");
        usableByAll("signing in");
        browser.open("/console");
        browser.signIn(platform.key());
        browser.reads("No images yet");
        browser.reads("super admin");
        assertThat(browser.run("return localStorage.length")).isEqualTo(0L);
    }

    @Test
    @Order(12)
    void whoSignsOutIsOutAndBackBringsNobodyIn() {
        browser.press("Workers");
        browser.see(".endless.tall");
        browser.click("[aria-label='Sign out']");
        browser.find("input[name=key]").sendKeys("half a key");
        browser.back();
        // What the page would have asked without a key was answered before this.
        browser.await("fetch('/v1/me')");
        assertThat(browser.find("input[name=key]").getDomProperty("value")).isEqualTo("half a key");
        assertThat(browser.text()).doesNotContain("revoked");
        browser.type("key", platform.key());
        browser.click("button[type=submit]");
        browser.see(".empty");
    }

    @Test
    @Order(14)
    void anImageOfNoGroupSaysSoUntilAGroupIsMadeForIt() {
        browser.open("/console/images/new");
        browser.type("name", "early");
        browser.press("Tarball on a worker");
        browser.type("path", image.resolveSibling("missing.tar").toString());
        browser.press("Register");
        browser.reads("No worker should hold it yet");
        browser.shoot("image-of-no-group");
        browser.click("main .empty a");
        browser.reads("No groups yet");
        browser.press("New group");
        browser.shoot("new-group");
        usableByAll("the dialog of a new group");
        browser.press("Make it");
        browser.see("dialog [aria-invalid]");
        browser.type("name", "pool");
        browser.press("Make it");
        browser.reads("Nobody is in it");
        browser.press("Add");
        browser.see("dialog input[type=checkbox]");
        browser.shoot("picker");
        usableByAll("the dialog to pick workers");
        browser.back();
        browser.seeNoMore("dialog");
        browser.press("pool");
        browser.press("Add");
        browser.click("dialog input[type=checkbox]");
        browser.click("dialog .button.primary");
        browser.reads("1 copy asked for");
        browser.seeNoMore("dialog");
    }

    @Test
    @Order(16)
    void whatWentWrongIsReadInFullAndTheImageIsRetired() {
        browser.press("early");
        browser.click("button.trouble");
        browser.see("dialog .whole");
        browser.shoot("trouble");
        browser.keys(Keys.ESCAPE.toString());
        browser.seeNoMore("dialog");
        assertThat(browser.focused()).contains("missing.tar");
        browser.press("Warm");
        browser.reads("1 asked for");
        browser.press("Deactivate");
        browser.see("dialog");
        usableByAll("the question before an image is retired");
        browser.click("dialog .danger");
        browser.see("main .badge.is-deactivated");
    }

    @Test
    @Order(20)
    void aFanOutIsSeenFromPendingToReadyWithoutAReload() {
        browser.open("/console/images");
        browser.press("Register an image");
        browser.type("name", "small");
        browser.press("Tarball on a worker");
        browser.type("path", image.toString());
        browser.type("size_mib", "32");
        browser.type("default_memory_mb", "128");
        browser.type("default_disk_mb", "64");
        browser.press("Dry run");
        browser.reads("Dry run: nothing has moved");
        browser.reads("32 MiB probably fits");
        browser.run("""
                window.notReloaded = true;
                window.seen = new Set();
                new MutationObserver(() => {
                  const tile = document.querySelector('.tile .value');
                  if (tile) window.seen.add(tile.textContent);
                }).observe(document.body, {subtree: true, childList: true, characterData: true});
                """);
        browser.press("Register");
        browser.reads("1 of 1", BOOT);
        browser.reads("everywhere it should be");
        assertThat(browser.run("return [...window.seen]").toString()).contains("0 of 1", "1 of 1");
        assertThat(browser.run("return window.notReloaded")).isEqualTo(true);
        assertThat(browser.run("return document.querySelector('canvas.grid').getAttribute('aria-label')")
                        .toString())
                .contains("1 ready");

        browser.press("History");
        browser.reads("The image was registered.");
        browser.press("Findings");
        browser.reads("Verdict");
    }

    @Test
    @Order(25)
    void theGridIsWalkedByKeysAndItsImageWarmedAndScanned() {
        browser.pressTab("Workers");
        browser.run("document.querySelector('canvas.grid').focus()");
        browser.keys(Keys.ARROW_RIGHT.toString());
        assertThat(browser.find(".tip").getText()).contains("one", "ready");
        browser.keys(Keys.ESCAPE.toString());
        browser.seeNoMore(".tip");
        browser.press("Warm");
        browser.reads("Nothing to do: 1 ready");
        assertThat(browser.focused()).isEqualTo("Warm");
        browser.press("Scan");
        browser.reads("A new scan was asked for");
        assertThat(browser.focused()).isEqualTo("Scan");
    }

    @Test
    @Order(30)
    void aBunkerIsMadeAndItsTerminalAnswers() {
        browser.open("/console/bunkers/new?image=small");
        browser.reads("1 worker");
        browser.type("name", "desk");
        browser.press("Create");
        browser.reads("connected", BOOT);
        browser.keys("echo $((6*7))\n");
        eventually(
                "the terminal answers",
                BOOT,
                () -> browser.run("return document.querySelector('.xterm-rows').innerText")
                        .toString(),
                text -> text.lines().anyMatch(line -> line.strip().matches("(# )?42")));
        browser.click("#spoken");
        eventually(
                "the terminal is told to screen readers",
                Browser.SOON,
                () -> browser.run("return document.querySelector('.xterm-accessibility')?.innerText ?? ''")
                        .toString(),
                text -> text.contains("42"));
        browser.click("#spoken");
        browser.reads("Why this worker");
        browser.press("Console");
        browser.see("pre.console");
    }

    @Test
    @Order(40)
    void filesGoInAndAreThere() throws Exception {
        browser.press("Files");
        browser.reads("bin");
        Path file = Files.writeString(dir.resolve("<b>hello.txt"), "hello");
        browser.choose("input[type=file]", file);
        browser.reads("<b>hello.txt");
        String bunker = browser.path().replaceAll(".*/(bnk_\\w+).*", "$1");
        assertThat(platform.get("/bunkers/" + bunker + "/files/list?path=/").encode())
                .contains("<b>hello.txt");
    }

    @Test
    @Order(42)
    void filesAreFetchedAndRemovedAndALinkIsFollowed() throws Exception {
        Path downloads = Files.createDirectory(dir.resolve("downloads"));
        browser.downloadsTo(downloads);
        browser.press("<b>hello.txt");
        eventually(
                "the file is fetched",
                Browser.SOON,
                () -> {
                    try (var files = Files.list(downloads)) {
                        return files.map(ConsoleTest::content).toList();
                    }
                },
                found -> found.equals(List.of("hello")));
        browser.click("[aria-label='Remove <b>hello.txt']");
        browser.click("dialog .danger");
        browser.readsNoMore("<b>hello.txt");
        browser.press("shortcut");
        browser.see("[aria-label='What /shortcut holds']");
        browser.reads("sh");
    }

    @Test
    @Order(43)
    void anAnswerAboutAFolderThatWasLeftIsNotShown() {
        platform.post(
                "/bunkers/" + bunker() + "/exec",
                new JsonObject()
                        .put("command", "i=0; while [ $i -lt 2000 ]; do : > /bin/$i; i=$((i+1)); done")
                        .put("timeout_s", 300));
        // Both are asked for at once, and the one that is not wanted any more answers last.
        browser.click(".trail .step");
        browser.see("[aria-label='What / holds']");
        browser.run("""
                const name = text => [...document.querySelectorAll('.entry')].find(one => one.textContent === text);
                name('bin').click();
                document.querySelector('.trail .step').click();
                """);
        browser.await("fetch('/v1/me')");
        browser.click("[aria-label='Remove shortcut']");
        browser.reads("/shortcut");
        browser.press("Cancel");
        browser.see("[aria-label='What / holds']");
    }

    @Test
    @Order(44)
    void aBunkerStandsStillAndGoesOnByOneButtonThatKeepsTheFocus() {
        browser.press("Pause");
        browser.see("main .titled .is-paused");
        assertThat(browser.focused()).isEqualTo("Resume");
        browser.open(browser.path().replaceAll("[?].*", "?tab=files"));
        browser.reads("It is paused");
        browser.press("Resume");
        browser.see("[aria-label='What / holds']");
        browser.see("main .titled .is-running");
    }

    @Test
    @Order(46)
    void whileNothingAnswersAPageSaysHowOldItIs() {
        browser.press("Workers");
        browser.see(".endless.tall");
        wire.cut();
        try {
            browser.reads("Not updated since");
            browser.shoot("stale");
        } finally {
            wire.mend();
        }
        browser.readsNoMore("Not updated since");
    }

    @Test
    @Order(48)
    void aWorkerIsDrainedAndResumed() {
        browser.press("one");
        browser.press("Drain");
        browser.see("main .titled .is-draining");
        assertThat(browser.focused()).isEqualTo("Resume");
        browser.press("Resume");
        browser.see("main .titled .is-ready");
    }

    @Test
    @Order(50)
    void aLostConnectionIsTakenUpAgainWhereItWasCut() {
        browser.open("/console/images/small");
        browser.see(".liveness.is-live");
        browser.run("window.notReloaded = true");
        wire.cut();
        try {
            browser.see(".liveness.is-lost");
            platform.database().execute("""
                    INSERT INTO workers (id, name, status, incarnation, cpu_millicores, memory_mb, disk_mb, grpc_address, driver, acceleration)
                    VALUES (gen_random_uuid(), 'ghost', 'ready', gen_random_uuid(), 1000, 1000, 1000, '127.0.0.1:1', 'qemu', 'kvm');
                    INSERT INTO group_workers (group_id, worker_id)
                    SELECT g.id, w.id FROM availability_groups g, workers w WHERE w.name = 'ghost';
                    INSERT INTO image_cache (image_id, worker_id, status, attempts, error_code, error_message, next_try_at)
                    SELECT i.id, w.id, 'failed', 7, 'WORKER_DISK_FULL', '<img src=x onerror=alert(1)>', now() + interval '1 hour'
                      FROM images i, workers w WHERE w.name = 'ghost'
                    """);
        } finally {
            wire.mend();
        }
        browser.see(".liveness.is-live");
        browser.reads("WORKER_DISK_FULL: <img src=x onerror=alert(1)>");
        browser.reads("1 of 2");
        assertThat(browser.run("return window.notReloaded")).isEqualTo(true);
        platform.database().execute("DELETE FROM workers WHERE name = 'ghost'");
    }

    @Test
    @Order(60)
    void aRefusalSaysWhy() {
        browser.open("/console/bunkers/new?image=small");
        browser.type("memory_mb", "200000");
        browser.press("Create");
        browser.reads("Nobody took it");
        browser.shoot("refused");
        browser.reads("no room");
        browser.reads("WORKER_UNAVAILABLE");
    }

    @Test
    @Order(65)
    void whatIsOddAboutAWishIsSaidBesideIt() {
        browser.type("memory_mb", "128");
        browser.type("env_vars", "FOO");
        browser.press("Create");
        browser.reads("«FOO» has no value");
        browser.type("env_vars", "FOO=1");
        browser.click("details.more summary");
        browser.click("[name=network_profile] option[value=allowlisted]");
        browser.type("network_allowlist", "no such place");
        browser.press("Create");
        browser.see("[name=network_allowlist][aria-invalid]");
        browser.shoot("bunkers-new-more");
        usableByAll("the form of a bunker");
    }

    @Test
    @Order(70)
    void everyPageCanBeUsedByEverybodyAndFitsASmallScreen() {
        String image = platform.get("/images/small").getJsonObject("data").getString("id");
        String worker = platform.workerId();
        String group = platform.get("/availability-groups")
                .getJsonArray("data")
                .getJsonObject(0)
                .getString("id");
        String bunker = bunker();
        List<String> pages = List.of(
                "/images",
                "/images/new",
                "/images/" + image,
                "/images/" + image + "?tab=findings",
                "/images/" + image + "?tab=history",
                "/images/" + image + "?tab=details",
                "/groups",
                "/groups/" + group,
                "/workers",
                "/workers/" + worker,
                "/bunkers",
                "/bunkers/new",
                "/bunkers/" + bunker + "?tab=files",
                "/bunkers/" + bunker + "?tab=terminal",
                "/fleet",
                "/nowhere");
        List<String> complaints = new ArrayList<>();
        for (String page : pages) {
            browser.open("/console" + page);
            browser.see("main h1");
            eventually(
                    "it is loaded: " + page,
                    Browser.SOON,
                    () -> browser.run("return document.querySelector('.skeleton') === null"),
                    loaded -> loaded.equals(true));
            String name =
                    page.substring(1).replaceAll("/[a-z]+_[0-9a-f]+", "-one").replaceAll("[^a-z]+", "-");
            for (boolean dark : new boolean[] {false, true}) {
                browser.dark(dark);
                browser.shoot(name + (dark ? "-dark" : ""));
                browser.complaints().forEach(said -> complaints.add(page + (dark ? " dark: " : ": ") + said));
            }
            browser.dark(false);
            browser.resize(360, 740);
            browser.isNarrowEnough();
            browser.shoot(name + "-narrow");
            browser.complaints().forEach(said -> complaints.add(page + " narrow: " + said));
            browser.resize(1360, 900);
        }
        assertThat(complaints).isEmpty();
        browser.resize(360, 740);
        browser.click("[aria-label=Menu]");
        browser.see("nav.open [data-place='/fleet']");
        browser.await("Promise.all(document.getAnimations().map(one => one.finished))");
        browser.shoot("menu-narrow");
        usableByAll("the open menu");
        browser.keys(Keys.ESCAPE.toString());
        browser.resize(1360, 900);
    }

    @Test
    @Order(75)
    void aTabThatNobodyLooksAtKeepsNoConnectionAndTakesItUpAgain() {
        browser.open("/console/images/small");
        browser.see(".liveness.is-live");
        browser.lookAway(
                () -> eventually("nobody watches", Browser.SOON, platform::watchers, watchers -> watchers == 0));
        browser.see(".liveness.is-live");
        assertThat(platform.watchers()).isEqualTo(1);
    }

    @Test
    @Order(78)
    void aBunkerIsEndedOnceThatIsConfirmed() {
        browser.open("/console/bunkers/" + bunker());
        browser.press("End it");
        browser.press("Cancel");
        assertThat(browser.focused()).isEqualTo("End it");
        browser.press("End it");
        browser.click("dialog .danger");
        browser.see("main .titled .is-terminated");
        browser.pressTab("Files");
        browser.reads("It has ended");
        browser.press("Bunkers");
        browser.reads("No bunkers now");
        browser.press("All");
        browser.reads("desk");
    }

    @Test
    @Order(80)
    void theDocumentationShowsEveryOperation() {
        browser.open("/docs");
        browser.see("article.operation");
        long operations = (long) browser.run("return document.querySelectorAll('article.operation').length");
        long lines = (long)
                browser.run(
                        "return [...document.querySelectorAll('article.operation > .code')].filter(one => one.textContent.includes('curl')).length");
        assertThat(operations).isGreaterThan(50).isEqualTo(lines);
        assertThat(browser.complaints()).isEmpty();
        browser.resize(360, 740);
        browser.isNarrowEnough();
        browser.resize(1360, 900);
    }

    @Test
    @Order(90)
    void nothingIsAskedOfAnybodyElseAndThePolicyNeedsNoException() {
        browser.open("/console/images/small");
        browser.see("canvas.grid");
        assertThat((List<?>) browser.run("return performance.getEntriesByType('resource').map(one => one.name)"))
                .isNotEmpty()
                .allSatisfy(name -> assertThat(name.toString()).startsWith("http://127.0.0.1:" + wire.port() + "/"));
        assertThat(browser.errors()).isEmpty();
    }

    @Test
    @Order(100)
    void ofThousandsOfWorkersOnlyThoseSeenAreInTheDocument() {
        platform.database().execute("""
                INSERT INTO workers (id, name, status, incarnation, cpu_millicores, memory_mb, disk_mb, grpc_address, driver, acceleration)
                SELECT gen_random_uuid(), 'many-' || i, 'ready', gen_random_uuid(), 1000, 1000, 1000, '127.0.0.1:1', 'qemu', 'kvm'
                  FROM generate_series(1, 5000) i;
                INSERT INTO group_workers (group_id, worker_id)
                SELECT g.id, w.id FROM availability_groups g, workers w WHERE w.name LIKE 'many-%'
                """);
        browser.open("/console/images/small");
        browser.reads("1 of 5,001", BOOT);
        assertThat((long) browser.run("return document.querySelectorAll('table tr').length"))
                .isBetween(5L, 60L);
        assertThat((long) browser.run("return document.querySelector('canvas.grid').clientHeight"))
                .isGreaterThan(300);
        platform.database()
                .execute(
                        "UPDATE image_cache SET status = 'ready', ready_at = now(), artifact_digest = 'sha256:00' WHERE worker_id IN"
                                + " (SELECT id FROM workers WHERE name LIKE 'many-1%')");
        browser.reads("1,112 of 5,001", BOOT);
        browser.shoot("image-of-thousands");
    }

    @Test
    @Order(110)
    void aKeyThatIsRevokedEndsTheSessionAndSaysSo() {
        JsonObject key = platform.post("/v1/api-keys", new JsonObject().put("name", "guest"));
        browser.signOut();
        browser.signIn(key.getString("key"));
        browser.see(".liveness.is-live, .card");
        browser.open("/console/images/small");
        browser.see(".liveness.is-live");
        platform.delete("/v1/api-keys/" + key.getString("id"));
        browser.reads("it was revoked or has expired");
        browser.see("input[name=key]");
        assertThat(browser.run("return sessionStorage.length")).isEqualTo(0L);
        assertThat(new JsonArray((List<?>) browser.run("return Object.keys(localStorage)")))
                .isEmpty();
    }

    private static void usableByAll(String what) {
        assertThat(browser.complaints()).as(what).isEmpty();
    }

    private static String bunker() {
        return platform.get("/bunkers").getJsonArray("data").getJsonObject(0).getString("id");
    }

    private static String content(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
