package io.scaibunker.testkit;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** An authority that gives out certificates, made on the spot by openssl. */
public final class Authority {
    private final Path dir;
    private final String name;

    private Authority(Path dir, String name) {
        this.dir = dir;
        this.name = name;
    }

    /** PEM files. */
    public record Certificate(Path certificate, Path key) {}

    /** @param dir for its files, and those of whom it gives certificates to */
    public static Authority in(Path dir, String name) {
        var authority = new Authority(dir, name);
        authority.make(name);
        return authority;
    }

    public Path certificate() {
        return file(name, ".crt");
    }

    private Path file(String whose, String ending) {
        return dir.resolve(whose + ending);
    }

    /** A certificate for somebody. */
    public Certificate issue(String to) {
        return make(
                to,
                "-CA",
                certificate().toString(),
                "-CAkey",
                file(name, ".key").toString());
    }

    private Certificate make(String to, String... more) {
        var made = new Certificate(file(to, ".crt"), file(to, ".key"));
        var command = new ArrayList<>(List.of(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-noenc",
                "-days",
                "2",
                "-subj",
                "/CN=" + to,
                "-out",
                made.certificate().toString(),
                "-keyout",
                made.key().toString()));
        command.addAll(List.of(more));
        SampleImages.run(command.toArray(String[]::new));
        return made;
    }
}
