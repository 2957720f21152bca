package io.scaibunker.vulns;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** One version of PEP 440, taken apart: {@code [v][N!]N(.N)*[{a|b|rc}N][.postN][.devN][+local]}, in all spellings it allows. */
final class PythonVersion implements Comparable<PythonVersion> {
    private static final List<String> PRE = List.of("alpha", "beta", "preview", "pre", "rc", "a", "b", "c");
    private static final List<String> POST = List.of("post", "rev", "r");
    private static final List<String> DEV = List.of("dev");

    private static final @Nullable Parsed[] LATELY = new Parsed[2_048];

    private record Parsed(String text, @Nullable PythonVersion version) {}

    private final String text;
    private int at;

    private String epoch = "";
    private final List<String> release = new ArrayList<>(4);
    private char pre;
    private String preNumber = "";
    private @Nullable String post;
    private @Nullable String dev;
    private String local = "";

    private PythonVersion(String text) {
        this.text = text;
    }

    /** Null if the text is no version of PEP 440. What was asked lately is remembered: the same few are compared over and over. */
    static @Nullable PythonVersion parse(String raw) {
        var slot = (raw.hashCode() * 0x9e3779b9) >>> 21;
        var known = LATELY[slot];
        if (known == null || !known.text.equals(raw)) {
            var version = new PythonVersion(raw.strip().toLowerCase(Locale.ROOT));
            known = new Parsed(raw, version.read() ? version : null);
            // Threads may overwrite each other's: each slot is whole, whoever wrote it.
            LATELY[slot] = known;
        }
        return known.version;
    }

    private boolean read() {
        if (text.startsWith("v")) {
            at++;
        }
        if (!numbers()) {
            return false;
        }
        var word = suffix(PRE);
        if (word != null) {
            pre = word.startsWith("a") ? 'a' : word.startsWith("b") ? 'b' : 'c';
            preNumber = number();
        }
        if (suffix(POST) != null) {
            post = number();
        } else if (at + 1 < text.length() && text.charAt(at) == '-' && Text.digit(text.charAt(at + 1))) {
            at++;
            post = digits();
        }
        if (suffix(DEV) != null) {
            dev = number();
        }
        if (at < text.length() && text.charAt(at) == '+') {
            local = text.substring(at + 1);
            return local();
        }
        return at == text.length();
    }

    private boolean numbers() {
        var first = digits();
        if (!first.isEmpty() && at < text.length() && text.charAt(at) == '!') {
            epoch = first;
            at++;
            first = digits();
        }
        if (first.isEmpty()) {
            return false;
        }
        release.add(first);
        while (at + 1 < text.length() && text.charAt(at) == '.' && Text.digit(text.charAt(at + 1))) {
            at++;
            release.add(digits());
        }
        return true;
    }

    private String digits() {
        var start = at;
        at = Text.digitsEnd(text, at);
        return text.substring(start, at);
    }

    /** One of the words, after at most one separator; stays where it is if there is none. */
    private @Nullable String suffix(List<String> words) {
        var start = at < text.length() && separator(text.charAt(at)) ? at + 1 : at;
        for (var word : words) {
            if (text.startsWith(word, start)) {
                at = start + word.length();
                return word;
            }
        }
        return null;
    }

    /** The number behind a word, possibly after a separator; none is zero. */
    private String number() {
        if (at + 1 < text.length() && separator(text.charAt(at)) && Text.digit(text.charAt(at + 1))) {
            at++;
        }
        return digits();
    }

    private static boolean separator(char character) {
        return character == '.' || character == '-' || character == '_';
    }

    private boolean local() {
        var expectsWord = true;
        for (var index = 0; index < local.length(); index++) {
            var separates = separator(local.charAt(index));
            if (separates == expectsWord && separates
                    || !separates && !Text.digit(local.charAt(index)) && !Text.letter(local.charAt(index))) {
                return false;
            }
            expectsWord = separates;
        }
        return !expectsWord;
    }

    @Override
    public int compareTo(PythonVersion other) {
        var result = Text.compareNumbers(epoch, other.epoch);
        if (result == 0) {
            result = compareReleases(release, other.release);
        }
        if (result == 0) {
            result = Integer.compare(preRank(), other.preRank());
        }
        if (result == 0) {
            result = Text.compareNumbers(preNumber, other.preNumber);
        }
        if (result == 0) {
            result = compareOptional(post, other.post, -1);
        }
        if (result == 0) {
            result = compareOptional(dev, other.dev, 1);
        }
        return result == 0 ? compareLocals(local, other.local) : result;
    }

    /** 1.0.dev1 is before 1.0a1, 1.0a1 before 1.0, and 1.0.post1.dev1 is no pre-release of 1.0. */
    private int preRank() {
        if (pre != 0) {
            return pre;
        }
        return post == null && dev != null ? 0 : Character.MAX_VALUE;
    }

    private static int compareReleases(List<String> left, List<String> right) {
        for (var index = 0; index < Math.max(left.size(), right.size()); index++) {
            var byNumber = Text.compareNumbers(
                    index < left.size() ? left.get(index) : "", index < right.size() ? right.get(index) : "");
            if (byNumber != 0) {
                return byNumber;
            }
        }
        return 0;
    }

    /** @param missing how one that is not there compares with one that is */
    private static int compareOptional(@Nullable String left, @Nullable String right, int missing) {
        if (left == null || right == null) {
            return left == right ? 0 : left == null ? missing : -missing;
        }
        return Text.compareNumbers(left, right);
    }

    private static int compareLocals(String left, String right) {
        if (left.isEmpty() || right.isEmpty()) {
            return Boolean.compare(!left.isEmpty(), !right.isEmpty());
        }
        var first = left.split("[._-]");
        var second = right.split("[._-]");
        for (var index = 0; index < Math.min(first.length, second.length); index++) {
            var byPart = compareLocal(first[index], second[index]);
            if (byPart != 0) {
                return byPart;
            }
        }
        return Integer.compare(first.length, second.length);
    }

    private static int compareLocal(String left, String right) {
        var leftNumber = Text.allDigits(left);
        var rightNumber = Text.allDigits(right);
        if (leftNumber && rightNumber) {
            return Text.compareNumbers(left, right);
        }
        return leftNumber != rightNumber ? (leftNumber ? 1 : -1) : left.compareTo(right);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof PythonVersion version && compareTo(version) == 0;
    }

    @Override
    public int hashCode() {
        return Text.compareNumbers(epoch, "") == 0 ? 0 : epoch.length();
    }
}
