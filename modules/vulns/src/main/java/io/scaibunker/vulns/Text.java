package io.scaibunker.vulns;

/** Small questions about characters and runs of digits that all version orders ask. */
final class Text {
    private Text() {}

    static boolean digit(char character) {
        return character >= '0' && character <= '9';
    }

    static boolean letter(char character) {
        return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z');
    }

    /** The end of the run of digits that begins at {@code start}. */
    static int digitsEnd(String text, int start) {
        var end = start;
        while (end < text.length() && digit(text.charAt(end))) {
            end++;
        }
        return end;
    }

    static boolean allDigits(String text, int start, int end) {
        return start < end && Math.min(digitsEnd(text, start), end) == end;
    }

    static boolean allDigits(String text) {
        return allDigits(text, 0, text.length());
    }

    /** Compares two runs of digits as numbers of any length; an empty run is zero. */
    static int compareNumbers(String left, int leftStart, int leftEnd, String right, int rightStart, int rightEnd) {
        var first = leftStart;
        while (first < leftEnd && left.charAt(first) == '0') {
            first++;
        }
        var second = rightStart;
        while (second < rightEnd && right.charAt(second) == '0') {
            second++;
        }
        var byLength = Integer.compare(leftEnd - first, rightEnd - second);
        if (byLength != 0) {
            return byLength;
        }
        for (; first < leftEnd; first++, second++) {
            var byDigit = Character.compare(left.charAt(first), right.charAt(second));
            if (byDigit != 0) {
                return byDigit;
            }
        }
        return 0;
    }

    static int compareNumbers(String left, String right) {
        return compareNumbers(left, 0, left.length(), right, 0, right.length());
    }
}
