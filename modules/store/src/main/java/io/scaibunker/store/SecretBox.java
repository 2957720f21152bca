package io.scaibunker.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Base64;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Keeps secrets at rest: AES-256-GCM (NIST SP 800-38D) under one key that all nodes of a platform share. What is sealed
 * for one purpose cannot be opened for another: the purpose is bound in as associated data.
 */
public final class SecretBox {
    private static final int KEY_BYTES = 32;
    private static final int NONCE_BYTES = 12;
    private static final int TAG_BITS = 128;
    private static final SecureRandom RANDOM = new SecureRandom();

    private final SecretKeySpec key;

    private SecretBox(byte[] key) {
        this.key = new SecretKeySpec(key, "AES");
    }

    /** @throws IllegalArgumentException if {@code base64} is not 32 bytes in base64 */
    public static SecretBox ofKey(String base64) {
        byte[] key = Base64.getDecoder().decode(base64.strip());
        if (key.length != KEY_BYTES) {
            throw new IllegalArgumentException(
                    "key of " + key.length + " bytes (expected: " + KEY_BYTES + " bytes in base64)");
        }
        return new SecretBox(key);
    }

    /** With a fresh key that is kept nowhere. */
    public static SecretBox fresh() {
        return new SecretBox(random(KEY_BYTES));
    }

    /** Reads the key from {@code file}; makes key and file, readable by the owner alone, if there is none. Blocks. */
    public static SecretBox at(Path file) throws IOException {
        try {
            return ofKey(Files.readString(file));
        } catch (NoSuchFileException e) {
            make(file);
            return ofKey(Files.readString(file));
        }
    }

    private static void make(Path file) throws IOException {
        Path home = file.toAbsolutePath().getParent();
        Files.createDirectories(home);
        Path beside = Files.createTempFile(
                home,
                ".secrets-key",
                "",
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        try {
            Files.writeString(beside, Base64.getEncoder().encodeToString(random(KEY_BYTES)) + "\n");
            // A link, not a rename: of two processes that start at once the first one's key stays.
            Files.createLink(file, beside);
        } catch (FileAlreadyExistsException otherWasFirst) {
            // Its key is the one to read.
        } finally {
            Files.delete(beside);
        }
    }

    /** @param purpose must be told again to open */
    public byte[] seal(byte[] plain, String purpose) {
        byte[] nonce = random(NONCE_BYTES);
        byte[] sealed = run(Cipher.ENCRYPT_MODE, nonce, purpose, plain);
        return ByteBuffer.allocate(NONCE_BYTES + sealed.length)
                .put(nonce)
                .put(sealed)
                .array();
    }

    /** @throws IllegalStateException if it was sealed with another key or for another purpose, or was changed */
    public byte[] open(byte[] sealed, String purpose) {
        if (sealed.length < NONCE_BYTES + TAG_BITS / 8) {
            throw new IllegalStateException("sealed bytes are too short: " + sealed.length);
        }
        ByteBuffer parts = ByteBuffer.wrap(sealed);
        byte[] nonce = new byte[NONCE_BYTES];
        byte[] rest = new byte[sealed.length - NONCE_BYTES];
        parts.get(nonce).get(rest);
        return run(Cipher.DECRYPT_MODE, nonce, purpose, rest);
    }

    private byte[] run(int mode, byte[] nonce, String purpose, byte[] input) {
        try {
            Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
            cipher.init(mode, key, new GCMParameterSpec(TAG_BITS, nonce));
            cipher.updateAAD(purpose.getBytes(StandardCharsets.UTF_8));
            return cipher.doFinal(input);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the secrets key does not fit, or what it sealed was changed", e);
        }
    }

    private static byte[] random(int count) {
        byte[] bytes = new byte[count];
        RANDOM.nextBytes(bytes);
        return bytes;
    }
}
