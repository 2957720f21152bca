package io.scaibunker.vulns;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The order of PEP 440. What is no such version is before all that are, in the order that setuptools once gave. */
final class PythonOrder {
    private PythonOrder() {}

    static int compare(String left, String right) {
        var first = PythonVersion.parse(left);
        var second = PythonVersion.parse(right);
        if (first != null && second != null) {
            return first.compareTo(second);
        }
        if (first == null && second == null) {
            return compareLegacy(legacy(left), legacy(right));
        }
        return first == null ? -1 : 1;
    }

    private static int compareLegacy(List<String> left, List<String> right) {
        for (var index = 0; index < Math.min(left.size(), right.size()); index++) {
            var byPart = left.get(index).compareTo(right.get(index));
            if (byPart != 0) {
                return byPart;
            }
        }
        return Integer.compare(left.size(), right.size());
    }

    private static List<String> legacy(String version) {
        var parts = new ArrayList<String>();
        for (var word : words(version.toLowerCase(Locale.ROOT))) {
            var part = legacyPart(word);
            if (part.startsWith("*")) {
                if (part.compareTo("*final") < 0) {
                    dropLast(parts, "*final-");
                }
                dropLast(parts, "00000000");
            }
            parts.add(part);
        }
        dropLast(parts, "00000000");
        parts.add("*final");
        return parts;
    }

    private static void dropLast(List<String> parts, String what) {
        while (!parts.isEmpty() && parts.getLast().equals(what)) {
            parts.removeLast();
        }
    }

    private static String legacyPart(String word) {
        if (Text.digit(word.charAt(0))) {
            return "0".repeat(Math.max(0, 8 - word.length())) + word;
        }
        return "*"
                + switch (word) {
                    case "pre", "preview", "rc" -> "c";
                    case "-" -> "final-";
                    case "dev" -> "@";
                    default -> word;
                };
    }

    /** Digits, letters, dashes, and whatever is between; dots separate. */
    private static List<String> words(String version) {
        var words = new ArrayList<String>();
        var index = 0;
        while (index < version.length()) {
            var start = index;
            var kind = kind(version.charAt(index));
            do {
                index++;
            } while (index < version.length() && kind != '-' && kind(version.charAt(index)) == kind);
            if (kind != '.') {
                words.add(version.substring(start, index));
            }
        }
        return words;
    }

    private static char kind(char character) {
        if (Text.digit(character)) {
            return '0';
        }
        if (Text.letter(character)) {
            return 'a';
        }
        return character == '.' || character == '-' ? character : '?';
    }
}
