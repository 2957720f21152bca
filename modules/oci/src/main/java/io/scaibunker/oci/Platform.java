package io.scaibunker.oci;

import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * An operating system and processor, in Go's words as registries use them: {@code linux/amd64}, {@code linux/arm/v7}.
 *
 * @param os for example {@code linux}
 * @param architecture for example {@code amd64}
 * @param variant for example {@code v8}, empty for none
 */
public record Platform(String os, String architecture, Optional<String> variant) {
    /** What a worker boots unless told otherwise. */
    public static final Platform LINUX_AMD64 = new Platform("linux", "amd64", Optional.empty());

    private static final Pattern WORD = Pattern.compile("[a-z0-9._-]{1,32}");
    private static final Map<String, String> OTHER_NAMES = Map.of("x86_64", "amd64", "aarch64", "arm64");

    /** Reads {@code os/architecture[/variant]}. Throws {@link SourceException} with INVALID_REFERENCE. */
    public static Platform parse(String text) {
        var words = text.split("/", -1);
        var wellFormed = words.length == 2 || words.length == 3;
        for (var word : words) {
            wellFormed &= WORD.matcher(word).matches();
        }
        if (!wellFormed) {
            throw new SourceException(
                    SourceException.Reason.INVALID_REFERENCE,
                    "platform " + SourceException.shown(text) + " is not os/architecture[/variant], as in linux/amd64");
        }
        var architecture = OTHER_NAMES.getOrDefault(words[1], words[1]);
        return new Platform(words[0], architecture, words.length == 3 ? Optional.of(words[2]) : Optional.empty());
    }

    /**
     * How well an image made for {@code this} runs where {@code wanted} is asked for: 0 is best, empty is not at all. A newer
     * variant than asked for never fits; where none is asked for, the plainest is best.
     */
    Optional<Integer> distanceFrom(Platform wanted) {
        if (!os.equals(wanted.os) || !architecture.equals(wanted.architecture)) {
            return Optional.empty();
        }
        var mine = variantNumber(this);
        if (wanted.variant.isEmpty()) {
            return Optional.of(mine);
        }
        var asked = variantNumber(wanted);
        return mine <= asked ? Optional.of(asked - mine) : Optional.empty();
    }

    private static int variantNumber(Platform platform) {
        // arm64 without a variant is v8 by the specification, so both count as the plain one; the same for amd64 and
        // v1.
        var plain = platform.architecture.equals("arm64") ? "v8" : "v1";
        var variant = platform.variant.orElse(plain);
        if (variant.equals(plain)) {
            return 0;
        }
        return variant.matches("v[0-9]{1,2}") ? Integer.parseInt(variant.substring(1)) : 99;
    }

    @Override
    public String toString() {
        return os + "/" + architecture + variant.map(name -> "/" + name).orElse("");
    }
}
