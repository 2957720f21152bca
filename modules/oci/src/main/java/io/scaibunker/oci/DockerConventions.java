package io.scaibunker.oci;

import com.google.cloud.tools.jib.api.Credential;
import com.google.cloud.tools.jib.api.InvalidImageReferenceException;
import com.google.cloud.tools.jib.frontend.CredentialRetrieverFactory;
import com.google.cloud.tools.jib.registry.credentials.CredentialRetrievalException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What Docker users expect of short names and of {@code config.json}, as jib-core knows it. The only class that knows jib-core.
 */
final class DockerConventions {
    /** The name users write; jib finds the key of credential files from it. */
    private static final String HUB = "docker.io";

    private static final String HUB_API = "registry-1.docker.io";
    private static final Set<String> HUB_NAMES = Set.of(HUB, HUB_API, "index.docker.io", "registry.hub.docker.com");
    private static final Pattern HOST = Pattern.compile("localhost|[A-Za-z0-9.-]+[.:][A-Za-z0-9.:-]+");
    private static final Pattern REPOSITORY =
            Pattern.compile("[a-z0-9]+(?:[._-]+[a-z0-9]+)*+(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*+)*+");
    private static final int HELPER_SECONDS = 15;
    private static final Logger LOG = LoggerFactory.getLogger(DockerConventions.class);

    private DockerConventions() {}

    /** Docker Hub is named by one host and served by another. */
    static String apiHost(String registry) {
        return registry.equals(HUB) ? HUB_API : registry;
    }

    static Optional<ImageReference> parse(String text) {
        try {
            var parsed = com.google.cloud.tools.jib.api.ImageReference.parse(text);
            var registry = HUB_NAMES.contains(parsed.getRegistry()) ? HUB : parsed.getRegistry();
            var repository = parsed.getRepository();
            if (!HOST.matcher(registry).matches()
                    || !REPOSITORY.matcher(repository).matches()) {
                return Optional.empty();
            }
            // jib adds the folder of official images only where no host is named.
            var isOfficial = registry.equals(HUB) && !repository.contains("/");
            var digest = parsed.getDigest().map(ContentDigest::parse);
            return Optional.of(new ImageReference(
                    registry, isOfficial ? "library/" + repository : repository, parsed.getTag(), digest));
        } catch (InvalidImageReferenceException | IllegalArgumentException invalid) {
            return Optional.empty();
        }
    }

    /**
     * What the operator's file holds for a registry: {@code auths}, {@code credHelpers}, {@code credsStore}. A file or helper that
     * fails is told in the log; the pull goes on without, since most images are public.
     */
    static Optional<RegistryCredential> operatorCredential(Path dockerConfig, String registry) {
        if (!Files.isReadable(dockerConfig)) {
            LOG.warn("docker config {} cannot be read, pulling from {} without it", dockerConfig, registry);
            return Optional.empty();
        }
        var lookup = new FutureTask<>(() -> lookUp(dockerConfig, registry));
        Thread.ofPlatform().daemon().name("credential-helper").start(lookup);
        try {
            // A helper is a foreign program, run by jib without a bound of its own.
            return lookup.get(HELPER_SECONDS, TimeUnit.SECONDS).map(DockerConventions::ours);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException failed) {
            // Kinds only: what a helper printed may hold the secret.
            LOG.warn("docker config {} gave no credential for {}: {}", dockerConfig, registry, kind(failed));
        }
        return Optional.empty();
    }

    private static String kind(Exception failed) {
        var cause = failed.getCause();
        return (cause == null ? failed : cause).getClass().getSimpleName();
    }

    private static Optional<Credential> lookUp(Path dockerConfig, String registry)
            throws CredentialRetrievalException, InvalidImageReferenceException {
        var anyImage = com.google.cloud.tools.jib.api.ImageReference.parse(registry + "/any/image");
        return CredentialRetrieverFactory.forImage(anyImage, event -> LOG.debug("{}", event.getMessage()))
                .dockerConfig(dockerConfig)
                .retrieve();
    }

    private static RegistryCredential ours(Credential credential) {
        return credential.isOAuth2RefreshToken()
                ? new RegistryCredential.Token(credential.getPassword())
                : new RegistryCredential.Password(credential.getUsername(), credential.getPassword());
    }
}
