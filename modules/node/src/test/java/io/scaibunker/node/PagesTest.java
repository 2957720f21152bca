package io.scaibunker.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.model.Settings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The pages that people read: their links lead somewhere, and what they name is there. Commands: see the tests of module cli. */
class PagesTest {
    private static final List<Page> PAGES = Page.all();
    private static final Path README = Checkout.ROOT.resolve("README.md");
    private static final Pattern PLACE = Pattern.compile("(?<![\\w/])(modules|scripts|conf|docker)/[\\w./-]+\\w");

    /** What looks like a setting: the prefix of a room and words. */
    private static final Pattern SETTING =
            Pattern.compile("(?<![\\w.-])(node|log|telemetry|cluster|store|postgres|fanout|scheduler"
                    + "|scanner|worker|api)\\.([a-z*][a-z0-9*-]*)(?![\\w.-])");

    /** Files that begin like settings. */
    private static final Set<String> ENDINGS = Set.of("proto", "pem", "key", "csr", "jvm");

    private static final Pattern CALL = Pattern.compile("\\$api(/[^\\s\"?|]+)");

    @Test
    void everyLinkLeadsSomewhere() {
        List<String> broken = new ArrayList<>();
        for (Page page : PAGES) {
            for (String link : page.links()) {
                Path target = page.target(link);
                boolean there = Files.exists(target)
                        && (!link.contains("#")
                                || new Page(target, Checkout.text(target))
                                        .anchors()
                                        .contains(link.substring(link.indexOf('#') + 1)));
                if (!there) {
                    broken.add(page.name() + ": " + link);
                }
            }
        }
        assertThat(broken).isEmpty();
    }

    @Test
    void everyPageIsFoundFromTheReadmeInTwoClicks() {
        Set<Path> found = new TreeSet<>(Set.of(README));
        for (int clicks = 0; clicks < 2; clicks++) {
            PAGES.stream()
                    .filter(page -> found.contains(page.file()))
                    .flatMap(page -> page.links().stream().map(page::target))
                    .toList()
                    .forEach(found::add);
        }
        assertThat(found).containsAll(PAGES.stream().map(Page::file).toList());
    }

    @Test
    void theFilesThatTheyNameAreThere() {
        List<String> missing = new ArrayList<>();
        for (Page page : PAGES) {
            Stream.concat(page.names().stream(), page.blocks().stream())
                    .flatMap(text -> PLACE.matcher(text).results())
                    .map(found -> found.group())
                    .filter(place -> !place.contains("/target/") && !Files.exists(Checkout.ROOT.resolve(place)))
                    .forEach(place -> missing.add(page.name() + ": " + place));
        }
        assertThat(missing).isEmpty();
    }

    @Test
    void theSettingsThatTheyNameAreThere() {
        var settings = Settings.of(Map.of(), Map.of(), Checkout.ROOT);
        Configuration.from(settings);
        Set<String> keys = settings.known().stream().map(Settings.Known::key).collect(Collectors.toSet());
        Set<String> variables =
                settings.known().stream().map(Settings.Known::environmentName).collect(Collectors.toSet());
        variables.addAll(Set.of("SCAIBUNKER_URL", "SCAIBUNKER_KEY", "SCAIBUNKER_CONFIG"));
        List<String> unknown = new ArrayList<>();
        for (Page page : PAGES) {
            Stream.concat(page.names().stream(), page.blocks().stream()).forEach(text -> {
                SETTING.matcher(text)
                        .results()
                        .filter(found -> !ENDINGS.contains(found.group(2)))
                        .map(found -> found.group())
                        .filter(key -> keys.stream().noneMatch(known -> known.matches(key.replace("*", ".*"))))
                        .forEach(key -> unknown.add(page.name() + ": " + key));
                Pattern.compile("\\bSCAIBUNKER_[A-Z_]+\\b")
                        .matcher(text)
                        .results()
                        .map(found -> found.group())
                        .filter(name -> !variables.contains(name))
                        .forEach(name -> unknown.add(page.name() + ": " + name));
            });
        }
        assertThat(unknown).isEmpty();
    }

    @Test
    void whatTheyCallByCurlIsInTheContract() {
        String contract = Checkout.text(Checkout.ROOT.resolve("modules/api/src/main/resources/openapi.yaml"));
        List<String> paths = Pattern.compile("(?m)^  /v1/modules/scaibunker(/\\S+):$")
                .matcher(contract)
                .results()
                .map(found -> found.group(1).replaceAll("\\{\\w+}", "[^/]+"))
                .toList();
        List<String> called = PAGES.stream()
                .flatMap(page -> page.blocks().stream())
                .flatMap(block -> CALL.matcher(block).results())
                .map(found -> found.group(1))
                .toList();
        assertThat(called).isNotEmpty().allSatisfy(path -> assertThat(paths).anyMatch(path::matches));
    }
}
