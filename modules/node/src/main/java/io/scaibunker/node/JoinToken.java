package io.scaibunker.node;

import io.scaibunker.model.Secret;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.HexFormat;

/** The word that members of a fleet show each other. A node alone makes one up and keeps it. */
final class JoinToken {
    private static final int BYTES = 24;

    private JoinToken() {}

    /** What the configuration says, else what this node made up at its first start. */
    static Secret of(ClusterConfig config, Path dataDir) {
        return config.joinToken().orElseGet(() -> keptIn(dataDir.resolve("join-token")));
    }

    private static Secret keptIn(Path file) {
        try {
            return read(file);
        } catch (NoSuchFileException e) {
            return make(file);
        } catch (IOException e) {
            throw new StartException(file + " cannot be read: " + e, e);
        }
    }

    private static Secret read(Path file) throws IOException {
        return new Secret(Files.readString(file).strip());
    }

    private static Secret make(Path file) {
        byte[] bytes = new byte[BYTES];
        new SecureRandom().nextBytes(bytes);
        var owner = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
        try {
            var fresh = Files.createTempFile(file.getParent(), "join-token-", ".new", owner);
            Files.writeString(fresh, HexFormat.of().formatHex(bytes) + "\n");
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
            return read(file);
        } catch (IOException e) {
            throw new StartException(file + " cannot be written: " + e, e);
        }
    }
}
