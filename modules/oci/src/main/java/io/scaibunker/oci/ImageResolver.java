package io.scaibunker.oci;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** From a manifest to a pinned image: picks the platform, reads the config, counts and adds up. The same for registries and layouts. */
final class ImageResolver {
    static final int MOST_CONFIG_BYTES = 8 << 20;
    private static final int DEEPEST_INDEX = 3;

    /** Where manifests and configs come from. Answers bytes that have the digest, or throws. */
    interface Documents {
        byte[] manifest(Descriptor descriptor);

        byte[] config(Descriptor descriptor);
    }

    private final String name;
    private final Platform wanted;
    private final long maxImageBytes;
    private final Documents documents;

    ImageResolver(String name, Platform wanted, long maxImageBytes, Documents documents) {
        this.name = name;
        this.wanted = wanted;
        this.maxImageBytes = maxImageBytes;
        this.documents = documents;
    }

    ResolvedImage resolve(byte[] bytes, String mediaType) {
        return resolve(bytes, mediaType, DEEPEST_INDEX);
    }

    private ResolvedImage resolve(byte[] bytes, String mediaType, int depth) {
        var digest = ContentDigest.of(bytes);
        return switch (Manifest.read(bytes, mediaType, "manifest " + digest + " of " + name)) {
            case Manifest.Image image -> pinned(digest, image);
            case Manifest.Index index -> {
                if (depth == 0) {
                    throw unsupported(name + " has indexes nested deeper than " + DEEPEST_INDEX);
                }
                var entry = entryFor(index);
                checkBound(entry, Manifest.MOST_BYTES, "manifest");
                yield resolve(documents.manifest(entry), entry.mediaType(), depth - 1);
            }
        };
    }

    private Descriptor entryFor(Manifest.Index index) {
        return Manifest.choose(index, wanted)
                .or(() -> onlyEntryWithoutPlatform(index))
                .orElseThrow(() -> unsupported(name + " has nothing for " + wanted + "; it has " + offered(index)));
    }

    /** A layout made by one tool from one image says the platform in the config alone. */
    private Optional<Descriptor> onlyEntryWithoutPlatform(Manifest.Index index) {
        var silent = index.entries().stream()
                .filter(entry -> !entry.isAttachment() && entry.platform().isEmpty())
                .filter(entry -> MediaTypes.isIndex(entry.mediaType()) || MediaTypes.isManifest(entry.mediaType()))
                .toList();
        if (silent.stream().map(Descriptor::digest).distinct().count() > 1) {
            throw unsupported(name + " holds " + silent.size() + " images, and does not say which is for " + wanted);
        }
        return silent.stream().findFirst();
    }

    private static String offered(Manifest.Index index) {
        var platforms = index.entries().stream()
                .filter(entry -> !entry.isAttachment())
                .flatMap(entry -> entry.platform().stream())
                .map(Platform::toString)
                .distinct()
                .limit(20)
                .collect(Collectors.joining(", "));
        return platforms.isEmpty() ? "no images" : SourceException.shown(platforms);
    }

    private ResolvedImage pinned(ContentDigest digest, Manifest.Image image) {
        checkTotal(image);
        checkBound(image.config(), MOST_CONFIG_BYTES, "config");
        var config = Json.parse(documents.config(image.config()), "config of " + name);
        var platform = checkedPlatform(config, name, wanted);
        var diffIds = diffIds(config, image.layers().size());
        var layers = new ArrayList<Layer>();
        for (var descriptor : image.layers()) {
            var diffId = Optional.of(diffIds.get(layers.size()));
            layers.add(
                    new Layer(layers.size(), descriptor.digest(), descriptor.mediaType(), descriptor.size(), diffId));
        }
        return new ResolvedImage(name, digest, platform, layers, ImageConfigReader.read(config));
    }

    private void checkTotal(Manifest.Image image) {
        var left = maxImageBytes;
        for (var layer : image.layers()) {
            if (layer.size() > left) {
                throw tooLarge(name + " has more than " + maxImageBytes + " bytes of layers");
            }
            left -= layer.size();
        }
    }

    private List<ContentDigest> diffIds(JsonNode config, int layers) {
        return ImageConfigReader.diffIds(config, layers, name);
    }

    /** The platform of a config, if an image for it boots where {@code wanted} is asked for; silent configs are believed to fit. */
    static Platform checkedPlatform(JsonNode config, String name, Platform wanted) {
        var architecture = Json.text(config, "architecture");
        if (architecture.isEmpty()) {
            return wanted;
        }
        var os = Json.text(config, "os").orElse("linux");
        var platform = new Platform(os, architecture.get(), Json.text(config, "variant"));
        if (!os.equals(wanted.os()) || !architecture.get().equals(wanted.architecture())) {
            throw unsupported(name + " is for " + SourceException.shown(platform.toString()) + ", not for " + wanted);
        }
        return platform;
    }

    private void checkBound(Descriptor descriptor, int most, String what) {
        if (descriptor.size() > most) {
            throw tooLarge(what + " " + descriptor.digest() + " of " + name + " has " + descriptor.size()
                    + " bytes, at most " + most + " are allowed");
        }
    }

    private static SourceException tooLarge(String message) {
        return new SourceException(SourceException.Reason.TOO_LARGE, message);
    }

    private static SourceException unsupported(String message) {
        return new SourceException(SourceException.Reason.UNSUPPORTED, message);
    }
}
