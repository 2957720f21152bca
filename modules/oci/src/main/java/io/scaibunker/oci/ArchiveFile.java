package io.scaibunker.oci;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/** A tenant's file: opened again for every pass, with its progress told while it is read. */
final class ArchiveFile {
    private static final int BUFFER = 256 << 10;

    private final Path path;
    private final String name;
    private final long size;
    private final Cancellation cancellation;

    /**
     * @param name as the tenant named it, for messages
     */
    ArchiveFile(Path path, String name, long size, Cancellation cancellation) {
        this.path = path;
        this.name = name;
        this.size = size;
        this.cancellation = cancellation;
    }

    String name() {
        return name;
    }

    long size() {
        return size;
    }

    /** One pass over the file. */
    interface Pass<T> {
        T read(InputStream in) throws IOException;
    }

    /** Reads the file as it is. Failures of reading are the file's: CORRUPT. */
    <T> T raw(ByteProgress progress, Pass<T> pass) {
        try (var in = new Told(Files.newInputStream(path, LinkOption.NOFOLLOW_LINKS), progress)) {
            return pass.read(in);
        } catch (IOException unreadable) {
            throw new SourceException(
                    SourceException.Reason.CORRUPT,
                    name + " cannot be read to its end: " + unreadable.getMessage(),
                    unreadable);
        }
    }

    /** Reads what is inside, whichever way it is compressed. */
    <T> T unpacked(ByteProgress progress, Pass<T> pass) {
        return raw(progress, in -> pass.read(Packing.open(in)));
    }

    ContentDigest digest(ByteProgress progress) {
        return raw(progress, in -> {
            var sha256 = ContentDigest.sha256();
            var buffer = new byte[BUFFER];
            for (var count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                sha256.update(buffer, 0, count);
            }
            return ContentDigest.finish(sha256);
        });
    }

    /** A checked copy: the tenant's file may change, the copy will not. */
    Path copyInto(BlobDir blobs, ContentDigest digest, ByteProgress progress) {
        try (var blob = blobs.begin(digest, size)) {
            return raw(progress, in -> {
                var buffer = new byte[BUFFER];
                for (var count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                    blob.write(ByteBuffer.wrap(buffer, 0, count));
                }
                return blob.finish();
            });
        }
    }

    /** Counts, tells, and stops when the source is cancelled. */
    private final class Told extends FilterInputStream {
        private final ByteProgress progress;
        private long done;

        Told(InputStream in, ByteProgress progress) {
            super(in);
            this.progress = progress;
        }

        @Override
        public int read() throws IOException {
            var one = super.read();
            tell(one < 0 ? 0 : 1);
            return one;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            var count = super.read(buffer, offset, length);
            tell(Math.max(count, 0));
            return count;
        }

        @Override
        public long skip(long count) throws IOException {
            var skipped = super.skip(count);
            tell(skipped);
            return skipped;
        }

        private void tell(long more) {
            cancellation.check();
            done += more;
            progress.bytes(Math.min(done, size), size);
        }
    }
}
