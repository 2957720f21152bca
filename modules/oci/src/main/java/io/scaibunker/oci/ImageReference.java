package io.scaibunker.oci;

import java.util.Optional;

/**
 * A normalised image reference: {@code r-base:4.4} is {@code docker.io/library/r-base:4.4}.
 *
 * @param registry host, with its port where one is named; {@code docker.io} for Docker Hub
 * @param repository path below the host, {@code library/} included
 * @param tag what the reference names by; {@code latest} if it names neither tag nor digest
 * @param digest what the manifest must hash to; wins over the tag
 */
public record ImageReference(String registry, String repository, Optional<String> tag, Optional<ContentDigest> digest) {
    private static final int LONGEST = 512;

    /** Throws {@link SourceException} with INVALID_REFERENCE, naming the text and what is allowed. */
    public static ImageReference parse(String text) {
        if (text.length() > LONGEST) {
            throw invalid(text, "it has " + text.length() + " characters, at most " + LONGEST + " are allowed");
        }
        if (text.contains("://")) {
            throw invalid(text, "leave the scheme out: host[:port]/repository[:tag][@sha256:digest]");
        }
        return DockerConventions.parse(text)
                .orElseThrow(
                        () -> invalid(text, "expected [host[:port]/]repository[:tag][@sha256:digest] in lower case"));
    }

    private static SourceException invalid(String text, String why) {
        return new SourceException(
                SourceException.Reason.INVALID_REFERENCE,
                "image reference " + SourceException.shown(text) + " is not valid: " + why);
    }

    /** The same repository, pinned to this manifest. */
    public ImageReference at(ContentDigest manifest) {
        return new ImageReference(registry, repository, tag, Optional.of(manifest));
    }

    /** What a registry's manifest address ends in: the digest if there is one, else the tag. */
    String tagOrDigest() {
        return digest.map(ContentDigest::toString).orElseGet(() -> tag.orElse("latest"));
    }

    @Override
    public String toString() {
        return registry
                + "/"
                + repository
                + tag.map(name -> ":" + name).orElse("")
                + digest.map(pinned -> "@" + pinned).orElse("");
    }
}
