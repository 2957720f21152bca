package io.scaibunker.browser;

import static io.scaibunker.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.logging.Level;
import org.jspecify.annotations.Nullable;
import org.openqa.selenium.By;
import org.openqa.selenium.Dimension;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.WindowType;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

/** Debian's Chromium, without a screen, with one tab. */
final class Browser implements AutoCloseable {
    static final Duration SOON = Duration.ofSeconds(20);

    private static final String AXE = axe();
    private static final @Nullable String SHOTS = System.getProperty("console.shots");

    private final ChromeDriver driver;
    private final String origin;

    Browser(String origin) {
        this.origin = origin;
        ChromeOptions options = new ChromeOptions();
        options.setBinary("/usr/bin/chromium");
        options.addArguments(
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars");
        LoggingPreferences logs = new LoggingPreferences();
        logs.enable(LogType.BROWSER, Level.ALL);
        options.setCapability("goog:loggingPrefs", logs);
        ChromeDriverService service = new ChromeDriverService.Builder()
                .usingDriverExecutable(new File("/usr/bin/chromedriver"))
                .build();
        driver = new ChromeDriver(service, options);
        resize(1360, 900);
    }

    private static String axe() {
        try (InputStream script = Browser.class.getResourceAsStream("/axe.min.js")) {
            return new String(Objects.requireNonNull(script).readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void resize(int width, int height) {
        driver.executeCdpCommand(
                "Emulation.setDeviceMetricsOverride",
                Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", false));
        driver.manage().window().setSize(new Dimension(Math.max(width, 600), height));
    }

    void dark(boolean dark) {
        driver.executeCdpCommand(
                "Emulation.setEmulatedMedia",
                Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", dark ? "dark" : "light"))));
    }

    void open(String path) {
        driver.get(origin + path);
    }

    /** Runs before all scripts of a page, of each page from now on. */
    void atEachStart(String script) {
        driver.executeCdpCommand("Page.addScriptToEvaluateOnNewDocument", Map.of("source", script));
    }

    /** What was loaded before is loaded again. */
    void forgetCached() {
        driver.executeCdpCommand("Network.clearBrowserCache", Map.of());
    }

    String path() {
        return driver.getCurrentUrl().substring(origin.length());
    }

    /** Signs in through the page, as a person does. */
    void signIn(String key) {
        find("input[name=key]").sendKeys(key);
        find("button[type=submit]").click();
    }

    void signOut() {
        driver.executeScript("sessionStorage.clear()");
        driver.executeScript("location.href = '/console'");
        see("input[name=key]");
    }

    WebElement find(String selector) {
        return found("there is " + selector, By.cssSelector(selector), element -> {});
    }

    /** The first that is shown, with which something was done; what is drawn anew meanwhile is looked for again. */
    private WebElement found(String what, By place, Consumer<WebElement> then) {
        return eventually(
                        what + " on " + path(),
                        SOON,
                        () -> {
                            try {
                                var shown = driver.findElements(place).stream()
                                        .filter(WebElement::isDisplayed)
                                        .findFirst();
                                shown.ifPresent(then);
                                return shown;
                            } catch (StaleElementReferenceException redrawn) {
                                return Optional.<WebElement>empty();
                            }
                        },
                        Optional::isPresent)
                .orElseThrow();
    }

    void see(String selector) {
        find(selector);
    }

    void seeNoMore(String selector) {
        eventually(
                selector + " is gone from " + path(),
                SOON,
                () -> {
                    try {
                        return driver.findElements(By.cssSelector(selector)).stream()
                                .noneMatch(WebElement::isDisplayed);
                    } catch (StaleElementReferenceException redrawn) {
                        return false;
                    }
                },
                gone -> gone);
    }

    void click(String selector) {
        found("there is " + selector, By.cssSelector(selector), WebElement::click);
    }

    /** A button or a link by its words; where a dialog is open, one of those in it. */
    void press(String words) {
        String place = driver.findElements(By.cssSelector("dialog[open]")).isEmpty() ? "" : "//dialog[@open]";
        press(words, By.xpath(place + "//*[self::button or self::a][normalize-space(.)='" + words + "']"));
    }

    void pressTab(String words) {
        press(words, By.xpath("//*[@role='tab'][normalize-space(.)='" + words + "']"));
    }

    private void press(String words, By place) {
        found("there is «" + words + "»", place, WebElement::click);
    }

    /** The page before this one, as the browser's own button does it. */
    void back() {
        driver.navigate().back();
    }

    /** Another tab is looked at while {@code meanwhile} goes on. */
    void lookAway(Runnable meanwhile) {
        String here = driver.getWindowHandle();
        driver.switchTo().newWindow(WindowType.TAB);
        try {
            meanwhile.run();
        } finally {
            driver.close();
            driver.switchTo().window(here);
        }
    }

    /** Words of what has the focus. */
    String focused() {
        WebElement element = driver.switchTo().activeElement();
        String name = element.getAccessibleName();
        return name.isEmpty() ? element.getText() : name;
    }

    void downloadsTo(Path folder) {
        driver.executeCdpCommand(
                "Browser.setDownloadBehavior", Map.of("behavior", "allow", "downloadPath", folder.toString()));
    }

    void type(String name, String text) {
        WebElement field = find("[name=" + name + "]");
        field.clear();
        field.sendKeys(text);
    }

    void choose(String input, Path file) {
        driver.findElement(By.cssSelector(input)).sendKeys(file.toString());
    }

    void keys(String text) {
        driver.switchTo().activeElement().sendKeys(text);
    }

    String text() {
        return driver.findElement(By.tagName("body")).getText();
    }

    void reads(String words) {
        reads(words, SOON);
    }

    void readsNoMore(String words) {
        eventually("«" + words + "» is gone from the page", SOON, this::text, text -> !text.contains(words));
    }

    void reads(String words, Duration limit) {
        eventually("«" + words + "» is on the page", limit, this::text, text -> text.contains(words));
    }

    Object run(String script, Object... arguments) {
        return driver.executeScript(script, arguments);
    }

    /** Waits for the end of a promise. */
    void await(String promise) {
        driver.executeAsyncScript(
                "const done = arguments[arguments.length - 1]; (" + promise + ").finally(() => done());");
    }

    /** What axe has to say against the page as it is shown. */
    List<String> complaints() {
        if (!Boolean.TRUE.equals(driver.executeScript("return 'axe' in window"))) {
            driver.executeScript(AXE + "; window.axe = axe;");
        }
        Object found = driver.executeAsyncScript("""
                const done = arguments[arguments.length - 1];
                window.axe.run(document, {resultTypes: ['violations']}).then(result => done(result.violations.flatMap(one =>
                  one.nodes.map(node => `${one.id}: ${node.target.join(' ')}: ${node.failureSummary}`))), thrown => done([String(thrown)]));
                """);
        return ((List<?>) found).stream().map(Object::toString).toList();
    }

    /** A picture of the whole page, for people to look at; only where {@code -Dconsole.shots=DIR} says where it goes. */
    void shoot(String name) {
        if (SHOTS == null) {
            return;
        }
        String size = "return document.documentElement.";
        Map<String, Object> clip = Map.of(
                "x", 0, "y", 0, "scale", 1, "width", run(size + "clientWidth"), "height", run(size + "scrollHeight"));
        Object taken = driver.executeCdpCommand(
                        "Page.captureScreenshot", Map.of("format", "png", "captureBeyondViewport", true, "clip", clip))
                .get("data");
        try {
            Path file = Files.createDirectories(Path.of(SHOTS)).resolve(name + ".png");
            Files.write(file, Base64.getDecoder().decode(String.valueOf(taken)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What the browser itself complained of: errors, refusals by the policy. What a test provokes it leaves out. */
    List<String> errors() {
        return driver.manage().logs().get(LogType.BROWSER).getAll().stream()
                .filter(entry -> entry.getLevel().intValue() >= Level.WARNING.intValue())
                .map(entry -> entry.getMessage())
                .filter(message -> !message.contains("Failed to load resource"))
                .toList();
    }

    void isNarrowEnough() {
        assertThat(run("return document.documentElement.scrollWidth - document.documentElement.clientWidth"))
                .as("what is wider than the window on " + path())
                .isEqualTo(0L);
    }

    @Override
    public void close() {
        driver.quit();
    }
}
