package io.scaibunker.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.ext4.Pieces;
import io.scaibunker.ext4.Segment;
import io.scaibunker.oci.ContentDigest;
import io.scaibunker.oci.ImageConfig;
import io.scaibunker.oci.Layer;
import io.scaibunker.oci.Platform;
import io.scaibunker.oci.ResolvedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KnownLayersTest {
    private static final ContentDigest DIFF_ID = digest("the private files");
    private static final Segment SEGMENT =
            new Segment(DIFF_ID.toString(), 4096, 8192, Pieces.of(List.of(new byte[32])), List.of());

    @TempDir
    Path directory;

    private Path segments;
    private Path image;

    @BeforeEach
    void bakeOnce() throws IOException {
        segments = Files.createDirectory(directory.resolve("segments"));
        image = Files.writeString(directory.resolve("image.ext4"), "an image");
        Path index = Files.writeString(directory.resolve("index"), "entries");
        KnownLayers.of(segments, withLayer("the owner's blob")).keep(SEGMENT, image, index);
    }

    @Test
    void aLayerIsKnownToWhoHasTheBlobThatItWasUnpackedFrom() throws IOException {
        var found = KnownLayers.of(segments, withLayer("the owner's blob")).find(DIFF_ID.toString());
        assertThat(found).isNotNull();
        assertThat(found.image()).isEqualTo(image);
    }

    @Test
    void aStrangerWhoNamesTheDiffIdBesideABlobOfHisOwnIsNotGivenTheLayer() throws IOException {
        assertThat(KnownLayers.of(segments, withLayer("a stranger's blob")).find(DIFF_ID.toString()))
                .isNull();
        assertThat(KnownLayers.of(segments, withLayer("the owner's blob", "a stranger's blob"))
                        .find(DIFF_ID.toString()))
                .isNull();
    }

    @Test
    void aLayerIsFoundWhereItsImageWasMoved() throws IOException {
        Path elsewhere = Files.move(image, directory.resolve("copy.ext4"));
        KnownLayers known = KnownLayers.of(segments, withLayer("the owner's blob"));
        known.moved(List.of(SEGMENT), elsewhere);

        var found = known.find(DIFF_ID.toString());
        assertThat(found).isNotNull();
        assertThat(found.image()).isEqualTo(elsewhere);
    }

    @Test
    void layersOfAnImageThatIsGoneAreForgotten() throws IOException {
        KnownLayers.sweep(segments);
        assertThat(segments).isNotEmptyDirectory();

        Files.delete(image);
        KnownLayers.sweep(segments);

        assertThat(segments).isEmptyDirectory();
    }

    private static ResolvedImage withLayer(String... blobs) {
        List<Layer> layers = List.of(blobs).stream()
                .map(blob -> new Layer(0, digest(blob), "layer", 10, Optional.of(DIFF_ID)))
                .toList();
        return new ResolvedImage("image", digest("manifest"), Platform.LINUX_AMD64, layers, ImageConfig.NONE);
    }

    private static ContentDigest digest(String text) {
        return ContentDigest.of(text.getBytes(StandardCharsets.UTF_8));
    }
}
