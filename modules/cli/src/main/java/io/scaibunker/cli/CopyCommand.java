package io.scaibunker.cli;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
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
        var api = remote.api(terminal);
        progress.enter("sending");
        api.upload(
                file(api, place, false),
                BodyPublishers.ofInputStream(() -> new Counted(open(isStandard), size, progress)));
    }

    private InputStream open(boolean isStandard) {
        try {
            return isStandard ? terminal.in() : Files.newInputStream(Path.of(from));
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
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
            var target = target(place);
            var part = Files.createTempFile(target.toAbsolutePath().getParent(), ".scaibunker-", ".part");
            try {
                Files.copy(body, part, StandardCopyOption.REPLACE_EXISTING);
                Files.move(part, target, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(part);
            }
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

        Counted(InputStream bytes, long size, Progress progress) {
            super(bytes);
            this.size = size;
            this.progress = progress;
        }

        @Override
        public int read() throws IOException {
            var one = super.read();
            count(one < 0 ? -1 : 1);
            return one;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            var count = super.read(bytes, offset, length);
            count(count);
            return count;
        }

        private void count(int count) {
            if (count > 0) {
                done += count;
                progress.bytes(done, size);
            }
        }
    }
}
