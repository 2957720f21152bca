package io.scaibunker.worker;

import io.scaibunker.bus.Answer.RegistryCredential;
import io.scaibunker.bus.Answer.SeenLayer;
import io.scaibunker.bus.Answer.SourceSeen;
import io.scaibunker.bus.Question.Failure;
import io.scaibunker.bus.Question.SourceLooked;
import io.scaibunker.model.BuildSource;
import io.scaibunker.model.Digest;
import io.scaibunker.model.PlatformException;
import io.scaibunker.oci.ContentDigest;
import io.scaibunker.oci.ImageReference;
import io.scaibunker.oci.ImageSource;
import io.scaibunker.oci.ImageSources;
import io.scaibunker.oci.Platform;
import io.scaibunker.oci.ResolvedImage;
import io.vertx.core.Future;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Opens sources for those who bake from them, and for those who want to know beforehand. */
final class SourceLook {
    /** As many as fit into one message. */
    private static final int LAYERS_MAX = 200;

    private final ImageSources sources;
    private final Bench bench;

    SourceLook(ImageSources sources, Bench bench) {
        this.sources = sources;
        this.bench = bench;
    }

    /** Fails with what a bake of it would fail with now. */
    Future<SourceSeen> look(SourceLooked asked) {
        return bench.await(() -> {
            try {
                return seen(asked);
            } catch (IOException | RuntimeException e) {
                Failure failure = BakeFailures.of(e);
                throw new PlatformException(failure.code(), failure.message());
            }
        });
    }

    private SourceSeen seen(SourceLooked asked) throws IOException {
        try (ImageSource source = open(sources, asked.source(), Optional.empty(), asked.credential())) {
            ResolvedImage found = source.resolve((done, total) -> {});
            List<SeenLayer> layers = found.layers().stream()
                    .limit(LAYERS_MAX)
                    .map(layer -> new SeenLayer(new Digest(layer.digest().toString()), layer.size()))
                    .toList();
            return new SourceSeen(
                    new Digest(found.digest().toString()),
                    found.compressedBytes(),
                    layers,
                    found.layers().size() - layers.size());
        }
    }

    /** @param pinned what a reference must name, whatever it names now */
    static ImageSource open(
            ImageSources sources,
            BuildSource source,
            Optional<Digest> pinned,
            @Nullable RegistryCredential credential) {
        return switch (source) {
            case BuildSource.Tar tar -> sources.tar(tar.path(), Platform.LINUX_AMD64);
            case BuildSource.Oci oci -> {
                ImageReference reference = ImageReference.parse(oci.ref());
                ImageReference exact = pinned.map(digest -> reference.at(ContentDigest.parse(digest.text())))
                        .orElse(reference);
                yield sources.registry(
                        exact.toString(),
                        Platform.parse(oci.platform()),
                        Optional.ofNullable(credential).map(SourceLook::given));
            }
        };
    }

    private static io.scaibunker.oci.RegistryCredential given(RegistryCredential given) {
        return given.token() != null
                ? new io.scaibunker.oci.RegistryCredential.Token(given.token())
                : new io.scaibunker.oci.RegistryCredential.Password(
                        Optional.ofNullable(given.username()).orElse(""),
                        Optional.ofNullable(given.password()).orElse(""));
    }
}
