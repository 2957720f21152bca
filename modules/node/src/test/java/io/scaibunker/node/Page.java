package io.scaibunker.node;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** A Markdown page of the checkout. */
record Page(Path file, String text) {
    private static final Pattern FENCE = Pattern.compile("(?ms)^```([a-z]*)\\n(.*?)^```$");
    private static final Pattern HEADING = Pattern.compile("(?m)^#{1,6} (.+)$");
    private static final Pattern LINK = Pattern.compile("\\[[^\\]]*\\]\\(([^)\\s]+)\\)");
    private static final Pattern CODE = Pattern.compile("`([^`\\n]+)`");

    static List<Page> all() {
        return Checkout.files("", file -> file.toString().endsWith(".md")).stream()
                .map(file -> new Page(file, Checkout.text(file)))
                .toList();
    }

    /** From the root of the checkout. */
    String name() {
        return Checkout.ROOT.relativize(file).toString();
    }

    /** Where links lead, those within this checkout. */
    List<String> links() {
        return LINK.matcher(prose())
                .results()
                .map(found -> found.group(1))
                .filter(target -> !target.matches("[a-z]+:.*"))
                .toList();
    }

    /** What it shows as commands or output. */
    List<String> blocks() {
        return FENCE.matcher(text).results().map(found -> found.group(2)).toList();
    }

    /** What it names between backquotes. */
    Set<String> names() {
        return CODE.matcher(prose()).results().map(found -> found.group(1)).collect(Collectors.toSet());
    }

    /** What may stand behind # in a link, as GitHub makes it of headings. */
    Set<String> anchors() {
        Set<String> anchors = new HashSet<>();
        HEADING.matcher(FENCE.matcher(text).replaceAll("")).results().forEach(found -> {
            String anchor = found.group(1)
                    .toLowerCase(Locale.ROOT)
                    .replaceAll("[^\\p{L}\\p{N} _-]", "")
                    .replace(' ', '-');
            for (int again = 1; !anchors.add(anchor); again++) {
                anchor = anchor.replaceFirst("(-[0-9]+)?$", "-" + again);
            }
        });
        return anchors;
    }

    /** The page that a link leads to; the link's part before #. */
    Path target(String link) {
        String path = link.replaceFirst("#.*", "");
        return path.isEmpty() ? file : file.getParent().resolve(path).normalize();
    }

    private String prose() {
        return FENCE.matcher(text).replaceAll("");
    }
}
