package io.scaibunker.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What is agreed about the tree as a whole and no compiler knows. */
class TidyTest {
    private static final Pattern SLEEP =
            Pattern.compile("\\bThread\\s*\\.\\s*sleep\\s*\\(|\\bTimeUnit\\.\\w+\\.sleep\\(");
    private static final Pattern PRINT = Pattern.compile("\\bSystem\\s*\\.\\s*(out|err)\\b|printStackTrace\\(\\)");
    private static final Pattern SQL = Pattern.compile(
            "\"\\s*(SELECT\\s.+\\sFROM|INSERT\\s+INTO|UPDATE\\s.+\\sSET|DELETE\\s+FROM|CREATE\\s+TABLE|ALTER\\s+TABLE)\\b",
            Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

    @Test
    void nobodySleepsTestsIncluded() {
        // Holding transfers to a rate is waiting for time alone.
        assertThat(offenders(file -> isJava(file) && !file.endsWith("Throttle.java"), SLEEP))
                .isEmpty();
    }

    @Test
    void onlyTheProgramsPrint() {
        assertThat(offenders(file -> isMain(file) && !isProgram(file), PRINT)).isEmpty();
    }

    @Test
    void sqlLivesInTheStore() {
        var allowed = Set.of("store", "testkit");
        assertThat(offenders(file -> isMain(file) && !allowed.contains(module(file)), SQL))
                .isEmpty();
    }

    @Test
    void everyPackageSaysWhatItIsFor() {
        var undocumented = java(TidyTest::isMain).stream()
                .map(Path::getParent)
                .distinct()
                .filter(folder -> !Files.exists(folder.resolve("package-info.java")))
                .toList();
        assertThat(undocumented).isEmpty();
    }

    @Test
    void eachModuleHasOnePackage() {
        var crowded = java(TidyTest::isMain).stream()
                .collect(Collectors.groupingBy(
                        TidyTest::module, Collectors.mapping(Path::getParent, Collectors.toSet())))
                .entrySet()
                .stream()
                .filter(entry -> entry.getValue().size() > 1)
                .toList();
        assertThat(crowded).isEmpty();
    }

    @Test
    void theModulesOfTheBuildAndOfTheArchitecturePageAreTheFolders() throws IOException {
        var folders = folders();
        var pom = find(Checkout.text(Checkout.ROOT.resolve("pom.xml")), "<module>modules/([a-z0-9]+)</module>");
        assertThat(pom).isEqualTo(folders);

        var page = Checkout.ROOT.resolve("modules/README.md");
        assumeThat(page).as("the architecture page is not written yet").exists();
        // A table row of a module begins with its name, or with several, in backquotes.
        var rows = Checkout.text(page)
                .lines()
                .filter(line -> line.matches("\\| *`[a-z0-9]+`.*"))
                .map(line -> line.split("\\|")[1])
                .collect(Collectors.joining());
        assertThat(find(rows, "`([a-z0-9]+)`")).containsAll(folders);
    }

    @Test
    void aNodeAndTheTestsRunWithTheSameFlags() {
        var pom = find(Checkout.text(Checkout.ROOT.resolve("pom.xml")), "<jvm.flags>(.*)</jvm.flags>");
        var file = Checkout.text(Checkout.ROOT.resolve("scripts/node.jvm"))
                .lines()
                .filter(line -> !line.startsWith("#"))
                .takeWhile(line -> !line.isEmpty())
                .collect(Collectors.joining(" "));
        assertThat(pom).containsExactly(file);
    }

    private static List<String> offenders(Predicate<Path> where, Pattern what) {
        return java(where).stream()
                .filter(file -> what.matcher(Checkout.text(file)).find())
                .map(file -> Checkout.ROOT.relativize(file).toString())
                .filter(file -> !file.endsWith("/TidyTest.java"))
                .toList();
    }

    private static List<Path> java(Predicate<Path> where) {
        return Checkout.files("modules", file -> isJava(file) && where.test(file));
    }

    private static boolean isJava(Path file) {
        return file.toString().endsWith(".java");
    }

    private static boolean isMain(Path file) {
        return file.toString().contains("/src/main/");
    }

    private static boolean isProgram(Path file) {
        return module(file).equals("cli") || module(file).equals("bench") || file.endsWith("node/Main.java");
    }

    private static String module(Path file) {
        return Checkout.ROOT.resolve("modules").relativize(file).getName(0).toString();
    }

    private static Set<String> folders() throws IOException {
        try (var entries = Files.list(Checkout.ROOT.resolve("modules"))) {
            return entries.filter(folder -> Files.exists(folder.resolve("pom.xml")))
                    .map(folder -> folder.getFileName().toString())
                    .collect(Collectors.toCollection(TreeSet::new));
        }
    }

    private static Set<String> find(String text, String pattern) {
        return Pattern.compile(pattern)
                .matcher(text)
                .results()
                .map(match -> match.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
