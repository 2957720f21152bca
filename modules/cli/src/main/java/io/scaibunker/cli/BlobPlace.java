package io.scaibunker.cli;

import io.scaibunker.oci.BlobDir;
import io.scaibunker.oci.ByteProgress;
import io.scaibunker.oci.ImageSource;
import io.scaibunker.oci.Layer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Where fetched layers lie while they are needed, or longer. For one thread, but for {@link #close}. */
interface BlobPlace extends AutoCloseable {
    /** The layer, if it is here from before. */
    Optional<Path> find(Layer layer) throws IOException;

    /** Brings the layer here. */
    Path fetch(ImageSource source, Layer layer, ByteProgress progress) throws IOException;

    @Override
    void close() throws IOException;

    /** A directory made when it is needed, gone in the end. */
    final class Passing implements BlobPlace {
        private final Path near;
        private @Nullable Path directory;

        /** @param near in which directory */
        Passing(Path near) {
            this.near = near;
        }

        @Override
        public Optional<Path> find(Layer layer) {
            return Optional.empty();
        }

        @Override
        public Path fetch(ImageSource source, Layer layer, ByteProgress progress) throws IOException {
            if (directory == null) {
                directory = Files.createTempDirectory(near, ".bake-layers-");
            }
            return source.fetch(layer, new BlobDir(directory), progress);
        }

        @Override
        public void close() throws IOException {
            if (directory != null) {
                try (var files = Files.newDirectoryStream(directory)) {
                    for (var file : files) {
                        Files.deleteIfExists(file);
                    }
                }
                Files.deleteIfExists(directory);
            }
        }
    }
}
