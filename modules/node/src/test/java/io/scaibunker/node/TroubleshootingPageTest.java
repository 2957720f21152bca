package io.scaibunker.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.model.EndReason;
import io.scaibunker.model.ErrorCode;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The page that helps by code has every code, no other, and says of each what the code says. */
class TroubleshootingPageTest {
    private static final String PAGE = Checkout.text(Checkout.ROOT.resolve("modules/api/TROUBLESHOOTING.md"));

    private record Row(String code, List<String> cells) {}

    @Test
    void itHasEveryErrorCodeOnce() {
        List<String> told = Stream.of("## Answers of the API", "## Failed copies and bunkers")
                .flatMap(table -> rows(table).stream())
                .map(Row::code)
                .toList();
        assertThat(told)
                .containsExactlyInAnyOrderElementsOf(
                        Arrays.stream(ErrorCode.values()).map(Enum::name).toList());
    }

    @Test
    void itsStatusesAreThoseOfTheCodes() {
        assertThat(rows("## Answers of the API"))
                .allSatisfy(row -> assertThat(row.cells().getFirst())
                        .as(row.code())
                        .isEqualTo(Integer.toString(
                                ErrorCode.valueOf(row.code()).kind().httpStatus())));
    }

    @Test
    void itSaysWhatIsTriedAgain() {
        assertThat(rows("## Failed copies and bunkers"))
                .allSatisfy(row -> assertThat(row.cells().getFirst())
                        .as(row.code())
                        .isEqualTo(ErrorCode.valueOf(row.code()).worthRetrying() ? "yes" : "no"));
    }

    @Test
    void itHasEveryReasonOfScansAndOfEnds() {
        // A node uses that library by way of its rooms alone, so its words are read, not called.
        Set<String> reasons = Pattern.compile("(?m)^    ([A-Z_]+),?$")
                .matcher(Checkout.text(
                        Checkout.ROOT.resolve("modules/vulns/src/main/java/io/scaibunker/vulns/ScanReason.java")))
                .results()
                .map(found -> found.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(reasons).contains("FINDINGS", "INTERNAL");
        // Of the room, not of the library.
        reasons.addAll(Set.of("INVENTORY_MISSING", "NOT_BAKED"));
        assertThat(rows("## Failed scans").stream().map(Row::code)).containsExactlyInAnyOrderElementsOf(reasons);
        assertThat(rows("## Bunkers that ended").stream().map(Row::code))
                .containsExactlyInAnyOrderElementsOf(
                        Arrays.stream(EndReason.values()).map(EndReason::word).toList());
    }

    private static List<Row> rows(String heading) {
        int start = PAGE.indexOf(heading + "\n");
        assertThat(start).as(heading).isNotNegative();
        int end = PAGE.indexOf("\n## ", start + heading.length());
        return PAGE.substring(start, end < 0 ? PAGE.length() : end)
                .lines()
                .filter(line -> line.startsWith("| `"))
                .map(line -> Arrays.stream(line.split("\\|")).map(String::strip).toList())
                .map(cells -> new Row(cells.get(1).replace("`", ""), cells.subList(2, cells.size())))
                .toList();
    }
}
