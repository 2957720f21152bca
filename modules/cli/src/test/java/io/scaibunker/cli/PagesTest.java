package io.scaibunker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.ParameterException;

/** Every command line that a page of the checkout shows is one: its commands and options are there. */
class PagesTest {
    private static final Path ROOT =
            Path.of("").toAbsolutePath().resolve("../..").normalize();
    private static final Pattern FENCE = Pattern.compile("(?ms)^```[a-z]*\\n(.*?)^```$");
    private static final Pattern CODE = Pattern.compile("`((?:scripts/)?scaibunker [^`\\n]+)`");

    /** At the beginning of a command: of a line, behind a prompt, a pipe, in a substitution. */
    private static final Pattern CALL =
            Pattern.compile("(?m)(?:^ *(?:\\$ )?|\\| |\\$\\(|<\\(|&& |; )(?:scripts/)?scaibunker (?=[a-z-])");

    private static final CommandLine PROGRAM = Main.program(new Terminal(
            InputStream.nullInputStream(),
            new PrintStream(OutputStream.nullOutputStream()),
            new PrintStream(OutputStream.nullOutputStream()),
            false,
            false,
            Map.of()));

    @Test
    void whatTheBlocksShowIsParsed() throws IOException {
        List<String> wrong = new ArrayList<>();
        int[] count = new int[1];
        ofEachPage((page, text) -> FENCE.matcher(text).results().forEach(block -> {
            String joined = commands(block.group(1)).replace("\\\n", " ");
            CALL.matcher(joined).results().forEach(call -> {
                count[0]++;
                String rest = joined.substring(call.end());
                try {
                    parse(ShellWords.of(rest));
                } catch (ParameterException e) {
                    if (e.getMessage().contains("names no file that can be read")) {
                        return; // It is the reader's.
                    }
                    wrong.add(page + ": scaibunker " + rest.lines().findFirst().orElse("") + ": " + e.getMessage());
                }
            });
        }));
        assertThat(wrong).isEmpty();
        assertThat(count[0]).as("commands found").isGreaterThan(20);
    }

    /** Where a block has prompts, what is not behind one is an answer. */
    private static String commands(String block) {
        return block.contains("$ scaibunker") || block.contains("$ scripts/")
                ? block.lines().filter(line -> line.startsWith("$ ")).collect(Collectors.joining("\n"))
                : block;
    }

    /** There they are named, often without what they would need. */
    @Test
    void whatTheTextNamesIsThere() throws IOException {
        List<String> wrong = new ArrayList<>();
        ofEachPage((page, text) -> CODE.matcher(FENCE.matcher(text).replaceAll(""))
                .results()
                .map(found -> found.group(1))
                .filter(line -> !line.contains("…"))
                .forEach(line -> {
                    try {
                        parse(ShellWords.of(line.substring(line.indexOf(' ') + 1)));
                    } catch (MissingParameterException incomplete) {
                        // As it is meant.
                    } catch (ParameterException e) {
                        wrong.add(page + ": " + line + ": " + e.getMessage());
                    }
                }));
        assertThat(wrong).isEmpty();
    }

    @Test
    void wordsAreThoseOfAShell() {
        assertThat(ShellWords.of("a 'b c' \"d $(e f)\" --g=\"h i\"  # j"))
                .containsExactly("a", "b c", "d $(e f)", "--g=h i");
        assertThat(ShellWords.of("a -- b | c")).containsExactly("a", "--", "b");
        assertThat(ShellWords.of("a b) d")).containsExactly("a", "b");
        assertThat(ShellWords.of("a \\| b > c\nd")).containsExactly("a", "|", "b");
    }

    /** {@code up} is the launcher's: a node, not this program. */
    private static void parse(List<String> words) {
        if (words.getFirst().equals("up")) {
            assertThat(words.subList(1, words.size()))
                    .as("up takes --conf and --set")
                    .allMatch(word -> word.equals("--set") || word.equals("--conf") || word.matches("[^-].*"));
            return;
        }
        PROGRAM.parseArgs(words.toArray(String[]::new));
    }

    private static void ofEachPage(BiConsumer<Path, String> use) throws IOException {
        List<Path> pages = new ArrayList<>(List.of(ROOT.resolve("README.md"), ROOT.resolve("docker/README.md")));
        try (var files = Files.walk(ROOT.resolve("modules"), 2)) {
            files.filter(file -> file.toString().endsWith(".md")).forEach(pages::add);
        }
        for (Path page : pages) {
            use.accept(ROOT.relativize(page), Files.readString(page));
        }
    }
}
