package io.scaibunker.fanout;

import io.scaibunker.model.Digest;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Names what goes into a bake: images with equal fingerprints have the same content. */
final class Fingerprint {
    private Fingerprint() {}

    /**
     * @param sourceDigest the manifest's or the tarball's
     * @param sizeBytes of the file system
     * @param writer name and version of what writes it
     */
    static String of(Digest sourceDigest, long sizeBytes, String writer) {
        String input = "1\n" + sourceDigest + "\n" + sizeBytes + "\n" + writer + "\n";
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(input.getBytes(StandardCharsets.UTF_8));
            return "fp:" + HexFormat.of().formatHex(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
