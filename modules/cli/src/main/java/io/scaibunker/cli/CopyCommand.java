package io.scaibunker.cli;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code scaibunker bunker cp}: a file in or out, of any size. */
@Command(
        name = "cp",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description = "Copies a file into a bunker, or out of one.",
        footer = {
            "",
            "Examples:",
            "  scaibunker bunker cp data.csv box:/srv/data.csv",
            "  scaibunker bunker cp box:/srv/result.csv .",
            "  tar c site | scaibunker bunker cp - box:/tmp/site.tar",
            "A directory: pack it with tar on one side, unpack it on the other."
        })
final class CopyCommand implements Callable<Integer> {
    private static final String STANDARD = "-";
    private static final Duration LONGEST = Duration.ofHours(1);

    @Parameters(index = "0", paramLabel = "FROM", description = "FILE, - or BUNKER:/PATH.")
    private String from = "";

    @Parameters(index = "1", paramLabel = "TO", description = "BUNKER:/PATH, FILE, DIRECTORY or -.")
    private String to = "";

    @Option(names = "--user", paramLabel = "USER", description = "As whom, inside.")
    private @Nullable String user;

    @Mixin
    private Remote remote = new Remote();

    private final Terminal terminal;

    CopyCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException {
        if (BunkerPath.isOne(from) == BunkerPath.isOne(to)) {
            throw new UsageException("one of the two must be BUNKER:/PATH, the other a file here");
        }
        var progress = terminal.progress();
        try {
            if (BunkerPath.isOne(to)) {
                put(BunkerPath.parse(to).named(name(Path.of(from))), progress);
            } else {
                get(BunkerPath.parse(from), progress);
            }
        } finally {
            progress.end();
        }
        return ExitCode.DONE.number();
    }

    private Call file(Api api, BunkerPath place, boolean out) throws IOException {
        var id = new Names(api).bunker(place.bunker());
        var call = out ? Call.get("bunkers", id, "files") : Call.put("bunkers", id, "files");
        return call.with("path", place.path()).with("user", user).within(LONGEST);
    }

    private void put(BunkerPath place, Progress progress) throws IOException {
        var isStandard = from.equals(STANDARD);
        if (!isStandard && !Files.isRegularFile(Path.of(from))) {
            throw new UsageException("'" + from + "' is no regular file");
        }
        var size = isStandard ? -1 : Files.size(Path.of(from));
        try (var bytes =
                new Counted(isStandard ? terminal.in() : Files.newInputStream(Path.of(from)), size, progress)) {
            var api = remote.api(terminal);
            progress.enter("sending");
            try {
                api.upload(file(api, place, false), BodyPublishers.ofInputStream(() -> bytes));
            } catch (IOException failed) {
                // To HTTP it is all one; it is this machine's fault, not the platform's.
                throw bytes.broken == null ? failed : bytes.broken;
            }
        }
    }

    /** It appears whole or not at all. */
    private void get(BunkerPath place, Progress progress) throws IOException {
        var api = remote.api(terminal);
        var answer = api.open(file(api, place, true), "application/octet-stream");
        var size = answer.headers().firstValueAsLong("Content-Length").orElse(-1);
        progress.enter("fetching");
        try (var body = new Counted(answer.body(), size, progress)) {
            if (to.equals(STANDARD)) {
                body.transferTo(terminal.out());
                terminal.out().flush();
                return;
            }
            keep(body, target(place));
        }
    }

    /** As a shell would write it: a link is followed, a file's mode stays, a new file's is what is usual here. */
    static void keep(InputStream body, Path named) throws IOException {
        var target = Files.exists(named) ? named.toRealPath() : named.toAbsolutePath();
        if (Files.exists(target) && !Files.isRegularFile(target)) {
            // A pipe or a device: nothing to be put in its place.
            try (var out = Files.newOutputStream(target)) {
                body.transferTo(out);
            }
            return;
        }
        var part = target.resolveSibling(".scaibunker-" + UUID.randomUUID() + ".part");
        try {
            try (var out = Files.newOutputStream(part, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                if (Files.exists(target)) {
                    Files.setPosixFilePermissions(part, Files.getPosixFilePermissions(target));
                }
                body.transferTo(out);
            }
            Files.move(part, target, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(part);
        }
    }

    private Path target(BunkerPath place) {
        var target = Path.of(to);
        return Files.isDirectory(target) ? target.resolve(name(Path.of(place.path()))) : target;
    }

    private static String name(Path path) {
        var name = path.getFileName();
        return name == null ? "" : name.toString();
    }

    private static final class Counted extends FilterInputStream {
        private final long size;
        private final Progress progress;
        private long done;
        /** What reading failed with. */
        private volatile @Nullable IOException broken;

        Counted(InputStream bytes, long size, Progress progress) {
            super(bytes);
            this.size = size;
            this.progress = progress;
        }

        @Override
        public int read() throws IOException {
            try {
                var one = super.read();
                count(one < 0 ? -1 : 1);
                return one;
            } catch (IOException unreadable) {
                broken = unreadable;
                throw unreadable;
            }
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            try {
                var count = super.read(bytes, offset, length);
                count(count);
                return count;
            } catch (IOException unreadable) {
                broken = unreadable;
                throw unreadable;
            }
        }

        private void count(int count) {
            if (count > 0) {
                done += count;
                progress.bytes(done, size);
            }
        }
    }
}
