package io.scaibunker.worker;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.scaibunker.ext4.ImageLayers;
import io.scaibunker.ext4.ImageTable;
import io.scaibunker.layers.Layer;
import io.scaibunker.layers.LayerStack;
import io.scaibunker.microvm.Leftovers;
import io.scaibunker.model.Digest;
import io.scaibunker.model.SnapshotId;
import io.scaibunker.oci.ContentDigest;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The snapshots that are kept here, a directory each: what the bunker had written, as a layer's tar, and one more name for the
 * image that it was booted from, so that this stays however long the image's own copy does. Nothing else is needed to make an
 * image of it.
 *
 * <p>Safe for several threads.
 */
final class SnapshotShelf {
    private static final Logger LOG = LoggerFactory.getLogger(SnapshotShelf.class);
    private static final ObjectMapper JSON = JsonMapper.builder().build();
    private static final String HALF_MADE = ".part";
    private static final int BUFFER = 1 << 18;
    private static final String LINE = "snapshot.json";

    /**
     * One snapshot.
     *
     * @param base the image below it
     * @param baseBytes what that takes on disk
     * @param layer digest of the tar
     */
    record Kept(Path place, Digest base, long baseBytes, Digest layer, long layerBytes) {
        Path image() {
            return imageIn(place);
        }

        ImageTable table() throws IOException {
            return ImageTable.decode(Files.readAllBytes(tableIn(place)));
        }

        Path tar() {
            return tarIn(place);
        }

        /**
         * The layers of an image of it, lowest first.
         *
         * @param place takes a file a layer, for as long as they are used
         */
        LayerStack layers(Path place) throws IOException {
            List<Layer> layers = new ArrayList<>(ImageLayers.of(image(), table(), place));
            layers.add(new Top(layer.text(), layerBytes, tar()));
            return new LayerStack(layers);
        }

        /** What an image of it is made from, as one digest. */
        Digest source() {
            String text = "scaibunker snapshot 1\nbase " + base + "\nlayer " + layer + "\n";
            return new Digest(
                    ContentDigest.of(text.getBytes(StandardCharsets.US_ASCII)).toString());
        }
    }

    private record Top(String diffId, long storedBytes, Path tar) implements Layer {
        @Override
        public InputStream open() throws IOException {
            return new BufferedInputStream(Files.newInputStream(tar), BUFFER);
        }
    }

    /** As it is written. */
    record Line(String base, long baseBytes, String layer, long layerBytes) {}

    private final Path directory;
    private final CopyLedger ledger;
    private final Map<SnapshotId, Kept> kept = new ConcurrentHashMap<>();

    private SnapshotShelf(Path directory, CopyLedger ledger) {
        this.directory = directory;
        this.ledger = ledger;
    }

    /** Finds what is whole, and removes what an earlier run left half-made. */
    static SnapshotShelf open(Path directory, CopyLedger ledger) throws IOException {
        SnapshotShelf shelf = new SnapshotShelf(directory, ledger);
        try (var places = Files.newDirectoryStream(directory)) {
            for (Path place : places) {
                shelf.read(place);
            }
        }
        return shelf;
    }

    private void read(Path place) throws IOException {
        try {
            SnapshotId id = SnapshotId.parse(place.getFileName().toString());
            Line line = JSON.readValue(place.resolve(LINE).toFile(), Line.class);
            Kept found = new Kept(
                    place, new Digest(line.base()), line.baseBytes(), new Digest(line.layer()), line.layerBytes());
            if (isWhole(found)) {
                kept.put(id, found);
                return;
            }
            LOG.warn("{} is not whole any more", id);
        } catch (IOException | IllegalArgumentException e) {
            LOG.info("{} was left half-made and is removed", place.getFileName());
        }
        Leftovers.remove(place);
    }

    private static boolean isWhole(Kept one) throws IOException {
        return Files.isRegularFile(one.image())
                && Files.isRegularFile(tableIn(one.place()))
                && Files.isRegularFile(one.tar())
                && Files.size(one.tar()) == one.layerBytes();
    }

    static Path imageIn(Path place) {
        return place.resolve("base.ext4");
    }

    static Path tableIn(Path place) {
        return place.resolve("base.table");
    }

    static Path tarIn(Path place) {
        return place.resolve("layer.tar");
    }

    /** A directory to make one in. */
    Path begin(SnapshotId id) throws IOException {
        Path place = directory.resolve(id + HALF_MADE);
        Leftovers.remove(place);
        return Files.createDirectory(
                place, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }

    /** It is whole: from here on it is found, by this run and by others. */
    void keep(SnapshotId id, Kept made) throws IOException {
        Line line = new Line(made.base().text(), made.baseBytes(), made.layer().text(), made.layerBytes());
        WorkerFiles.writeWhole(made.place().resolve(LINE), JSON.writeValueAsString(line));
        Path place = directory.resolve(id.toString());
        Files.move(made.place(), place, StandardCopyOption.ATOMIC_MOVE);
        kept.put(id, new Kept(place, made.base(), made.baseBytes(), made.layer(), made.layerBytes()));
    }

    Optional<Kept> find(SnapshotId id) {
        return Optional.ofNullable(kept.get(id));
    }

    Set<SnapshotId> ids() {
        return Set.copyOf(kept.keySet());
    }

    /** Nothing of it is left; also where there was nothing. */
    void remove(SnapshotId id) throws IOException {
        kept.remove(id);
        Path place = directory.resolve(id.toString());
        if (Files.exists(place)) {
            // From here on the next start takes it for half-made.
            Files.deleteIfExists(place.resolve(LINE));
            Leftovers.remove(place);
        }
    }

    /** What all of it takes on disk, beside the copies in the ledger. */
    long bytes() {
        Set<Digest> copies = ledger.all().values().stream()
                .map(copy -> copy.artifactDigest())
                .collect(Collectors.toSet());
        Map<Digest, Long> bases = kept.values().stream()
                .filter(one -> !copies.contains(one.base()))
                .collect(Collectors.toMap(Kept::base, Kept::baseBytes, Math::max));
        return kept.values().stream().mapToLong(Kept::layerBytes).sum()
                + bases.values().stream().mapToLong(Long::longValue).sum();
    }
}
