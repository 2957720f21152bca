package io.scaibunker.vulns;

/**
 * The order of rpm: [epoch:]version[-release]. A missing epoch is 0. A missing release is before any other, where rpm itself would
 * leave the question open: an order must answer.
 */
final class RpmOrder {
    private RpmOrder() {}

    static int compare(String left, String right) {
        var leftColon = epochEnd(left);
        var rightColon = epochEnd(right);
        var byEpoch = Text.compareNumbers(left, 0, Math.max(leftColon, 0), right, 0, Math.max(rightColon, 0));
        if (byEpoch != 0) {
            return byEpoch;
        }
        var leftDash = releaseDash(left, leftColon + 1);
        var rightDash = releaseDash(right, rightColon + 1);
        var byVersion = new Walk(left, leftColon + 1, leftDash, right, rightColon + 1, rightDash).compare();
        if (byVersion != 0) {
            return byVersion;
        }
        if ((leftDash == left.length()) != (rightDash == right.length())) {
            return leftDash == left.length() ? -1 : 1;
        }
        return new Walk(
                        left,
                        Math.min(leftDash + 1, left.length()),
                        left.length(),
                        right,
                        Math.min(rightDash + 1, right.length()),
                        right.length())
                .compare();
    }

    private static int epochEnd(String version) {
        var colon = version.indexOf(':');
        return colon > 0 && Text.allDigits(version, 0, colon) ? colon : -1;
    }

    private static int releaseDash(String version, int start) {
        var dash = version.lastIndexOf('-');
        return dash < start ? version.length() : dash;
    }

    /** Both versions side by side, segment by segment, as {@code rpmvercmp} does. */
    private static final class Walk {
        private final String left;
        private final String right;
        private final int leftEnd;
        private final int rightEnd;
        private int first;
        private int second;

        Walk(String left, int leftStart, int leftEnd, String right, int rightStart, int rightEnd) {
            this.left = left;
            this.right = right;
            this.first = leftStart;
            this.second = rightStart;
            this.leftEnd = leftEnd;
            this.rightEnd = rightEnd;
        }

        int compare() {
            while (first < leftEnd || second < rightEnd) {
                skipSeparators();
                if (at(left, first, leftEnd, '~') || at(right, second, rightEnd, '~')) {
                    if (!at(left, first, leftEnd, '~') || !at(right, second, rightEnd, '~')) {
                        return at(left, first, leftEnd, '~') ? -1 : 1;
                    }
                    step();
                } else if (at(left, first, leftEnd, '^') || at(right, second, rightEnd, '^')) {
                    var byCaret = caret();
                    if (byCaret != 0) {
                        return byCaret;
                    }
                    step();
                } else if (first >= leftEnd || second >= rightEnd) {
                    break;
                } else {
                    var bySegment = segment();
                    if (bySegment != 0) {
                        return bySegment;
                    }
                }
            }
            return Boolean.compare(first < leftEnd, second < rightEnd);
        }

        private void step() {
            first++;
            second++;
        }

        /** A caret is after the end and before anything else. */
        private int caret() {
            if (first >= leftEnd || second >= rightEnd) {
                return first >= leftEnd ? -1 : 1;
            }
            if (left.charAt(first) != '^' || right.charAt(second) != '^') {
                return left.charAt(first) == '^' ? -1 : 1;
            }
            return 0;
        }

        private int segment() {
            var numeric = Text.digit(left.charAt(first));
            var firstEnd = end(left, first, leftEnd, numeric);
            var secondEnd = end(right, second, rightEnd, numeric);
            if (secondEnd == second) {
                return numeric ? 1 : -1;
            }
            var result = numeric
                    ? Text.compareNumbers(left, first, firstEnd, right, second, secondEnd)
                    : left.substring(first, firstEnd).compareTo(right.substring(second, secondEnd));
            first = firstEnd;
            second = secondEnd;
            return result;
        }

        private void skipSeparators() {
            while (first < leftEnd && separator(left.charAt(first))) {
                first++;
            }
            while (second < rightEnd && separator(right.charAt(second))) {
                second++;
            }
        }

        private static boolean separator(char character) {
            return !Text.digit(character) && !Text.letter(character) && character != '~' && character != '^';
        }

        private static boolean at(String text, int index, int end, char wanted) {
            return index < end && text.charAt(index) == wanted;
        }

        private static int end(String text, int start, int limit, boolean numeric) {
            var end = start;
            while (end < limit && (numeric ? Text.digit(text.charAt(end)) : Text.letter(text.charAt(end)))) {
                end++;
            }
            return end;
        }
    }
}
