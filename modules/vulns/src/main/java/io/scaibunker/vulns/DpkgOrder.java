package io.scaibunker.vulns;

/** The order of Debian's and Ubuntu's versions, as {@code deb-version(7)} tells it: [epoch:]upstream[-revision]. */
final class DpkgOrder {
    private DpkgOrder() {}

    static int compare(String left, String right) {
        var leftColon = epochEnd(left);
        var rightColon = epochEnd(right);
        var byEpoch = Text.compareNumbers(left, 0, Math.max(leftColon, 0), right, 0, Math.max(rightColon, 0));
        if (byEpoch != 0) {
            return byEpoch;
        }
        var leftDash = revisionDash(left, leftColon + 1);
        var rightDash = revisionDash(right, rightColon + 1);
        var byUpstream = part(left, leftColon + 1, leftDash, right, rightColon + 1, rightDash);
        if (byUpstream != 0) {
            return byUpstream;
        }
        return part(
                left,
                Math.min(leftDash + 1, left.length()),
                left.length(),
                right,
                Math.min(rightDash + 1, right.length()),
                right.length());
    }

    /** Where the colon after an epoch stands, or -1. */
    private static int epochEnd(String version) {
        var colon = version.indexOf(':');
        return colon > 0 && Text.allDigits(version, 0, colon) ? colon : -1;
    }

    private static int revisionDash(String version, int start) {
        var dash = version.lastIndexOf('-');
        return dash < start ? version.length() : dash;
    }

    private static int part(String left, int leftStart, int leftEnd, String right, int rightStart, int rightEnd) {
        var first = leftStart;
        var second = rightStart;
        while (first < leftEnd || second < rightEnd) {
            while ((first < leftEnd && !Text.digit(left.charAt(first)))
                    || (second < rightEnd && !Text.digit(right.charAt(second)))) {
                var byWeight = Integer.compare(weight(left, first, leftEnd), weight(right, second, rightEnd));
                if (byWeight != 0) {
                    return byWeight;
                }
                first++;
                second++;
            }
            var firstEnd = Math.min(Text.digitsEnd(left, first), Math.max(leftEnd, first));
            var secondEnd = Math.min(Text.digitsEnd(right, second), Math.max(rightEnd, second));
            var byNumber = Text.compareNumbers(left, first, firstEnd, right, second, secondEnd);
            if (byNumber != 0) {
                return byNumber;
            }
            first = firstEnd;
            second = secondEnd;
        }
        return 0;
    }

    /** A tilde is before the end, the end before letters, letters before the rest. */
    private static int weight(String version, int index, int end) {
        if (index >= end || Text.digit(version.charAt(index))) {
            return 0;
        }
        var character = version.charAt(index);
        if (character == '~') {
            return -1;
        }
        return Text.letter(character) ? character : character + 256;
    }
}
