package io.scaibunker.oci;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import java.util.Optional;

/**
 * A manifest's word for some content that lies elsewhere.
 *
 * @param platform of an index entry, where it has one
 * @param artifactType set for things that are no images
 */
record Descriptor(
        String mediaType,
        ContentDigest digest,
        long size,
        Optional<Platform> platform,
        Optional<String> artifactType,
        Map<String, String> annotations) {

    /**
     * @param where for messages: which manifest and field
     */
    static Descriptor read(JsonNode node, String where) {
        var size = node.path("size");
        if (!size.isIntegralNumber() || !size.canConvertToLong() || size.longValue() < 0) {
            throw corrupt(where + " has no valid size");
        }
        return new Descriptor(
                Json.text(node, "mediaType").orElse(""),
                digest(node, where),
                size.longValue(),
                platform(node.path("platform")),
                Json.text(node, "artifactType"),
                Json.textMap(node, "annotations"));
    }

    private static ContentDigest digest(JsonNode node, String where) {
        var text = Json.text(node, "digest").orElseThrow(() -> corrupt(where + " has no digest"));
        try {
            return ContentDigest.parse(text);
        } catch (IllegalArgumentException unusable) {
            throw new SourceException(
                    SourceException.Reason.UNSUPPORTED,
                    where + " has the digest " + SourceException.shown(text) + ", only sha256 is supported",
                    unusable);
        }
    }

    private static Optional<Platform> platform(JsonNode node) {
        return Json.text(node, "os")
                .flatMap(os -> Json.text(node, "architecture")
                        .map(architecture -> new Platform(os, architecture, Json.text(node, "variant"))));
    }

    private static SourceException corrupt(String message) {
        return new SourceException(SourceException.Reason.CORRUPT, message);
    }

    /** Signatures, provenance and the like, which builders put beside the images of an index. */
    boolean isAttachment() {
        return artifactType.isPresent()
                || annotations.containsKey("vnd.docker.reference.type")
                || platform.filter(known -> known.os().equals("unknown")).isPresent();
    }
}
