package io.scaibunker.worker;

import io.scaibunker.ext4.Segment;
import io.scaibunker.ext4.SegmentDirectory;
import io.scaibunker.ext4.SegmentStore;
import io.scaibunker.oci.ContentDigest;
import io.scaibunker.oci.Layer;
import io.scaibunker.oci.ResolvedImage;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The layers that lie in this worker's copies, as one bake may know them.
 *
 * <p>What a layer unpacks to (its {@code diff_id}) is only a claim of the image's config: a stranger could name the
 * {@code diff_id} of somebody's private layer beside a blob of his own, and be given the private files. So a stored layer
 * is used only where the very blob that this image has, fetched and checked for this bake, was once unpacked here and
 * found to be that layer. The proof is an empty file named by the two digests.
 */
final class KnownLayers implements SegmentStore {
    private static final Pattern PROOF = Pattern.compile("([0-9a-f]{64})-[0-9a-f]{64}\\.proof");

    private final Path directory;
    private final SegmentDirectory segments;
    private final List<Layer> layers;

    private KnownLayers(Path directory, List<Layer> layers) {
        this.directory = directory;
        this.segments = new SegmentDirectory(directory);
        this.layers = layers;
    }

    /** For the bake of one image, whose blobs come here before it ends. */
    static KnownLayers of(Path directory, ResolvedImage image) {
        return new KnownLayers(directory, image.layers());
    }

    /** For an image that is made of a snapshot: whose layers lie here, and are nobody's claim. */
    static KnownLayers ofSnapshot(Path directory) {
        return new KnownLayers(directory, List.of());
    }

    /** Forgets layers whose image is gone. While nobody bakes. */
    static void sweep(Path directory) throws IOException {
        new SegmentDirectory(directory).sweep();
        try (var proofs = Files.newDirectoryStream(directory, "*.proof")) {
            for (Path proof : proofs) {
                var name = PROOF.matcher(proof.getFileName().toString());
                if (!name.matches() || !Files.exists(directory.resolve(name.group(1) + ".index"))) {
                    Files.deleteIfExists(proof);
                }
            }
        }
    }

    @Override
    public @Nullable StoredLayer find(String diffId) throws IOException {
        for (Layer layer : layers) {
            if (claims(layer, diffId) && !Files.exists(proof(layer, diffId))) {
                return null;
            }
        }
        return segments.find(diffId);
    }

    @Override
    public void keep(Segment segment, Path image, @Nullable Path index) throws IOException {
        segments.keep(segment, image, index);
        for (Layer layer : layers) {
            if (claims(layer, segment.diffId())) {
                touch(proof(layer, segment.diffId()));
            }
        }
    }

    /** The image lies elsewhere now: its layers are found there. */
    void moved(List<Segment> laidOut, Path image) throws IOException {
        for (Segment segment : laidOut) {
            if (!segment.diffId().isEmpty()) {
                segments.keep(segment, image, null);
            }
        }
    }

    private static boolean claims(Layer layer, String diffId) {
        return layer.diffId()
                .map(ContentDigest::toString)
                .filter(diffId::equals)
                .isPresent();
    }

    private Path proof(Layer layer, String diffId) {
        return directory.resolve(
                ContentDigest.parse(diffId).hex() + "-" + layer.digest().hex() + ".proof");
    }

    private static void touch(Path file) throws IOException {
        try {
            Files.createFile(file);
        } catch (FileAlreadyExistsException proven) {
            // By an earlier bake.
            assert Files.exists(file);
        }
    }
}
