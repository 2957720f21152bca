package io.scaibunker.worker;

import io.scaibunker.ext4.ImageTable;
import io.scaibunker.ext4.PieceFile;
import io.scaibunker.model.Digest;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** The images that others can be served from: those in the ledger, and those that are being received. */
final class Shelf {
    private final CopyLedger ledger;
    private final Map<Digest, PieceFile> coming = new ConcurrentHashMap<>();

    /** How many are served from what is here, by image. */
    private final Map<Digest, Integer> served = new ConcurrentHashMap<>();

    Shelf(CopyLedger ledger) {
        this.ledger = ledger;
    }

    /** Others may be served from this while it comes in. */
    void receiving(Digest digest, PieceFile file) {
        coming.put(digest, file);
    }

    /** It is whole and in the ledger, or given up. */
    void received(Digest digest) {
        coming.remove(digest);
    }

    Optional<ImageTable> table(Digest digest) throws IOException {
        PieceFile file = coming.get(digest);
        return file != null ? Optional.of(file.table()) : ledger.table(digest);
    }

    /** Whether somebody is served from it now. */
    boolean isServed(Digest digest) {
        return served.containsKey(digest);
    }

    /** An image that is served from. */
    final class Item implements AutoCloseable {
        private final Digest digest;
        private final PieceFile file;

        private Item(Digest digest, PieceFile file) {
            this.digest = digest;
            this.file = file;
            served.merge(digest, 1, Integer::sum);
        }

        PieceFile file() {
            return file;
        }

        @Override
        public void close() throws IOException {
            served.computeIfPresent(digest, (served, times) -> times == 1 ? null : times - 1);
            file.release();
        }
    }

    /** The image; to be closed by whoever asked. Empty if it is not here. */
    Optional<Item> find(Digest digest) throws IOException {
        PieceFile file = coming.get(digest);
        if (file != null && file.retain()) {
            return Optional.of(new Item(digest, file));
        }
        Optional<ImageTable> table = ledger.table(digest);
        return table.isEmpty()
                ? Optional.empty()
                : Optional.of(new Item(digest, PieceFile.whole(table.get(), ledger.fileOf(digest))));
    }
}
