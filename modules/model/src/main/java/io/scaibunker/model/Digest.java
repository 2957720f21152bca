package io.scaibunker.model;

import java.util.regex.Pattern;

/** A content's name: {@code sha256:} and 64 lower-case hexadecimal digits (OCI image-spec, descriptor.md, digests). */
public record Digest(String text) implements Comparable<Digest> {
    private static final Pattern FORM = Pattern.compile("sha256:[0-9a-f]{64}");

    /** @throws IllegalArgumentException if {@code text} is of another form */
    public Digest {
        if (!FORM.matcher(text).matches()) {
            throw new IllegalArgumentException("value: " + (text.length() > 80 ? text.substring(0, 80) + "…" : text)
                    + " (expected: sha256: and 64 lower-case hexadecimal digits)");
        }
    }

    public static Digest parse(String text) {
        return new Digest(text);
    }

    /** The 64 digits alone, as used for file names. */
    public String hex() {
        return text.substring("sha256:".length());
    }

    @Override
    public int compareTo(Digest other) {
        return text.compareTo(other.text);
    }

    @Override
    public String toString() {
        return text;
    }
}
