package io.scaibunker.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.bus.News;
import io.scaibunker.bus.Nudge;
import io.scaibunker.bus.Question;
import io.scaibunker.model.BunkerStatus;
import io.scaibunker.model.CacheStatus;
import io.scaibunker.model.ScanStatus;
import io.scaibunker.model.SnapshotStatus;
import io.scaibunker.model.State;
import io.scaibunker.model.Word;
import io.scaibunker.model.WorkerStatus;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The architecture page says what the code says: states, messages, tables, and tests that are there. */
class ArchitecturePageTest {
    private static final String PAGE = Checkout.text(Checkout.ROOT.resolve("modules/README.md"));

    @Test
    void itsStatesAreTheEnums() {
        List<String> lines = Stream.of(
                        CacheStatus.values(),
                        ScanStatus.values(),
                        BunkerStatus.values(),
                        SnapshotStatus.values(),
                        WorkerStatus.values())
                .flatMap(Arrays::stream)
                .map(ArchitecturePageTest::line)
                .toList();
        List<String> onPage =
                PAGE.lines().filter(line -> line.matches("\\w+Status .*→.*")).toList();
        assertThat(onPage).containsExactlyElementsOf(lines);
    }

    private static <S extends Enum<S> & State<S>> String line(Object constant) {
        State<?> state = (State<?>) constant;
        String next = state.next().stream().map(Word::word).collect(Collectors.joining(", "));
        return String.format(
                Locale.ROOT,
                "%-14s %s → %s",
                constant.getClass().getSimpleName(),
                state.word(),
                next.isEmpty() ? "(end)" : next);
    }

    @Test
    void itsMessagesAreThoseOfTheBus() {
        Set<String> messages = Stream.of(Nudge.class, Question.class, News.class)
                .flatMap(type -> Arrays.stream(type.getPermittedSubclasses()))
                .map(Class::getSimpleName)
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(names(section("## Messages"), "[A-Z][A-Za-z]+")).isEqualTo(messages);
    }

    @Test
    void itsTablesAreThoseOfTheMigrations() {
        Set<String> tables = new TreeSet<>();
        Checkout.files("modules/store/src/main/resources/db/migration", Files::isRegularFile)
                .forEach(file -> Pattern.compile("CREATE TABLE (\\w+)")
                        .matcher(Checkout.text(file))
                        .results()
                        .forEach(found -> tables.add(found.group(1))));
        String firstColumns = section("## Tables, and who writes what")
                .lines()
                .filter(line -> line.startsWith("| `"))
                .map(line -> line.split("\\|")[1])
                .collect(Collectors.joining());
        assertThat(names(firstColumns, "[a-z_]+")).isEqualTo(tables);
    }

    @Test
    void theTestsThatItNamesAreThere() {
        Set<String> named = new TreeSet<>();
        Pattern.compile("`(\\w+Test)\\.(\\w+)`").matcher(PAGE).results().forEach(found -> named.add(found.group()));
        assertThat(named).isNotEmpty().allSatisfy(name -> {
            String[] parts = name.replace("`", "").split("\\.");
            assertThat(Checkout.files("modules", file -> file.endsWith(parts[0] + ".java")))
                    .as(name)
                    .singleElement()
                    .satisfies(file -> assertThat(Checkout.text(file)).contains("void " + parts[1] + "("));
        });
    }

    private static String section(String heading) {
        int start = PAGE.indexOf(heading + "\n");
        assertThat(start).as(heading).isNotNegative();
        int end = PAGE.indexOf("\n## ", start + heading.length());
        return PAGE.substring(start, end < 0 ? PAGE.length() : end);
    }

    private static Set<String> names(String text, String form) {
        return Pattern.compile("`(" + form + ")`")
                .matcher(text)
                .results()
                .map(found -> found.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
