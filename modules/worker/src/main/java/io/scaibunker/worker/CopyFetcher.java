package io.scaibunker.worker;

import io.scaibunker.bus.Answer.CacheItem;
import io.scaibunker.bus.Answer.Turn;
import io.scaibunker.bus.Question.Copy;
import io.scaibunker.ext4.ImageTable;
import io.scaibunker.ext4.PieceFile;
import io.scaibunker.ext4.Pieces;
import io.scaibunker.microvm.Leftovers;
import io.scaibunker.model.CachePhase;
import io.scaibunker.model.Digest;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.PlatformException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes a copy from other workers': table → what lies here already → pieces → settle in the ledger. Blocks. What was received
 * stays when it is cut, for the next try; others are served from it while it comes in.
 */
final class CopyFetcher {
    private static final Logger LOG = LoggerFactory.getLogger(CopyFetcher.class);

    /** How long to wait when all who have it serve as many as they may. */
    private static final long BUSY_MS = 200;

    /** Below a place: an empty file for each image whose copy this shall be. */
    private static final String FOR = "for";

    /** Below a place: how much of the disk the copy takes. */
    private static final String BYTES = "bytes";

    private final WorkerFiles files;
    private final CopyLedger ledger;
    private final Shelf shelf;
    private final ExchangeClient peers;
    private final Throttle intake;
    private final Duration patience;
    private final Supplier<String> self;

    /** Places that somebody fetches into. */
    private final Set<Path> reserved = new HashSet<>();

    /**
     * @param intake what comes in goes through it
     * @param patience how long it may be that nobody gives anything, until it is given up
     * @param self where this worker serves others, as {@code host:port}
     */
    CopyFetcher(
            WorkerFiles files,
            CopyLedger ledger,
            Shelf shelf,
            ExchangeClient peers,
            Throttle intake,
            Duration patience,
            Supplier<String> self) {
        this.files = files;
        this.ledger = ledger;
        this.shelf = shelf;
        this.peers = peers;
        this.intake = intake;
        this.patience = patience;
        this.self = self;
    }

    /**
     * @return empty when none of those who should have it could be reached, or none gave what its digest says
     * @throws CancellationException once the job is cancelled
     */
    Optional<Copy> fetch(BakeJob job, Turn turn) throws IOException {
        Copy copy = Objects.requireNonNull(turn.copy());
        job.runOn(Thread.currentThread());
        // Until one has said who it is.
        job.from("peer");
        try (Reserved reserved = reserve(job, copy.artifactDigest())) {
            job.enter(CachePhase.FETCHING);
            if (ledger.share(job.wanted().imageId(), copy)) {
                return Optional.of(copy);
            }
            Path place = reserved.place();
            Files.createDirectories(place.resolve(FOR));
            WorkerFiles.writeWhole(
                    place.resolve(FOR).resolve(job.wanted().imageId().toString()), "");
            WorkerFiles.writeWhole(place.resolve(BYTES), "" + copy.allocatedBytes());
            Reception reception = new Reception(job, copy, turn.sources());
            Optional<ImageTable> table = table(place, reception);
            if (table.isEmpty() || !receive(reception, place, table.get())) {
                return Optional.empty();
            }
            Leftovers.remove(place);
            LOG.info(
                    "fetched {} as {}: {} bytes from others",
                    job.wanted().imageId(),
                    copy.artifactDigest(),
                    reception.received);
            return Optional.of(copy);
        } catch (InterruptedException | ClosedByInterruptException e) {
            throw new CancellationException("the copy of " + job.wanted().imageId() + " is not wanted any more");
        } finally {
            job.finished();
        }
    }

    /** An artifact that comes in, for this job alone: of images with equal content the second one finds it here then. */
    private Reserved reserve(BakeJob job, Digest artifact) throws InterruptedException {
        Path place = files.incoming(artifact);
        while (!isFree(place)) {
            job.pause(BUSY_MS);
        }
        return new Reserved(place);
    }

