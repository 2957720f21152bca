package io.scaibunker.browser;

import static io.scaibunker.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.logging.Level;
import org.openqa.selenium.By;
import org.openqa.selenium.Dimension;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

/** Debian's Chromium, without a screen, with one tab. */
final class Browser implements AutoCloseable {
    static final Duration SOON = Duration.ofSeconds(20);

    private static final String AXE = axe();

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
        return eventually(
                        "there is " + selector + " on " + path(),
                        SOON,
                        () -> driver.findElements(By.cssSelector(selector)).stream()
                                .filter(WebElement::isDisplayed)
                                .toList(),
                        found -> !found.isEmpty())
                .getFirst();
    }

    void see(String selector) {
        find(selector);
    }

    void click(String selector) {
        find(selector).click();
    }

    /** A button or a link by its words. */
    void press(String words) {
        eventually(
                        "there is «" + words + "» on " + path(),
                        SOON,
                        () -> driver
                                .findElements(
                                        By.xpath("//*[self::button or self::a][normalize-space(.)='" + words + "']"))
                                .stream()
                                .filter(WebElement::isDisplayed)
                                .toList(),
                        found -> !found.isEmpty())
                .getFirst()
                .click();
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

    void reads(String words, Duration limit) {
        eventually("«" + words + "» is on the page", limit, this::text, text -> text.contains(words));
    }

    Object run(String script, Object... arguments) {
        return driver.executeScript(script, arguments);
    }

    /** What axe has to say against the page as it is shown. */
    List<String> complaints() {
        driver.executeScript(AXE + "; window.axe = axe;");
        Object found = driver.executeAsyncScript("""
                const done = arguments[arguments.length - 1];
                window.axe.run(document, {resultTypes: ['violations']}).then(result => done(result.violations.flatMap(one =>
                  one.nodes.map(node => `${one.id}: ${node.target.join(' ')}: ${node.failureSummary}`))), thrown => done([String(thrown)]));
                """);
        return ((List<?>) found).stream().map(Object::toString).toList();
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
