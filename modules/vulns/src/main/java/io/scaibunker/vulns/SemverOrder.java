package io.scaibunker.vulns;

/**
 * The order of SemVer 2, for npm, Go, crates and Bitnami. Tolerant where registries are: a leading {@code v}, fewer or more than
 * three numbers, numbers of any length. Build metadata ({@code +…}) does not count.
 */
final class SemverOrder {
    private SemverOrder() {}

    static int compare(String left, String right) {
        var leftStart = start(left);
        var rightStart = start(right);
        var leftEnd = end(left);
        var rightEnd = end(right);
        var leftCore = coreEnd(left, leftStart, leftEnd);
        var rightCore = coreEnd(right, rightStart, rightEnd);
        var byCore = core(left, leftStart, leftCore, right, rightStart, rightCore);
        return byCore != 0 ? byCore : preRelease(left, leftCore, leftEnd, right, rightCore, rightEnd);
    }

    private static int start(String version) {
        return version.startsWith("v") || version.startsWith("V") ? 1 : 0;
    }

    private static int end(String version) {
        var plus = version.indexOf('+');
        return plus < 0 ? version.length() : plus;
    }

    private static int coreEnd(String version, int start, int end) {
        var index = start;
        while (index < end && (Text.digit(version.charAt(index)) || version.charAt(index) == '.')) {
            index++;
        }
        return index;
    }

    private static int core(String left, int leftStart, int leftEnd, String right, int rightStart, int rightEnd) {
        var first = leftStart;
        var second = rightStart;
        while (first < leftEnd || second < rightEnd) {
            var firstEnd = Math.min(Text.digitsEnd(left, first), Math.max(leftEnd, first));
            var secondEnd = Math.min(Text.digitsEnd(right, second), Math.max(rightEnd, second));
            var byNumber = Text.compareNumbers(left, first, firstEnd, right, second, secondEnd);
            if (byNumber != 0) {
                return byNumber;
            }
            first = firstEnd + 1;
            second = secondEnd + 1;
            first = Math.min(first, Math.max(leftEnd, firstEnd));
            second = Math.min(second, Math.max(rightEnd, secondEnd));
        }
        return 0;
    }

    private static int preRelease(String left, int leftStart, int leftEnd, String right, int rightStart, int rightEnd) {
        if (leftStart >= leftEnd || rightStart >= rightEnd) {
            return Boolean.compare(leftStart >= leftEnd, rightStart >= rightEnd);
        }
        var first = left.charAt(leftStart) == '-' ? leftStart + 1 : leftStart;
        var second = right.charAt(rightStart) == '-' ? rightStart + 1 : rightStart;
        while (first < leftEnd && second < rightEnd) {
            var firstEnd = dot(left, first, leftEnd);
            var secondEnd = dot(right, second, rightEnd);
            var byWord = word(left, first, firstEnd, right, second, secondEnd);
            if (byWord != 0) {
                return byWord;
            }
            first = firstEnd + 1;
            second = secondEnd + 1;
        }
        return Boolean.compare(first < leftEnd, second < rightEnd);
    }

    private static int dot(String text, int start, int end) {
        var dot = text.indexOf('.', start);
        return dot < 0 || dot > end ? end : dot;
    }

    private static int word(String left, int leftStart, int leftEnd, String right, int rightStart, int rightEnd) {
        var leftNumber = Text.allDigits(left, leftStart, leftEnd);
        var rightNumber = Text.allDigits(right, rightStart, rightEnd);
        if (leftNumber && rightNumber) {
            return Text.compareNumbers(left, leftStart, leftEnd, right, rightStart, rightEnd);
        }
        if (leftNumber != rightNumber) {
            return leftNumber ? -1 : 1;
        }
        return left.substring(leftStart, leftEnd).compareTo(right.substring(rightStart, rightEnd));
    }
}
