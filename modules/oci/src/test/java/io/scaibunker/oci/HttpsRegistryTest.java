package io.scaibunker.oci;

import static io.scaibunker.oci.SourceException.Reason.UNREACHABLE;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The way most registries are reached. */
class HttpsRegistryTest {
    private static final char[] PASSWORD = "password".toCharArray();

    @TempDir
    Path directory;

    @Test
    void aRegistryThatIsTrustedServesAndMayNotSendToPlainHttp() throws Exception {
        var identity = identity();
        var before = SSLContext.getDefault();
        SSLContext.setDefault(identity);
        try (var registry = new FakeRegistry(Optional.of(identity))) {
            var image = TestImage.ofOneLayer("https");
            registry.serve("app", "1", image);
            try (var source = new ImageSources(SourceConfig.DEFAULTS)
                    .registry(registry.host() + "/app:1", Platform.LINUX_AMD64, Optional.empty())) {
                var layer = source.resolve(ByteProgress.IGNORED).layers().getFirst();
                var blobs = new BlobDir(directory.resolve("blobs"));
                var elsewhere = "http://" + registry.sameByOtherName() + "/blob";
                var path = FakeRegistry.blobPath("app", image.layers.getFirst());
                var good = registry.given(path);
                registry.on(path, FakeRegistry.status(307, Map.of("Location", elsewhere)));
                Refused.with(UNREACHABLE, () -> source.fetch(layer, blobs, ByteProgress.IGNORED))
                        .withMessageContaining("plain http");
                registry.on(path, good);
                assertThat(source.fetch(layer, blobs, ByteProgress.IGNORED))
                        .hasBinaryContent(image.layers.getFirst().bytes());
            }
        } finally {
            SSLContext.setDefault(before);
        }
    }

    @Test
    void aRegistryThatIsNotTrustedIsRefusedAndNeverAskedInPlainHttp() throws Exception {
        try (var registry = new FakeRegistry(Optional.of(identity()));
                var source = new ImageSources(SourceConfig.DEFAULTS.withInsecureHosts(Set.of("localhost")))
                        .registry(registry.host() + "/app:1", Platform.LINUX_AMD64, Optional.empty())) {
            Refused.with(UNREACHABLE, () -> source.resolve(ByteProgress.IGNORED))
                    .withMessageContaining("certificate")
                    .matches(failure -> !failure.mayPass());
            assertThat(registry.asked).isEmpty();
        }
    }

    /** A new key for 127.0.0.1, and trust in it. */
    private SSLContext identity() throws IOException, GeneralSecurityException, InterruptedException {
        var file = directory.resolve("keys.p12");
        var keytool = Path.of(System.getProperty("java.home"), "bin", "keytool");
        var made = new ProcessBuilder(
                        keytool.toString(),
                        "-genkeypair",
                        "-alias",
                        "a",
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=test",
                        "-ext",
                        "san=ip:127.0.0.1",
                        "-storepass",
                        new String(PASSWORD),
                        "-keystore",
                        file.toString())
                .inheritIO()
                .start()
                .waitFor();
        assertThat(made).isZero();
        var store = KeyStore.getInstance("PKCS12");
        try (var in = Files.newInputStream(file)) {
            store.load(in, PASSWORD);
        }
        var trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("a", store.getCertificate("a"));
        var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, PASSWORD);
        var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        var context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }
}
