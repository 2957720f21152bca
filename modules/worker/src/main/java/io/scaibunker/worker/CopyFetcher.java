package io.scaibunker.worker;

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
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
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

    private final WorkerFiles files;
    private final CopyLedger ledger;
    private final Shelf shelf;
    private final ExchangeClient peers;
    private final Supplier<String> self;

    /** Places that somebody fetches into. */
    private final Set<Path> reserved = new HashSet<>();

    /** @param self where this worker serves others, as {@code host:port} */
    CopyFetcher(WorkerFiles files, CopyLedger ledger, Shelf shelf, ExchangeClient peers, Supplier<String> self) {
        this.files = files;
        this.ledger = ledger;
        this.shelf = shelf;
        this.peers = peers;
        this.self = self;
    }

    /**
     * @return empty when none of those who should have it could be reached, or none gave what its digest says
     * @throws CancellationException once the job is cancelled
     */
    Optional<Copy> fetch(BakeJob job, Turn turn) throws IOException {
        Copy copy = Objects.requireNonNull(turn.copy());
        job.runOn(Thread.currentThread());
        try (Reserved reserved = reserve(job, copy.artifactDigest())) {
            job.enter(CachePhase.FETCHING);
            if (ledger.share(job.wanted().imageId(), copy)) {
                return Optional.of(copy);
            }
            Path place = reserved.place();
            Files.createDirectories(place.resolve(FOR));
            WorkerFiles.writeWhole(
                    place.resolve(FOR).resolve(job.wanted().imageId().toString()), "");
            Optional<ImageTable> table = table(place, copy, turn.sources());
            Reception reception = new Reception(job, copy, turn.sources());
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
        } catch (InterruptedException e) {
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

    private static boolean isFor(Path place, Set<ImageId> awaited) {
        return awaited.stream()
                .anyMatch(imageId -> Files.exists(place.resolve(FOR).resolve(imageId.toString())));
    }

    /** The table that the digest stands for: from an earlier try, or from the first who gives it. */
    private Optional<ImageTable> table(Path place, Copy copy, List<String> sources)
            throws IOException, InterruptedException {
        Path file = place.resolve("table");
        try {
            ImageTable table = ImageTable.decode(Files.readAllBytes(file));
            if (isOf(copy, table)) {
                return Optional.of(table);
            }
        } catch (NoSuchFileException none) {
            LOG.debug("no table of {} yet", copy.artifactDigest());
        } catch (IOException broken) {
            LOG.info("the table of {} is fetched again: {}", copy.artifactDigest(), broken.getMessage());
        }
        for (String source : sources) {
            try {
                byte[] bytes = peers.table(source, copy.artifactDigest().text());
                ImageTable table = ImageTable.decode(bytes);
                if (isOf(copy, table)) {
                    WorkerFiles.writeWhole(file, bytes);
                    return Optional.of(table);
                }
                LOG.warn("{} gave a table that is not that of {}", source, copy.artifactDigest());
            } catch (IOException e) {
                LOG.info("{} gave no table of {}: {}", source, copy.artifactDigest(), e.getMessage());
            }
        }
        return Optional.empty();
    }

    private static boolean isOf(Copy copy, ImageTable table) {
        return table.digest().equals(copy.artifactDigest().text()) && table.sizeBytes() == copy.sizeBytes();
    }

    private boolean receive(Reception reception, Path place, ImageTable table)
            throws IOException, InterruptedException {
        Digest digest = reception.copy.artifactDigest();
        try (PieceFile file = PieceFile.receive(table, place.resolve("image"))) {
            takeOwn(table, file);
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
    private void takeOwn(ImageTable table, PieceFile file) throws IOException, InterruptedException {
        for (Copy other : Set.copyOf(ledger.all().values())) {
            Optional<ImageTable> known = ledger.table(other.artifactDigest());
            if (known.isPresent() && shareLayers(table, known.get())) {
                try (PieceFile from = PieceFile.whole(known.get(), ledger.fileOf(other.artifactDigest()))) {
                    takeOwn(table, file, from);
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

    private static void takeOwn(ImageTable table, PieceFile file, PieceFile from)
            throws IOException, InterruptedException {
        for (int ours = 0; ours < table.segments().size(); ours++) {
            for (int theirs = 0; theirs < from.table().segments().size(); theirs++) {
                var wanted = table.segments().get(ours);
                var held = from.table().segments().get(theirs);
                if (!wanted.diffId().isEmpty() && wanted.diffId().equals(held.diffId())) {
                    // The head comes before the segments.
                    takeOwn(
                            file,
                            file.firstOf(ours + 1),
                            from,
                            from.firstOf(theirs + 1),
                            wanted.pieces(),
                            held.pieces());
                }
            }
        }
    }

    private static void takeOwn(PieceFile file, int first, PieceFile from, int firstThere, Pieces wanted, Pieces held)
            throws IOException, InterruptedException {
        for (int piece = 0; piece < Math.min(wanted.count(), held.count()); piece++) {
            if (!file.has(first + piece) && wanted.isSame(piece, held)) {
                file.write(first + piece, from.read(firstThere + piece, 0));
            }
        }
    }

    /** The pieces that are missing, from whoever gives them. */
    private final class Reception {
        private final BakeJob job;
        private final Copy copy;
        private final Deque<String> candidates;
        private final List<String> holders;
        /** Peers that failed us or lied. */
        private final Set<String> useless = new HashSet<>();

        private long received;
        private long done;
        private long total;

        Reception(BakeJob job, Copy copy, List<String> holders) {
            this.job = job;
            this.copy = copy;
            this.holders = holders;
            this.candidates = new ArrayDeque<>(holders);
        }

        boolean run(PieceFile file) throws IOException, InterruptedException {
            total = file.bytes();
            done = total - missingBytes(file);
            job.progress(CachePhase.FETCHING, done, total);
            while (!file.missing().isEmpty()) {
                job.check();
                String peer = candidates.poll();
                if (peer != null) {
                    ask(peer, file);
                } else if (useless.containsAll(holders)) {
                    return false;
                } else {
                    // All are busy; a place becomes free when somebody has got all.
                    job.pause(BUSY_MS);
                    holders.stream().filter(holder -> !useless.contains(holder)).forEach(candidates::add);
                }
            }
            return true;
        }

        private static long missingBytes(PieceFile file) {
            return file.missing().stream().mapToLong(file::length).sum();
        }

        private void ask(String peer, PieceFile file) throws IOException, InterruptedException {
            job.from(peer);
            try {
                peers.pieces(peer, copy.artifactDigest().text(), runs(file), self.get(), (number, bytes) -> {
                    if (!file.write(number, bytes)) {
                        throw new PeerLied(peer + " gave piece " + number + ", which is not what its digest says");
                    }
                    received += bytes.length;
                    done += bytes.length;
                    job.progress(CachePhase.FETCHING, Math.min(done, total), total);
                });
            } catch (ExchangeClient.Refused refused) {
                if (refused.isBusy()) {
                    refused.instead().stream()
                            .filter(other -> !useless.contains(other) && !other.equals(self.get()))
                            .forEach(candidates::addFirst);
                } else {
                    useless(peer, refused);
                }
            } catch (PeerLied lie) {
                LOG.warn(lie.getMessage());
                useless.add(peer);
            } catch (PlatformException | IOException e) {
                job.check();
                useless(peer, e);
            }
        }

        private void useless(String peer, Exception why) {
            LOG.info("{} does not give {}: {}", peer, copy.artifactDigest(), why.getMessage());
            useless.add(peer);
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
