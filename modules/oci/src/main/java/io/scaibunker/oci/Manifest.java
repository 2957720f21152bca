package io.scaibunker.oci;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A manifest that was understood: one image, or a choice of images. */
sealed interface Manifest {
    int MOST_BYTES = 4 << 20;
    int MOST_LAYERS = 512;

    record Image(Descriptor config, List<Descriptor> layers) implements Manifest {}

    record Index(List<Descriptor> entries) implements Manifest {}

    /**
     * Reads Docker v2.2 and OCI manifests and indexes. UNSUPPORTED names what else it is.
     *
     * @param declaredType the media type that came with the bytes, from an HTTP header or a descriptor; may be empty
     * @param what for messages
     */
    static Manifest read(byte[] bytes, String declaredType, String what) {
        var root = Json.parse(bytes, what);
        var type = Json.text(root, "mediaType").orElse(declaredType);
        if (root.path("schemaVersion").asInt() == 1 || MediaTypes.isSchema1(type)) {
            throw unsupported(what + " is a Docker schema 1 manifest; push the image again with a current tool");
        }
        // Bytes that are both would be a different image to different readers of the same digest.
        if (root.has("manifests") && (root.has("layers") || root.has("config"))) {
            throw unsupported(what + " claims to be an image and an index at once");
        }
        if (root.has("manifests") && (MediaTypes.isIndex(type) || !MediaTypes.isManifest(type))) {
            return index(root, what);
        }
        if (root.has("config") && root.has("layers") && !MediaTypes.isIndex(type)) {
            return image(root, what);
        }
        throw unsupported(what + " is not a container image: media type " + SourceException.shown(type));
    }

    private static Index index(JsonNode root, String what) {
        return new Index(descriptors(root.path("manifests"), what + ", entry "));
    }

    private static Image image(JsonNode root, String what) {
        var config = Descriptor.read(root.path("config"), what + ", config");
        if (!MediaTypes.isConfig(config.mediaType())) {
            var type = Json.text(root, "artifactType").orElse(config.mediaType());
            throw unsupported(what + " is not a container image but " + SourceException.shown(type));
        }
        var layers = descriptors(root.path("layers"), what + ", layer ");
        layers.forEach(layer -> checkLayer(layer, what));
        if (layers.isEmpty()) {
            throw unsupported(what + " has no layers");
        }
        if (layers.size() > MOST_LAYERS) {
            throw new SourceException(
                    SourceException.Reason.TOO_LARGE,
                    what + " has " + layers.size() + " layers, at most " + MOST_LAYERS + " are allowed");
        }
        return new Image(config, layers);
    }

    private static void checkLayer(Descriptor layer, String what) {
        if (MediaTypes.isForeignLayer(layer.mediaType())) {
            throw unsupported(what + " has a layer that its registry does not hold (" + layer.mediaType() + ")");
        }
        if (!MediaTypes.isLayer(layer.mediaType())) {
            throw unsupported(what + " has a layer of media type " + SourceException.shown(layer.mediaType())
                    + "; tar, tar+gzip and tar+zstd are supported");
        }
    }

    private static List<Descriptor> descriptors(JsonNode array, String what) {
        var descriptors = new ArrayList<Descriptor>();
        for (var node : array) {
            descriptors.add(Descriptor.read(node, what + descriptors.size()));
        }
        return descriptors;
    }

    /** The entry that fits best; the first of equals. Empty where none fits, also where none says what it is for. */
    static Optional<Descriptor> choose(Index index, Platform wanted) {
        Optional<Descriptor> best = Optional.empty();
        var smallest = Integer.MAX_VALUE;
        for (var entry : index.entries()) {
            var distance = entry.isAttachment()
                    ? Integer.MAX_VALUE
                    : entry.platform()
                            .flatMap(platform -> platform.distanceFrom(wanted))
                            .orElse(Integer.MAX_VALUE);
            if (distance < smallest) {
                smallest = distance;
                best = Optional.of(entry);
            }
        }
        return best;
    }

    private static SourceException unsupported(String message) {
        return new SourceException(SourceException.Reason.UNSUPPORTED, message);
    }
}
