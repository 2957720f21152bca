package io.scaibunker.node;

import io.scaibunker.model.Settings;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Makes the reference for readers: what a setting is for from {@code conf/scaibunker.properties}, what is allowed and how the
 * environment calls it from the code. That the file's defaults are the code's is the other test's affair.
 */
final class ConfigurationPage {
    private static final Pattern SECTION = Pattern.compile("# -+ (.+?) -+\n");
    private static final Pattern SETTING = Pattern.compile("([a-z][a-z0-9.-]*)=(.*)");
    private static final String HEAD = """
            # Configuration

            Made by a test from `conf/scaibunker.properties`, which has the same words and is the file to change, and from the code.

            """;

    private final Map<String, Settings.Known> known = new TreeMap<>();
    private final StringBuilder page = new StringBuilder(HEAD);

    private ConfigurationPage(List<Settings.Known> known) {
        known.forEach(setting -> this.known.put(setting.key(), setting));
    }

    static String of(String file, List<Settings.Known> known) {
        return new ConfigurationPage(known).write(file);
    }

    private String write(String file) {
        for (String paragraph : file.strip().split("\n\n+")) {
            paragraph(paragraph + "\n");
        }
        return page.toString().stripTrailing() + "\n";
    }

    private void paragraph(String text) {
        Matcher section = SECTION.matcher(text);
        String rest = text;
        if (section.lookingAt()) {
            page.append("## ").append(section.group(1)).append("\n\n");
            rest = text.substring(section.end());
        }
        String prose = rest.lines()
                .filter(line -> line.startsWith("#"))
                .map(line -> line.replaceFirst("#+ ?", ""))
                // Names may look like marks of Markdown.
                .map(line -> line.replaceAll("([*_<])", "\\\\$1"))
                .collect(Collectors.joining("\n"));
        Map<String, String> settings = new LinkedHashMap<>();
        rest.lines()
                .map(SETTING::matcher)
                .filter(Matcher::matches)
                .forEach(found -> settings.put(found.group(1), found.group(2)));
        if (!settings.isEmpty()) {
            page.append("### ").append(String.join(", ", settings.keySet())).append("\n\n");
        }
        if (!prose.isBlank()) {
            page.append(prose.strip()).append("\n\n");
        }
        settings.forEach(this::setting);
        if (!settings.isEmpty()) {
            page.append('\n');
        }
    }

    private void setting(String key, String value) {
        Settings.Known setting = known.get(key);
        if (setting == null) {
            throw new IllegalStateException(key + " is no setting");
        }
        String shown = value.isEmpty() ? "not set" : "`" + value + "`";
        if (value.length() > 200) {
            shown = Arrays.stream(value.split(","))
                    .map(word -> "`" + word + "`")
                    .collect(Collectors.joining(", "));
        }
        page.append("- `").append(key).append("`: ").append(shown).append(" · ").append(setting.allowed());
        page.append(" · `").append(setting.environmentName()).append("`\n");
    }
}