    private boolean isFree(Path place) {
        synchronized (reserved) {
            return reserved.add(place);
        }
    }

    private final class Reserved implements AutoCloseable {
        private final Path place;

        private Reserved(Path place) {
            this.place = place;
        }

        Path place() {
            return place;
        }

        @Override
        public void close() {
            synchronized (reserved) {
                reserved.remove(place);
            }
        }
    }

    /** Removes what has come in for images that nobody waits for any more; not what is coming in now. */
    void forgetIncoming(Set<ImageId> awaited) throws IOException {
        try (var left = Files.newDirectoryStream(files.incoming())) {
            for (Path place : left) {
                synchronized (reserved) {
                    if (!reserved.contains(place) && !isFor(place, awaited)) {
                        Leftovers.remove(place);
                    }
                }
            }
        }
    }

    /** What comes in, in bytes, when all of it has come. */
    long bytes() throws IOException {
        return bytesBeside(files.incoming());
    }

    /** The same, but for an artifact. */
    long bytesBeside(Digest artifact) throws IOException {
        return bytesBeside(files.incoming(artifact));
    }

    private long bytesBeside(Path one) throws IOException {
        long bytes = 0;
        try (var places = Files.newDirectoryStream(files.incoming())) {
            for (Path place : places) {
                bytes += place.equals(one) ? 0 : bytesOf(place);
            }
        }
        return bytes;
    }

    /** What lies half-received here, for the list of what the cache holds. */
    List<CacheItem> incoming(Set<ImageId> awaited) throws IOException {
        List<CacheItem> items = new ArrayList<>();
        try (var places = Files.newDirectoryStream(files.incoming())) {
            for (Path place : places) {
                synchronized (reserved) {
                    items.add(Garbage.incoming(
                            new Digest("sha256:" + place.getFileName()),
                            bytesOf(place),
                            reserved.contains(place) || isFor(place, awaited)));
                }
            }
        }
        return items;
    }

    /** The file has holes where nothing has come yet; so this is what it may become. */
    private static long bytesOf(Path place) throws IOException {
        try {
            return Long.parseLong(Files.readString(place.resolve(BYTES)));
        } catch (NoSuchFileException | NumberFormatException unknown) {
            return 0;
        }
    }

    private static boolean isFor(Path place, Set<ImageId> awaited) {
        return awaited.stream()
                .anyMatch(imageId -> Files.exists(place.resolve(FOR).resolve(imageId.toString())));
    }

    /** The table that the digest stands for: from an earlier try, or from the first who gives it. */
    private Optional<ImageTable> table(Path place, Reception reception) throws IOException, InterruptedException {
        Copy copy = reception.copy;
        Path file = place.resolve("table");
        try {
            ImageTable table = ImageTable.decode(Files.readAllBytes(file));
            if (isOf(copy, table)) {
                return Optional.of(table);
            }
        } catch (NoSuchFileException none) {
            LOG.debug("no table of {} yet", copy.artifactDigest());
        } catch (ClosedByInterruptException cancelled) {
            throw cancelled;
        } catch (IOException broken) {
            LOG.info("the table of {} is fetched again: {}", copy.artifactDigest(), broken.getMessage());
        }
        do {
            for (var peer = reception.holders.next(); peer.isPresent(); peer = reception.holders.next()) {
                Optional<byte[]> bytes = reception.askTable(peer.get());
                if (bytes.isPresent()) {
                    WorkerFiles.writeWhole(file, bytes.get());
                    return Optional.of(ImageTable.decode(bytes.get()));
                }
            }
        } while (reception.waitForMore());
        return Optional.empty();
    }

    private static boolean isOf(Copy copy, ImageTable table) {
        return table.digest().equals(copy.artifactDigest().text()) && table.sizeBytes() == copy.sizeBytes();
    }

