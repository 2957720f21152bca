package io.scaibunker.worker;

import io.scaibunker.bus.Question.Copy;
import io.scaibunker.ext4.ImageTable;
import io.scaibunker.ext4.SparseCopy;
import io.scaibunker.ext4.UpperLayer;
import io.scaibunker.layers.LayerLimits;
import io.scaibunker.microvm.Leftovers;
import io.scaibunker.microvm.Machine;
import io.scaibunker.microvm.MachineException;
import io.scaibunker.model.Digest;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.PlatformException;
import io.scaibunker.model.SnapshotId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes a snapshot: name the base → hold the bunker's disk still → copy it → let go → read the copy, as the stranger's that it is,
 * into a layer → keep it. Blocks; everything half-made lies in one directory that goes whatever happens.
 */
final class SnapshotTaker {
    private static final Logger LOG = LoggerFactory.getLogger(SnapshotTaker.class);

    /** What reading the copy may take: a disk may be made to be slow to read. */
    private static final Duration READING_MOST = Duration.ofMinutes(15);

    private static final long ROOM_LEFT = 64L << 20;

    private final SnapshotShelf shelf;
    private final CopyLedger ledger;
    private final CacheRoom room;
    private final BlobCache blobs;
    private final MachineRoom machines;
    private final WorkerConfig config;

    SnapshotTaker(
            SnapshotShelf shelf,
            CopyLedger ledger,
            CacheRoom room,
            BlobCache blobs,
            MachineRoom machines,
            WorkerConfig config) {
        this.shelf = shelf;
        this.ledger = ledger;
        this.room = room;
        this.blobs = blobs;
        this.machines = machines;
        this.config = config;
    }

    void take(SnapshotId id, Bunker bunker) throws IOException, InterruptedException {
        room.require(blobs, 0);
        Path place = shelf.begin(id);
        try {
            Copy base = nameBase(place, bunker);
            Path disk = place.resolve("disk.ext4");
            long began = System.nanoTime();
            copyDisk(bunker, disk);
            long copied = System.nanoTime();
            UpperLayer.Written layer = UpperLayer.write(
                    disk, SnapshotShelf.tarIn(place), LayerLimits.DEFAULT, deadline(copied + READING_MOST.toNanos()));
            Files.delete(disk);
            shelf.keep(
                    id,
                    new SnapshotShelf.Kept(
                            place,
                            base.artifactDigest(),
                            base.allocatedBytes(),
                            new Digest(layer.diffId()),
                            layer.bytes()));
            LOG.info(
                    "{} of {}: {} entries, {} bytes; held still and copied in {} ms, read in {} ms",
                    id,
                    bunker.id(),
                    layer.entries(),
                    layer.bytes(),
                    (copied - began) / 1_000_000,
                    (System.nanoTime() - copied) / 1_000_000);
        } finally {
            Leftovers.remove(place);
        }
    }

    /** The image below, by a name of the snapshot's own: what it is does not depend on the copy's life. */
    private Copy nameBase(Path place, Bunker bunker) throws IOException {
        Copy base = ledger.find(bunker.imageId())
                .orElseThrow(() -> new PlatformException(
                        ErrorCode.SOURCE_NOT_FOUND,
                        "the image that the bunker was booted from is gone from its worker"));
        ImageTable table = ledger.table(base.artifactDigest())
                .filter(known -> !known.segments().isEmpty())
                .orElseThrow(() -> new PlatformException(
                        ErrorCode.SOURCE_UNSUPPORTED,
                        "the bunker's image does not know its layers (worker.baker=mke2fs wrote it)"));
        Files.createLink(SnapshotShelf.imageIn(place), ledger.fileOf(base.artifactDigest()));
        WorkerFiles.writeWhole(SnapshotShelf.tableIn(place), table.encoded());
        return base;
    }

    private void copyDisk(Bunker bunker, Path disk) throws IOException, InterruptedException {
        Machine machine = bunker.machine()
                .orElseThrow(() -> new PlatformException(ErrorCode.WRONG_STATE, "the bunker does not run"));
        try {
            if (machine.isPaused()) {
                copyPaused(machine, bunker, disk);
            } else {
                GuestFreeze.around(machine, config.freezeLimit(), () -> copy(bunker, disk));
            }
        } catch (MachineException e) {
            throw GuestFreeze.gone(e);
        }
    }

    /** A paused bunker goes on for as long as it takes to write out, and stands still again while it is copied. */
    private void copyPaused(Machine machine, Bunker bunker, Path disk) throws IOException, InterruptedException {
        machine.resume(config.bootTimeout());
        try {
            GuestFreeze.around(machine, config.freezeLimit(), () -> {
                machine.pause();
                try {
                    copy(bunker, disk);
                } finally {
                    machine.resume(config.bootTimeout());
                }
            });
        } finally {
            machine.pause();
        }
    }

    private void copy(Bunker bunker, Path disk) throws IOException {
        Path scratch = machines.scratch(bunker.id());
        long free = Files.getFileStore(disk.getParent()).getUsableSpace() - ROOM_LEFT;
        // The copy, and at most as much again for the layer.
        if (free < 2 * Math.min(Files.size(scratch), SparseCopy.dataOf(scratch))) {
            throw new PlatformException(
                    ErrorCode.WORKER_DISK_FULL, "the worker has " + Math.max(0, free) + " bytes left for a snapshot");
        }
        SparseCopy.copy(scratch, disk);
    }

    private static Runnable deadline(long until) {
        return () -> {
            if (Thread.currentThread().isInterrupted()) {
                throw new CancellationException("the worker stops");
            }
            if (System.nanoTime() - until > 0) {
                throw new PlatformException(
                        ErrorCode.SOURCE_UNSUPPORTED,
                        "what the bunker has written could not be read in " + READING_MOST);
            }
        };
    }
}
