package io.scaibunker.worker;

import io.scaibunker.bus.Answer.Turn;
import io.scaibunker.bus.Question.Copy;
import io.scaibunker.bus.Question.LaidSegment;
import io.scaibunker.bus.Question.Layout;
import io.scaibunker.ext4.ImageSpec;
import io.scaibunker.ext4.Segment;
import io.scaibunker.ext4.WrittenImage;
import io.scaibunker.layers.Layer;
import io.scaibunker.layers.LayerStack;
import io.scaibunker.microvm.Leftovers;
import io.scaibunker.model.BuildSource;
import io.scaibunker.model.CachePhase;
import io.scaibunker.model.Digest;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.PlatformException;
import io.scaibunker.model.SnapshotId;
import io.scaibunker.oci.BlobDir;
import io.scaibunker.oci.ByteProgress;
import io.scaibunker.oci.ImageReference;
import io.scaibunker.oci.ImageSource;
import io.scaibunker.oci.ImageSources;
import io.scaibunker.oci.ResolvedImage;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
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
    private final SnapshotShelf snapshots;
    private final Throttle intake;
    private final WorkerConfig.Baker which;
    private final LayerClaims claims = new LayerClaims();

    /** Bakes share it; who tidies up has it alone. */
    private final ReadWriteLock baking = new ReentrantReadWriteLock();

    /** How many copies had been let go when it was tidied last; none when a bake has ended without a copy since. */
    private final AtomicInteger tidied = new AtomicInteger(-1);

    /** @param intake what is read from sources goes through it */
    ImageBaker(
            WorkerFiles files,
            CopyLedger ledger,
            Inventories inventories,
            BlobCache blobs,
            ImageSources sources,
            SnapshotShelf snapshots,
            Throttle intake,
            WorkerConfig.Baker which) {
        this.files = files;
        this.ledger = ledger;
        this.inventories = inventories;
        this.blobs = blobs;
        this.sources = sources;
        this.snapshots = snapshots;
        this.intake = intake;
        this.which = which;
    }

    /**
     * @return empty when it turned out that this is not ours to bake
     * @throws java.util.concurrent.CancellationException once the job is cancelled
     */
    Optional<Copy> bake(BakeJob job) throws IOException {
        Path place = Files.createTempDirectory(files.bakes(), job.wanted().imageId() + "-");
        baking.readLock().lock();
        boolean made = false;
        try {
            job.runOn(Thread.currentThread());
            Optional<Copy> copy = bakeIn(place, job);
            made = copy.isPresent();
            return copy;
        } finally {
            if (!made) {
                tidied.set(-1);
            }
            baking.readLock().unlock();
            job.finished();
            Leftovers.remove(place);
        }
    }

    /** Forgets what was noted of copies that are gone; another time if a bake is under way. */
    void tidy() throws IOException {
        inventories.removeOthers();
        int removals = ledger.removals();
        if (tidied.get() != removals && baking.writeLock().tryLock()) {
            try {
                KnownLayers.sweep(files.segments());
                tidied.set(removals);
            } finally {
                baking.writeLock().unlock();
            }
        }
    }

    private Optional<Copy> bakeIn(Path place, BakeJob job) throws IOException {
        job.enter(CachePhase.RESOLVING);
        if (job.wanted().source() instanceof BuildSource.Snapshot of) {
            return bakeSnapshot(place, job, of.snapshotId());
        }
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
        ImageSource source = SourceLook.open(
                sources, job.wanted().source(), pinned, job.credential().orElse(null));
        job.opened(source);
        return source;
    }

    private Optional<Copy> make(Path place, BakeJob job, ImageSource source, ResolvedImage image) throws IOException {
        Optional<Copy> equal = shareEqual(job, new Digest(image.digest().toString()));
        if (equal.isPresent()) {
            return equal;
        }
        // What the reference stands for is known only now; somebody may have it, or be at it.
        if (job.turn().kind() != Turn.Kind.BAKE) {
            return Optional.empty();
        }
        if (job.wanted().source() instanceof BuildSource.Oci oci) {
            ImageReference reference = ImageReference.parse(oci.ref());
            try (BlobCache.Use use = blobs.use(reference.registry() + "/" + reference.repository())) {
                return write(place, job, image, (layer, told) -> use.fetch(source, layer, paced(told)));
            }
        }
        BlobDir own = new BlobDir(place.resolve("blobs"));
        return write(place, job, image, (layer, told) -> source.fetch(layer, own, told));
    }

    /** Whoever reads goes on when so much may have come; what a registry sends meanwhile waits in its connection. */
    private ByteProgress paced(ByteProgress told) {
        long[] before = {0};
        return (done, total) -> {
            told.bytes(done, total);
            long more = done - before[0];
            before[0] = done;
            try {
                intake.pass(Math.max(0, more));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new CancellationException("interrupted while a layer was fetched");
            }
        };
    }

    /** A copy of any image that is made of the same. */
    private Optional<Copy> shareEqual(BakeJob job, Digest sourceDigest) throws IOException {
        Optional<Copy> equal = ledger.findEqual(sourceDigest, job.wanted().sizeMib() * MIB, which.writerName());
        return equal.isPresent() && ledger.share(job.wanted().imageId(), equal.get()) ? equal : Optional.empty();
    }

    private Optional<Copy> write(Path place, BakeJob job, ResolvedImage image, LayerArrivals.Fetch fetch)
            throws IOException {
        Digest sourceDigest = new Digest(image.digest().toString());
        KnownLayers known = KnownLayers.of(files.segments(), image);
        Path target = place.resolve("image.ext4");
        ImageSpec spec = new ImageSpec(job.wanted().sizeMib(), sourceDigest.text());
        try (LayerArrivals arrivals = new LayerArrivals(job, image, fetch)) {
            LayerStack layers = arrivals.layers();
            try (LayerClaims.Claim _ = claims.claim(unknown(layers, known))) {
                WrittenImage written = which.writer(known).write(layers, spec, target, arrivals::progressed);
                arrivals.await();
                return Optional.of(settle(job, sourceDigest, known, target, written));
            }
        }
    }

    /** The layers of the image below are taken from it as they lie there, and one comes on top. */
    private Optional<Copy> bakeSnapshot(Path place, BakeJob job, SnapshotId id) throws IOException {
        SnapshotShelf.Kept kept = snapshots
                .find(id)
                .orElseThrow(() -> new PlatformException(ErrorCode.SOURCE_NOT_FOUND, id + " is not on this worker"));
        if (which != WorkerConfig.Baker.NATIVE) {
            throw new PlatformException(
                    ErrorCode.SOURCE_UNSUPPORTED, "worker.baker=" + which + " makes no images of snapshots");
        }
        Digest source = kept.source();
        if (!job.pin(source).equals(source)) {
            throw new PlatformException(ErrorCode.SOURCE_CORRUPT, id + " is another one than the image was made of");
        }
        Optional<Copy> equal = shareEqual(job, source);
        if (equal.isPresent() || job.turn().kind() != Turn.Kind.BAKE) {
            return equal;
        }
        job.enter(CachePhase.BAKING);
        KnownLayers known = KnownLayers.ofSnapshot(files.segments());
        Path target = place.resolve("image.ext4");
        ImageSpec spec = new ImageSpec(job.wanted().sizeMib(), source.text());
        try (LayerClaims.Claim _ = claims.claim(Set.of(kept.layer().text()))) {
            WrittenImage written = which.writer(known)
                    .write(
                            kept.layers(place),
                            spec,
                            target,
                            (done, total) -> job.progress(CachePhase.BAKING, done, total));
            return Optional.of(settle(job, source, known, target, written));
        } catch (ClosedByInterruptException interrupted) {
            throw new CancellationException("the bake was interrupted");
        }
    }

    /** The layers to be unpacked, as far as can be said before those of other bakes are done. */
    private static Set<String> unknown(LayerStack layers, KnownLayers known) throws IOException {
        Set<String> unknown = new HashSet<>();
        for (Layer layer : layers.layers()) {
            if (!layer.diffId().isEmpty() && known.find(layer.diffId()) == null) {
                unknown.add(layer.diffId());
            }
        }
        return unknown;
    }

    private Copy settle(BakeJob job, Digest sourceDigest, KnownLayers known, Path target, WrittenImage written)
            throws IOException {
        job.enter(CachePhase.VERIFYING);
        Copy copy = new Copy(
                new Digest(written.digest()),
                written.sizeBytes(),
                written.allocatedBytes(),
                written.entries(),
                sourceDigest,
                which.writerName());
        ledger.add(job.wanted().imageId(), copy, target, written.table(), layout(written));
        known.moved(written.segments(), ledger.fileOf(copy.artifactDigest()));
        LOG.info(
                "baked {} as {}, {} of {} layers were here, {}",
                job.wanted().imageId(),
                copy.artifactDigest(),
                written.reused().size(),
                written.segments().size(),
                written.phases());
        job.made(copy);
        inventories.prepare(copy.artifactDigest());
        return copy;
    }

    private static Layout layout(WrittenImage written) {
        List<LaidSegment> laid = new ArrayList<>();
        for (Segment segment : written.segments()) {
            laid.add(new LaidSegment(
                    segment.diffId().isEmpty() ? null : new Digest(segment.diffId()),
                    segment.length(),
                    segment.cut().stream().mapToLong(Segment.Cut::length).sum(),
                    written.reused().contains(laid.size())));
        }
        return Layout.of(laid);
    }
}
