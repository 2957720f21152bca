package io.scaibunker.oci;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/** What counts in an image's config document; Docker and OCI agree on it. */
final class ImageConfigReader {
    private ImageConfigReader() {}

    static ImageConfig read(JsonNode document) {
        var config = document.path("config");
        return new ImageConfig(
                Json.texts(config, "Env"),
                Json.text(config, "WorkingDir").orElse(""),
                Json.text(config, "User").orElse(""),
                Json.texts(config, "Entrypoint"),
                Json.texts(config, "Cmd"),
                Json.textMap(config, "Labels"));
    }

    /** The digests of the uncompressed layers, lowest first. CORRUPT if they are not as many as the layers. */
    static List<ContentDigest> diffIds(JsonNode document, int layers, String name) {
        var texts = Json.texts(document.path("rootfs"), "diff_ids");
        if (texts.size() != layers) {
            throw new SourceException(
                    SourceException.Reason.CORRUPT,
                    name + " has " + layers + " layers, but its config speaks of " + texts.size());
        }
        try {
            return texts.stream().map(ContentDigest::parse).toList();
        } catch (IllegalArgumentException malformed) {
            throw new SourceException(
                    SourceException.Reason.CORRUPT, "config of " + name + ": " + malformed.getMessage(), malformed);
        }
    }
}
