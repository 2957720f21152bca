package io.scaibunker.worker;

import io.scaibunker.bus.Question.Copy;
import io.scaibunker.ext4.ImageSpec;
import io.scaibunker.ext4.WrittenImage;
import io.scaibunker.layers.Layer;
import io.scaibunker.layers.LayerStack;
import io.scaibunker.microvm.Leftovers;
import io.scaibunker.model.BuildSource;
import io.scaibunker.model.CachePhase;
import io.scaibunker.model.Digest;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.PlatformException;
import io.scaibunker.oci.BlobDir;
import io.scaibunker.oci.ByteProgress;
import io.scaibunker.oci.ContentDigest;
import io.scaibunker.oci.ImageReference;
import io.scaibunker.oci.ImageSource;
import io.scaibunker.oci.ImageSources;
import io.scaibunker.oci.Platform;
import io.scaibunker.oci.RegistryCredential;
import io.scaibunker.oci.ResolvedImage;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes a copy: resolve → pin → fetch → write → settle in the ledger. Blocks; everything half-made lies in one directory
 * that goes whatever happens.
 */
final class ImageBaker {
    private static final Logger LOG = LoggerFactory.getLogger(ImageBaker.class);
    private static final long MIB = 1 << 20;

    private final WorkerFiles files;
    private final CopyLedger ledger;
    private final Inventories inventories;
    private final BlobCache blobs;
    private final ImageSources sources;
    private final WorkerConfig.Baker which;

    ImageBaker(
            WorkerFiles files,
            CopyLedger ledger,
            Inventories inventories,
            BlobCache blobs,
            ImageSources sources,
            WorkerConfig.Baker which) {
        this.files = files;
        this.ledger = ledger;
        this.inventories = inventories;
        this.blobs = blobs;
        this.sources = sources;
        this.which = which;
    }

    /** @throws java.util.concurrent.CancellationException once the job is cancelled */
    Copy bake(BakeJob job) throws IOException {
        Path place = Files.createTempDirectory(files.bakes(), job.wanted().imageId() + "-");
        job.runOn(Thread.currentThread());
        try {
            return bakeIn(place, job);
        } finally {
            job.finished();
            Leftovers.remove(place);
        }
    }

    private Copy bakeIn(Path place, BakeJob job) throws IOException {
        job.enter(CachePhase.RESOLVING);
        try (ImageSource first = open(job, Optional.ofNullable(job.wanted().pinned()))) {
            ResolvedImage found = first.resolve((done, total) -> job.progress(CachePhase.RESOLVING, done, total));
            Digest pinned = job.pin(new Digest(found.digest().toString()));
            if (pinned.text().equals(found.digest().toString())) {
                return make(place, job, first, found);
            }
            requireReference(job, found, pinned);
            // Another worker asked first, and the tag has moved since: what it found is the image.
            try (ImageSource again = open(job, Optional.of(pinned))) {
                return make(place, job, again, again.resolve((done, total) -> job.check()));
            }
        }
    }

    private static void requireReference(BakeJob job, ResolvedImage found, Digest pinned) {
        if (job.wanted().source() instanceof BuildSource.Tar tar) {
            throw new PlatformException(
                    ErrorCode.SOURCE_CORRUPT,
                    tar.path() + " is " + found.digest() + " on this worker; the image was registered as " + pinned);
        }
    }

    private ImageSource open(BakeJob job, Optional<Digest> pinned) {
        ImageSource source = switch (job.wanted().source()) {
            case BuildSource.Tar tar -> sources.tar(tar.path(), Platform.LINUX_AMD64);
            case BuildSource.Oci oci -> {
                ImageReference reference = ImageReference.parse(oci.ref());
                ImageReference exact = pinned.map(digest -> reference.at(ContentDigest.parse(digest.text())))
                        .orElse(reference);
                yield sources.registry(exact.toString(), Platform.parse(oci.platform()), credential(job));
            }
        };
        job.opened(source);
        return source;
    }

    private static Optional<RegistryCredential> credential(BakeJob job) {
        return job.credential()
                .map(given -> given.token() != null
                        ? new RegistryCredential.Token(given.token())
                        : new RegistryCredential.Password(
                                Optional.ofNullable(given.username()).orElse(""),
                                Optional.ofNullable(given.password()).orElse("")));
    }

    private Copy make(Path place, BakeJob job, ImageSource source, ResolvedImage image) throws IOException {
        Digest sourceDigest = new Digest(image.digest().toString());
        long size = job.wanted().sizeMib() * MIB;
        Optional<Copy> equal = ledger.findEqual(sourceDigest, size, which.writerName());
        if (equal.isPresent() && ledger.share(job.wanted().imageId(), equal.get())) {
            return equal.get();
        }
        job.enter(CachePhase.FETCHING);
        if (job.wanted().source() instanceof BuildSource.Oci oci) {
            ImageReference reference = ImageReference.parse(oci.ref());
            try (BlobCache.Use use = blobs.use(reference.registry() + "/" + reference.repository())) {
                return write(place, job, fetch(job, image, (layer, told) -> use.fetch(source, layer, told)), image);
            }
        }
        BlobDir own = new BlobDir(place.resolve("blobs"));
        return write(place, job, fetch(job, image, (layer, told) -> source.fetch(layer, own, told)), image);
    }

    /** Brings one layer's blob as a local file. */
    @FunctionalInterface
    private interface Fetch {
        Path blob(io.scaibunker.oci.Layer layer, ByteProgress progress) throws IOException;
    }

    private static LayerStack fetch(BakeJob job, ResolvedImage image, Fetch fetch) throws IOException {
        long total = image.compressedBytes();
        List<Layer> layers = new ArrayList<>();
        long before = 0;
        for (io.scaibunker.oci.Layer layer : image.layers()) {
            long done = before;
            Path blob = fetch.blob(layer, (bytes, all) -> job.progress(CachePhase.FETCHING, done + bytes, total));
            layers.add(
                    new StoredLayer(layer.diffId().map(ContentDigest::toString).orElse(""), blob, layer.size()));
            before += layer.size();
        }
        return new LayerStack(layers);
    }

    private record StoredLayer(String diffId, Path blob, long storedBytes) implements Layer {
        @Override
        public InputStream open() throws IOException {
            return new BufferedInputStream(Files.newInputStream(blob), 1 << 18);
        }
    }

    private Copy write(Path place, BakeJob job, LayerStack layers, ResolvedImage image) throws IOException {
        Digest sourceDigest = new Digest(image.digest().toString());
        KnownLayers known = KnownLayers.of(files.segments(), image);
        job.enter(CachePhase.BAKING);
        Path target = place.resolve("image.ext4");
        ImageSpec spec = new ImageSpec(job.wanted().sizeMib(), sourceDigest.text());
        WrittenImage written = which.writer(known)
                .write(layers, spec, target, (done, total) -> job.progress(CachePhase.BAKING, done, total));
        job.enter(CachePhase.VERIFYING);
        Copy copy = new Copy(
                new Digest(written.digest()),
                written.sizeBytes(),
                written.allocatedBytes(),
                written.entries(),
                sourceDigest,
                which.writerName());
        ledger.add(job.wanted().imageId(), copy, target);
        known.moved(written.segments(), ledger.fileOf(copy.artifactDigest()));
        inventories.prepare(copy.artifactDigest());
        LOG.info("baked {} as {}, {}", job.wanted().imageId(), copy.artifactDigest(), written.phases());
        return copy;
    }
}
