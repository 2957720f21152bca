package io.scaibunker.api;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;

/** The secret of an API key: {@code sgk_} and 43 letters and digits, 256 bits of chance; known to its holder alone. */
record KeySecret(String text) {
    static final String PREFIX = "sgk_";

    private static final String ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    private static final int LENGTH = 43;
    private static final int HINT = 4;
    private static final SecureRandom RANDOM = new SecureRandom();

    static KeySecret fresh() {
        StringBuilder text = new StringBuilder(PREFIX);
        for (int i = 0; i < LENGTH; i++) {
            text.append(ALPHABET.charAt(RANDOM.nextInt(ALPHABET.length())));
        }
        return new KeySecret(text.toString());
    }

    static boolean looksLikeOne(String token) {
        return token.startsWith(PREFIX) && token.length() == PREFIX.length() + LENGTH;
    }

    /** What the table keeps; finding a row by it tells an onlooker's clock nothing about the secret. */
    byte[] hash() {
        return sha256(text.getBytes(StandardCharsets.UTF_8));
    }

    /** So that a person can tell keys apart. */
    String hint() {
        return text.substring(text.length() - HINT);
    }

    static byte[] sha256(byte[]... parts) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (byte[] part : parts) {
                digest.update(part);
            }
            return digest.digest();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    @Override
    public String toString() {
        return "***";
    }
}
