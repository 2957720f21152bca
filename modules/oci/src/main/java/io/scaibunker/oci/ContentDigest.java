package io.scaibunker.oci;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * The SHA-256 of some bytes; prints as {@code sha256:…}. Other algorithms of the OCI specification are refused: nobody pushes them.
 *
 * @param hex 64 lower-case hexadecimal digits
 */
public record ContentDigest(String hex) {
    private static final Pattern HEX = Pattern.compile("[0-9a-f]{64}");

    public ContentDigest {
        if (!HEX.matcher(hex).matches()) {
            throw new IllegalArgumentException("not a SHA-256: " + SourceException.shown(hex));
        }
    }

    /** Reads {@code sha256:…}; anything else throws {@link IllegalArgumentException}. */
    public static ContentDigest parse(String text) {
        if (!text.startsWith("sha256:")) {
            throw new IllegalArgumentException("not a sha256 digest: " + SourceException.shown(text));
        }
        return new ContentDigest(text.substring("sha256:".length()));
    }

    /** The digest of these bytes. */
    public static ContentDigest of(byte[] bytes) {
        return finish(sha256(), bytes);
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    static ContentDigest finish(MessageDigest sha256, byte... lastBytes) {
        return new ContentDigest(HexFormat.of().formatHex(sha256.digest(lastBytes)));
    }

    @Override
    public String toString() {
        return "sha256:" + hex;
    }
}
