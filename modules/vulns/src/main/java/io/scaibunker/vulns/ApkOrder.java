package io.scaibunker.vulns;

import java.util.List;

/** The order of Alpine's versions: digits, a letter, suffixes such as {@code _rc1}, a commit, a revision {@code -r1}. */
final class ApkOrder {
    /** Those before the empty one come before the version without a suffix, those behind it after. */
    private static final List<String> SUFFIXES =
            List.of("alpha", "beta", "pre", "rc", "", "cvs", "svn", "git", "hg", "p");

    private static final int NONE = SUFFIXES.indexOf("");

    /** In the order in which a version may hold them; of two versions equal so far the one that goes on sooner is later. */
    private enum Kind {
        FIRST_NUMBER,
        NUMBER,
        LETTER,
        SUFFIX,
        SUFFIX_NUMBER,
        COMMIT,
        REVISION,
        END,
        INVALID
    }

    private ApkOrder() {}

    static int compare(String left, String right) {
        var first = new Token(left);
        var second = new Token(right);
        while (first.kind == second.kind && first.kind.compareTo(Kind.END) < 0) {
            var byToken = first.compareTo(second);
            if (byToken != 0) {
                return byToken;
            }
            first.next();
            second.next();
        }
        if (first.kind == second.kind) {
            return first.kind == Kind.END ? 0 : first.rest().compareTo(second.rest());
        }
        if (first.kind == Kind.SUFFIX && first.suffix < NONE) {
            return -1;
        }
        if (second.kind == Kind.SUFFIX && second.suffix < NONE) {
            return 1;
        }
        return second.kind.compareTo(first.kind);
    }

    /** Walks a version from token to token. */
    private static final class Token {
        private final String text;
        private Kind kind;
        private int start;
        private int end;
        private int suffix;

        Token(String text) {
            this.text = text;
            this.end = Text.digitsEnd(text, 0);
            this.kind = end > 0 ? Kind.FIRST_NUMBER : Kind.INVALID;
        }

        String rest() {
            return text.substring(start);
        }

        void next() {
            start = end;
            if (start >= text.length()) {
                kind = Kind.END;
                return;
            }
            var character = text.charAt(start);
            if (character >= 'a' && character <= 'z') {
                take(kind.compareTo(Kind.NUMBER) <= 0, Kind.LETTER, start + 1);
            } else if (Text.digit(character)) {
                number(start);
            } else {
                separated(character);
            }
        }

        private void separated(char separator) {
            start++;
            switch (separator) {
                case '.' -> {
                    var allowed = kind.compareTo(Kind.NUMBER) <= 0;
                    var digits = Text.digitsEnd(text, start);
                    take(allowed && digits > start, Kind.NUMBER, digits);
                }
                case '_' -> suffix();
                case '~' -> take(kind.compareTo(Kind.COMMIT) < 0, Kind.COMMIT, hexEnd());
                case '-' -> revision();
                default -> take(false, Kind.INVALID, start);
            }
        }

        private void number(int from) {
            switch (kind) {
                case FIRST_NUMBER, NUMBER -> take(true, Kind.NUMBER, Text.digitsEnd(text, from));
                case SUFFIX -> take(true, Kind.SUFFIX_NUMBER, Text.digitsEnd(text, from));
                default -> take(false, Kind.INVALID, from);
            }
        }

        private void suffix() {
            var stop = start;
            while (stop < text.length() && text.charAt(stop) >= 'a' && text.charAt(stop) <= 'z') {
                stop++;
            }
            suffix = stop == start ? -1 : SUFFIXES.indexOf(text.substring(start, stop));
            take(suffix >= 0 && kind.compareTo(Kind.SUFFIX_NUMBER) <= 0, Kind.SUFFIX, stop);
        }

        private void revision() {
            var allowed = kind.compareTo(Kind.REVISION) < 0 && text.startsWith("r", start);
            if (allowed) {
                start++;
            }
            take(allowed, Kind.REVISION, Text.digitsEnd(text, start));
        }

        private int hexEnd() {
            var stop = start;
            while (stop < text.length() && Character.digit(text.charAt(stop), 16) >= 0) {
                stop++;
            }
            return stop;
        }

        private void take(boolean allowed, Kind next, int stop) {
            kind = allowed ? next : Kind.INVALID;
            end = stop;
        }

        int compareTo(Token other) {
            return switch (kind) {
                case LETTER -> Character.compare(text.charAt(start), other.text.charAt(other.start));
                case SUFFIX -> Integer.compare(suffix, other.suffix);
                case COMMIT -> text.substring(start, end).compareTo(other.text.substring(other.start, other.end));
                case NUMBER ->
                    // A leading zero makes it a decimal fraction: 1.05 is before 1.1.
                    text.charAt(start) == '0' || other.text.charAt(other.start) == '0'
                            ? text.substring(start, end).compareTo(other.text.substring(other.start, other.end))
                            : Text.compareNumbers(text, start, end, other.text, other.start, other.end);
                default -> Text.compareNumbers(text, start, end, other.text, other.start, other.end);
            };
        }
    }
}
