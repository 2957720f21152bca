package io.scaibunker.vulns;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Base64;
import java.util.Optional;
import java.util.function.LongConsumer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Fetches advisories from a bucket of OSV's layout. What has not changed since the last time is not fetched again; what was fetched is
 * checked, by its checksum and by being read, before it takes the place of what was there.
 */
public final class AdvisorySync implements AutoCloseable {
    /** Where OSV publishes. */
    public static final URI PUBLIC = URI.create("https://storage.googleapis.com/osv-vulnerabilities/");

    private static final String CHECKSUM = "crc32c=";
    private static final int NOT_MODIFIED = 304;

    private final Path directory;
    private final URI bucket;
    private final Duration timeout;
    private final HttpClient http;

    /** Told how much of an archive has come. */
    @FunctionalInterface
    public interface Watcher {
        /** @param total -1 where nobody knows */
        void came(long bytes, long total);
    }

    /** @param timeout until an answer begins */
    public AdvisorySync(Path directory, URI bucket, Duration timeout) {
        this.directory = directory;
        this.bucket = bucket.toString().endsWith("/") ? bucket : URI.create(bucket + "/");
        this.timeout = timeout;
        this.http = HttpClient.newBuilder()
                .connectTimeout(timeout)
                .followRedirects(HttpClient.Redirect.NORMAL)
                .build();
    }

    /**
     * Brings one ecosystem up to date.
     *
     * @param ecosystem its name in OSV, without a release
     * @return what was fetched; empty if nothing has changed
     * @throws IOException if it cannot be had; what was there stays
     */
    public Optional<DatabaseStatus> ecosystem(String ecosystem) throws IOException {
        return ecosystem(ecosystem, (bytes, total) -> {});
    }

    /** As {@link #ecosystem(String)}, for who wants to know how far it is. */
    public Optional<DatabaseStatus> ecosystem(String ecosystem, Watcher watcher) throws IOException {
        var request = HttpRequest.newBuilder(
                        bucket.resolve(ecosystem.replace(" ", "%20") + "/" + AdvisoryFiles.ARCHIVE))
                .timeout(timeout);
        tag(ecosystem).ifPresent(known -> request.header("If-None-Match", known));
        try {
            var answer = http.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
            try (var body = answer.body()) {
                if (answer.statusCode() == NOT_MODIFIED) {
                    return Optional.empty();
                }
                if (answer.statusCode() != 200) {
                    throw new IOException(request.build().uri() + " answered " + answer.statusCode());
                }
                return Optional.of(take(ecosystem, answer, body, watcher));
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new IOException("stopped", stopped);
        }
    }

    private DatabaseStatus take(String ecosystem, HttpResponse<?> answer, InputStream body, Watcher watcher)
            throws IOException {
        var checksum = answer.headers().allValues("x-goog-hash").stream()
                .flatMap(value -> java.util.Arrays.stream(value.split(",")))
                .map(String::strip)
                .filter(value -> value.startsWith(CHECKSUM))
                .map(value -> value.substring(CHECKSUM.length()))
                .findFirst()
                .orElse(null);
        Files.deleteIfExists(tagFile(ecosystem));
        var total = answer.headers().firstValueAsLong("content-length").orElse(-1);
        var status = new AdvisoryImport(directory)
                .ecosystem(ecosystem, new Summed(body, checksum, bytes -> watcher.came(bytes, total)));
        var tag = answer.headers().firstValue("etag");
        if (tag.isPresent()) {
            var beside = tagFile(ecosystem).resolveSibling(".etag.part");
            Files.writeString(beside, tag.get());
            Files.move(beside, tagFile(ecosystem), StandardCopyOption.ATOMIC_MOVE);
        }
        return status;
    }

    /** Of the archive that is here. */
    private Optional<String> tag(String ecosystem) throws IOException {
        var archive = directory.resolve(ecosystem).resolve(AdvisoryFiles.ARCHIVE);
        return Files.isRegularFile(archive) && Files.isRegularFile(tagFile(ecosystem))
                ? Optional.of(Files.readString(tagFile(ecosystem)).strip())
                : Optional.empty();
    }

    private Path tagFile(String ecosystem) {
        return directory.resolve(ecosystem).resolve(AdvisoryFiles.ARCHIVE + ".etag");
    }

    @Override
    public void close() {
        http.close();
    }

    /** Fails at its end if the bytes are not those that were announced. */
    private static final class Summed extends FilterInputStream {
        private final CRC32C sum = new CRC32C();

        @Nullable
        private final String expected;

        private final LongConsumer watcher;
        private long done;

        Summed(InputStream in, @Nullable String expected, LongConsumer watcher) {
            super(in);
            this.expected = expected;
            this.watcher = watcher;
        }

        @Override
        public int read() throws IOException {
            var one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            var read = in.read(buffer, offset, length);
            if (read > 0) {
                sum.update(buffer, offset, read);
                done += read;
                watcher.accept(done);
            } else if (read < 0 && expected != null) {
                var found = ByteBuffer.allocate(4).putInt((int) sum.getValue()).array();
                if (!Base64.getEncoder().encodeToString(found).equals(expected)) {
                    throw new ScanException(ScanReason.DB_CORRUPT, "what was fetched is not what was announced");
                }
            }
            return read;
        }
    }
}