    private boolean receive(Reception reception, Path place, ImageTable table)
            throws IOException, InterruptedException {
        Digest digest = reception.copy.artifactDigest();
        try (PieceFile file = PieceFile.receive(table, place.resolve("image"))) {
            takeOwn(reception.job, table, file);
            shelf.receiving(digest, file);
            try {
                if (!reception.run(file)) {
                    return false;
                }
                file.force();
                reception.job.enter(CachePhase.VERIFYING);
                // In the ledger before it leaves the shelf: whoever is served from here, or comes now, finds it
                // throughout.
                ledger.add(reception.job.wanted().imageId(), reception.copy, place.resolve("image"), table);
            } finally {
                shelf.received(digest);
            }
            return true;
        }
    }

    /** Pieces of layers that lie in another copy here. What they are called is what they are: their digests are compared. */
    private void takeOwn(BakeJob job, ImageTable table, PieceFile file) throws IOException, InterruptedException {
        for (Copy other : Set.copyOf(ledger.all().values())) {
            Optional<ImageTable> known = ledger.table(other.artifactDigest());
            if (known.isPresent() && shareLayers(table, known.get())) {
                try (PieceFile from = PieceFile.whole(known.get(), ledger.fileOf(other.artifactDigest()))) {
                    takeOwn(job, table, file, from);
                } catch (NoSuchFileException gone) {
                    LOG.debug("{} went while it was looked at", other.artifactDigest());
                }
            }
        }
    }

    private static boolean shareLayers(ImageTable one, ImageTable other) {
        return other.segments().stream()
                .anyMatch(segment -> !segment.diffId().isEmpty()
                        && one.segments().stream()
                                .anyMatch(ours -> ours.diffId().equals(segment.diffId())));
    }

    private void takeOwn(BakeJob job, ImageTable table, PieceFile file, PieceFile from)
            throws IOException, InterruptedException {
        for (int ours = 0; ours < table.segments().size(); ours++) {
            for (int theirs = 0; theirs < from.table().segments().size(); theirs++) {
                var wanted = table.segments().get(ours);
                var held = from.table().segments().get(theirs);
                if (!wanted.diffId().isEmpty() && wanted.diffId().equals(held.diffId())) {
                    // The head comes before the segments.
                    takeOwn(
                            job,
                            new Segment(file, file.firstOf(ours + 1), wanted.pieces()),
                            new Segment(from, from.firstOf(theirs + 1), held.pieces()));
                }
            }
        }
    }

    /** Pieces of a file that belong together. */
    private record Segment(PieceFile file, int first, Pieces pieces) {}

    private void takeOwn(BakeJob job, Segment wanted, Segment held) throws IOException, InterruptedException {
        for (int piece = 0;
                piece < Math.min(wanted.pieces().count(), held.pieces().count());
                piece++) {
            int number = wanted.first() + piece;
            if (!wanted.file().has(number) && wanted.pieces().isSame(piece, held.pieces())) {
                job.check();
                intake.stepBack();
                wanted.file().write(number, held.file().read(held.first() + piece, 0));
            }
        }
    }

    /** What comes from others, from whoever gives it. */
    private final class Reception {
        private final BakeJob job;
        private final Copy copy;
        private final Holders holders;

        private long received;
        private long done;
        private long total;

        Reception(BakeJob job, Copy copy, List<String> told) {
            this.job = job;
            this.copy = copy;
            this.holders = new Holders(told, patience, System::nanoTime);
        }

        boolean run(PieceFile file) throws IOException, InterruptedException {
            total = file.bytes();
            done = total - missingBytes(file);
            job.progress(CachePhase.FETCHING, done, total);
            // Whoever gave the table is asked first, and the others, once more.
            holders.again();
            while (!file.missing().isEmpty()) {
                job.check();
                Optional<String> peer = holders.next();
                if (peer.isPresent()) {
                    ask(peer.get(), file);
                } else if (!waitForMore()) {
                    return false;
                }
            }
            return true;
        }

