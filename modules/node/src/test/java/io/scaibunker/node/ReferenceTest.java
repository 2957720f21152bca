package io.scaibunker.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.model.Settings;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;

/** Holds {@code conf/scaibunker.properties} and the code against each other, key by key, default by default. */
class ReferenceTest {
    private static final Path FILE = Checkout.ROOT.resolve("conf/scaibunker.properties");

    @Test
    void theFileHasEveryKeyOfTheCodeWithItsDefaultAndNoOther() throws IOException {
        var values = load();
        var settings = Settings.of(values, Map.of(), Checkout.ROOT);
        Configuration.from(settings);

        assertThat(values.keySet())
                .containsExactlyInAnyOrderElementsOf(
                        settings.known().stream().map(Settings.Known::key).toList());
        assertThat(settings.known())
                .allSatisfy(known -> assertThat(known.value())
                        .as(known.key() + " in the file is the code's default")
                        .isEqualTo(known.fallback()));
    }

    @Test
    void everyKeyIsExplained() throws IOException {
        String text = Files.readString(FILE);
        var paragraphs = text.split("\n\n");
        assertThat(paragraphs)
                .filteredOn(paragraph -> paragraph.lines().anyMatch(line -> line.matches("[a-z].*=.*")))
                .allSatisfy(paragraph -> assertThat(paragraph).startsWith("#"));
    }

    private static Map<String, String> load() throws IOException {
        var properties = new Properties();
        properties.load(new StringReader(Files.readString(FILE)));
        var values = new HashMap<String, String>();
        properties.stringPropertyNames().forEach(key -> values.put(key, properties.getProperty(key)));
        return values;
    }
}
