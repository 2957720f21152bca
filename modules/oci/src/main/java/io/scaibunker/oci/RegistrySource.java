package io.scaibunker.oci;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** An image in a registry, or in one of its mirrors. */
final class RegistrySource implements ImageSource {
    private final ImageReference reference;
    private final Platform platform;
    private final Optional<RegistryCredential> tenantCredential;
    private final SourceConfig config;
    private final Cancellation cancellation = new Cancellation();
    private final RegistryHttp http;
    private final Retrying retrying;
    private List<RegistryEndpoint> endpoints = List.of();

    RegistrySource(
            ImageReference reference,
            Platform platform,
            Optional<RegistryCredential> tenantCredential,
            SourceConfig config) {
        this.reference = reference;
        this.platform = platform;
        this.tenantCredential = tenantCredential;
        this.config = config;
        this.http = new RegistryHttp(config, cancellation);
        this.retrying = new Retrying(config.patience(), cancellation);
    }

    @Override
    public ResolvedImage resolve(ByteProgress progress) {
        Runnable beat = () -> progress.bytes(0, -1);
        return Fallback.first(endpoints(), endpoint -> {
            var image = resolveAt(endpoint, beat);
            // A mirror that failed the manifest would only cost its time-outs again for each layer.
            endpoints = endpoints.subList(endpoints.indexOf(endpoint), endpoints.size());
            return image;
        });
    }

    private ResolvedImage resolveAt(RegistryEndpoint endpoint, Runnable beat) {
        var documents = new ImageResolver.Documents() {
            @Override
            public byte[] manifest(Descriptor descriptor) {
                return endpoint.manifest(descriptor.digest().toString(), beat).bytes();
            }

            @Override
            public byte[] config(Descriptor descriptor) {
                return endpoint.smallBlob(descriptor, ImageResolver.MOST_CONFIG_BYTES, beat);
            }
        };
        var top = endpoint.manifest(reference.tagOrDigest(), beat);
        return new ImageResolver(reference.toString(), platform, config.maxImageBytes(), documents)
                .resolve(top.bytes(), top.mediaType());
    }

    @Override
    public Path fetch(Layer layer, BlobDir blobs, ByteProgress progress) {
        cancellation.check();
        var found = blobs.find(layer.digest(), layer.size());
        if (found.isPresent()) {
            progress.bytes(layer.size(), layer.size());
            return found.get();
        }
        return new BlobDownload(endpoints(), retrying, layer, progress).into(blobs);
    }

    /** Credentials are looked up when the first call needs them, since that may run a foreign program. */
    private List<RegistryEndpoint> endpoints() {
        if (endpoints.isEmpty()) {
            var inOrder = new ArrayList<RegistryEndpoint>();
            for (var mirror : config.mirrors().getOrDefault(reference.registry(), List.of())) {
                inOrder.add(endpoint(mirror, operatorCredential(mirror)));
            }
            inOrder.add(endpoint(
                    reference.registry(), tenantCredential.or(() -> operatorCredential(reference.registry()))));
            endpoints = List.copyOf(inOrder);
        }
        return endpoints;
    }

    private Optional<RegistryCredential> operatorCredential(String host) {
        return config.dockerConfig().flatMap(file -> DockerConventions.operatorCredential(file, host));
    }

    private RegistryEndpoint endpoint(String host, Optional<RegistryCredential> credential) {
        var login = new RegistryLogin(http, host, reference.repository(), credential);
        return new RegistryEndpoint(http, retrying, login, host, reference.repository(), config.isInsecure(host));
    }

    @Override
    public void cancel() {
        cancellation.cancel();
        http.close();
    }

    @Override
    public void close() {
        http.close();
    }
}
