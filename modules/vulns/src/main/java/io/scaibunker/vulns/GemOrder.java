package io.scaibunker.vulns;

import java.util.ArrayList;
import java.util.List;

/** The order of Ruby's {@code Gem::Version}: numbers and words; a word makes a pre-release. */
final class GemOrder {
    private GemOrder() {}

    static int compare(String left, String right) {
        var first = segments(left);
        var second = segments(right);
        var length = Math.max(first.size(), second.size());
        for (var index = 0; index < length; index++) {
            var one = index < first.size() ? first.get(index) : "0";
            var other = index < second.size() ? second.get(index) : "0";
            var bySegment = segment(one, other);
            if (bySegment != 0) {
                return bySegment;
            }
        }
        return 0;
    }

    private static int segment(String left, String right) {
        var leftNumber = Text.digit(left.charAt(0));
        var rightNumber = Text.digit(right.charAt(0));
        if (leftNumber && rightNumber) {
            return Text.compareNumbers(left, right);
        }
        if (leftNumber != rightNumber) {
            return leftNumber ? 1 : -1;
        }
        return left.compareTo(right);
    }

    /** The runs of digits and of letters, without the zeros that end the numbers or the whole. */
    private static List<String> segments(String version) {
        var whole = version.replace("-", ".pre.");
        var numbers = new ArrayList<String>();
        var rest = new ArrayList<String>();
        var index = 0;
        while (index < whole.length()) {
            var start = index;
            if (Text.digit(whole.charAt(start))) {
                index = Text.digitsEnd(whole, start);
                (rest.isEmpty() ? numbers : rest).add(whole.substring(start, index));
            } else if (Text.letter(whole.charAt(start))) {
                while (index < whole.length() && Text.letter(whole.charAt(index))) {
                    index++;
                }
                rest.add(whole.substring(start, index));
            } else {
                index++;
            }
        }
        dropZeros(numbers);
        dropZeros(rest);
        numbers.addAll(rest);
        return numbers;
    }

    private static void dropZeros(List<String> segments) {
        while (!segments.isEmpty()
                && Text.compareNumbers(segments.getLast(), "0") == 0
                && Text.digit(segments.getLast().charAt(0))) {
            segments.removeLast();
        }
    }
}