        private static long missingBytes(PieceFile file) {
            return file.missing().stream().mapToLong(file::length).sum();
        }

        /** For a place that becomes free when somebody has got all, or a link that is well again. False to give up. */
        private boolean waitForMore() throws InterruptedException {
            if (holders.isHopeless() || (holders.isTimeToLook() && !look())) {
                return false;
            }
            job.pause(BUSY_MS);
            holders.again();
            return true;
        }

        /** Who has it by now, as the room says; false if nobody is left who can be asked. */
        private boolean look() {
            try {
                Turn turn = job.turn();
                Copy there = turn.copy();
                if (turn.kind() != Turn.Kind.FETCH
                        || there == null
                        || !there.artifactDigest().equals(copy.artifactDigest())) {
                    return false;
                }
                holders.found(turn.sources());
            } catch (PlatformException unheard) {
                LOG.debug("nobody says who has {} by now", copy.artifactDigest(), unheard);
            }
            return true;
        }

        /** What the peer gives as the table, if that is it. */
        private Optional<byte[]> askTable(String peer) throws IOException, InterruptedException {
            byte[] bytes;
            try {
                bytes = peers.table(peer, copy.artifactDigest().text(), job::from);
            } catch (IOException e) {
                failed(peer, e);
                return Optional.empty();
            }
            if (isTable(bytes)) {
                holders.gave(peer);
                return Optional.of(bytes);
            }
            LOG.warn("{} gave a table that is not that of {}", peer, copy.artifactDigest());
            holders.drop(peer);
            return Optional.empty();
        }

        private boolean isTable(byte[] bytes) {
            try {
                return isOf(copy, ImageTable.decode(bytes));
            } catch (IOException broken) {
                return false;
            }
        }

        private void ask(String peer, PieceFile file) throws IOException, InterruptedException {
            try {
                peers.pieces(
                        peer,
                        copy.artifactDigest().text(),
                        runs(file),
                        self.get(),
                        job::from,
                        (number, bytes) -> take(peer, file, number, bytes));
            } catch (UncheckedIOException ours) {
                // No peer is to blame for what this disk does.
                throw ours.getCause();
            } catch (PeerLied lie) {
                LOG.warn(lie.getMessage());
                holders.drop(peer);
            } catch (IOException e) {
                job.check();
                failed(peer, e);
            }
        }

        private void take(String peer, PieceFile file, int number, byte[] bytes) throws PeerLied, InterruptedException {
            intake.pass(bytes.length);
            boolean isIt;
            try {
                isIt = file.write(number, bytes);
            } catch (IOException ours) {
                throw new UncheckedIOException(ours);
            }
            if (!isIt) {
                throw new PeerLied(peer + " gave piece " + number + ", which is not what its digest says");
            }
            holders.gave(peer);
            received += bytes.length;
            done += bytes.length;
            job.progress(CachePhase.FETCHING, Math.min(done, total), total);
        }

        private void failed(String peer, IOException why) {
            if (why instanceof ExchangeClient.Refused refused && refused.isBusy()) {
                holders.busy(
                        peer,
                        refused.instead().stream()
                                .filter(other -> !other.equals(self.get()))
                                .toList());
                return;
            }
            LOG.info("{} does not give {}: {}", peer, copy.artifactDigest(), why.getMessage());
            if (why instanceof ExchangeClient.Refused refused && refused.isForGood()) {
                holders.drop(peer);
            } else {
                holders.failed(peer);
            }
        }

        private static List<Integer> runs(PieceFile file) {
            var missing = file.missing();
            List<Integer> runs = new ArrayList<>();
            for (int first = missing.nextSetBit(0); first >= 0; ) {
                int end = missing.nextClearBit(first);
                runs.add(first);
                runs.add(end - first);
                first = missing.nextSetBit(end);
            }
            return runs;
        }
    }

    private static final class PeerLied extends IOException {
        private static final long serialVersionUID = 1L;

        PeerLied(String message) {
            super(message);
        }
    }
}
