package io.scaibunker.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;

class PagesTest {
    /** What a browser may have to fetch before everything is shown, without the terminal. */
    private static final int BUDGET = 200 * 1024;

    private static final Pattern IMPORT = Pattern.compile("(?:from |import\\()'([./][^' ]+\\.m?js)'");
    private static final Pattern LINK = Pattern.compile("(?:src|href)=\"(/[^\"]+)\"");

    private final Pages pages;

    PagesTest() throws IOException {
        pages = Pages.load();
    }

    @Test
    void addressesInsideAreAnsweredByTheOneDocumentAndMissingFilesAreNot() {
        var document = pages.at("/console").orElseThrow();
        assertThat(document.type()).startsWith("text/html");
        assertThat(pages.at("/console/")).contains(document);
        assertThat(pages.at("/console/images/r-base-4.4")).contains(document);
        assertThat(pages.at("/docs").orElseThrow()).isNotEqualTo(document);
        assertThat(pages.at("/console/assets/gone.js")).isEmpty();
        assertThat(pages.at("/consoles")).isEmpty();
        assertThat(pages.at("/openapi.yaml")).isEmpty();
    }

    @Test
    void whatIsPackedIsTheSame() throws IOException {
        for (String path : pages.paths()) {
            Page page = pages.at(path).orElseThrow();
            if (page.isPacked()) {
                var unpacked = new GZIPInputStream(new ByteArrayInputStream(page.packed())).readAllBytes();
                assertThat(unpacked).as(path).isEqualTo(page.plain());
                assertThat(page.packed().length).as(path).isLessThan(page.plain().length);
            }
        }
    }

    @Test
    void theConsoleIsLight() {
        int bytes = own().filter(path -> path.startsWith("/console"))
                .mapToInt(path -> pages.at(path).orElseThrow().packed().length)
                .sum();
        assertThat(bytes).isLessThan(BUDGET);
    }

    @Test
    void whatPagesNameIsThere() {
        own().forEach(path -> {
            var names = path.endsWith(".html") ? LINK : IMPORT;
            names.matcher(text(path)).results().map(found -> found.group(1)).forEach(name -> {
                String named = URI.create(path).resolve(name).toString();
                boolean elsewhere = path.endsWith(".html") && !named.contains("/assets/");
                assertThat(elsewhere || pages.paths().contains(named))
                        .as("%s names %s", path, name)
                        .isTrue();
            });
        });
    }

    /** The policy forbids what is asked of others, and script and style in the text; here it is seen before a browser does. */
    @Test
    void nothingIsAskedOfOthersAndNoMarkupIsMadeOfText() {
        var forbidden = Pattern.compile(
                "innerHTML|outerHTML|insertAdjacentHTML|document\\.write|\\beval\\(|new Function|style=\"|<style|"
                        + "https?://(?!www\\.w3\\.org/2000/svg)");
        assertThat(own())
                .isNotEmpty()
                .allSatisfy(path -> assertThat(text(path)
                                .lines()
                                .filter(line -> forbidden.matcher(line).find()))
                        .isEmpty());
    }

    private Stream<String> own() {
        return pages.paths().stream().filter(path -> !path.contains("/vendor/"));
    }

    private String text(String path) {
        return new String(pages.at(path).orElseThrow().plain(), StandardCharsets.UTF_8);
    }
}
