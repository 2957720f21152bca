package io.scaibunker.oci;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** An image in the worker's file system; what kind of image, is told by its content. */
final class TarSource implements ImageSource {
    private final String path;
    private final Platform platform;
    private final SourceConfig config;
    private final TarRoots roots;
    private final Cancellation cancellation = new Cancellation();
    private @Nullable OpenedTar opened;

    TarSource(String path, Platform platform, SourceConfig config) {
        this.path = path;
        this.platform = platform;
        this.config = config;
        this.roots = new TarRoots(config.tarRoots());
    }

    @Override
    public ResolvedImage resolve(ByteProgress progress) {
        var image = open(progress);
        opened = image;
        return image.image();
    }

    @Override
    public Path fetch(Layer layer, BlobDir blobs, ByteProgress progress) {
        cancellation.check();
        var found = blobs.find(layer.digest(), layer.size());
        if (found.isPresent()) {
            progress.bytes(layer.size(), layer.size());
            return found.get();
        }
        var image = opened;
        if (image == null) {
            image = open(progress);
            opened = image;
        }
        if (!image.image().layers().contains(layer)) {
            throw new SourceException(
                    SourceException.Reason.CORRUPT, shown() + " does not hold " + layer.digest() + " any more");
        }
        return image.store(layer, blobs, progress);
    }

    private OpenedTar open(ByteProgress progress) {
        cancellation.check();
        var real = roots.locate(path);
        if (Files.isDirectory(real)) {
            return openDirectory(real);
        }
        var file = new ArchiveFile(real, shown(), sizeOf(real), cancellation);
        if (file.size() > config.maxImageBytes()) {
            throw new SourceException(
                    SourceException.Reason.TOO_LARGE,
                    shown() + " has " + file.size() + " bytes, at most " + config.maxImageBytes() + " are allowed");
        }
        var scan = file.unpacked(progress, in -> ArchiveScan.of(in, shown(), config.maxImageBytes()));
        return switch (scan.kind()) {
            case ROOT_FILE_SYSTEM -> RootFileSystemTar.open(file, platform, progress);
            case DOCKER_ARCHIVE -> DockerArchive.open(file, scan, platform, progress);
            case OCI_ARCHIVE -> OciLayout.open(new LayoutArchive(file, scan), platform, config.maxImageBytes());
        };
    }

    private OpenedTar openDirectory(Path directory) {
        if (!Files.exists(directory.resolve("index.json"))) {
            throw new SourceException(
                    SourceException.Reason.PATH_NOT_ALLOWED,
                    "path " + shown() + " is not allowed: a directory must be an OCI layout, and it has no index.json");
        }
        return OciLayout.open(
                new LayoutDirectory(directory, shown(), roots, cancellation), platform, config.maxImageBytes());
    }

    private long sizeOf(Path real) {
        try {
            return Files.size(real);
        } catch (IOException unreadable) {
            throw new SourceException(SourceException.Reason.NOT_FOUND, shown() + " is gone", unreadable);
        }
    }

    private String shown() {
        return SourceException.shown(path);
    }

    @Override
    public void cancel() {
        cancellation.cancel();
    }

    @Override
    public void close() {
        cancellation.cancel();
    }
}
