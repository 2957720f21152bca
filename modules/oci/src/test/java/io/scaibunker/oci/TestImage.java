package io.scaibunker.oci;

import com.github.luben.zstd.Zstd;
import io.scaibunker.testkit.LocalRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;

/** A small image made byte by byte, so that a test knows every digest. */
final class TestImage {
    static final String GZIP = MediaTypes.TAR + "+gzip";
    static final String ZSTD = MediaTypes.TAR + "+zstd";

    record Blob(String mediaType, byte[] bytes) {
        ContentDigest digest() {
            return ContentDigest.of(bytes);
        }

        String descriptor(String more) {
            return """
                    {"mediaType":"%s","digest":"%s","size":%d%s}""".formatted(mediaType, digest(), bytes.length, more);
        }
    }

    final List<Blob> layers = new ArrayList<>();
    final List<ContentDigest> diffIds = new ArrayList<>();
    String architecture = "amd64";

    static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** One layer of each sort. */
    static TestImage ofThreeLayers() {
        return new TestImage()
                .layer(GZIP, tar(Map.of("etc/one", text("1"))))
                .layer(ZSTD, tar(Map.of("etc/two", text("2"))))
                .layer(MediaTypes.TAR, tar(Map.of("etc/three", text("3"))));
    }

    static TestImage ofOneLayer(String content) {
        return new TestImage().layer(GZIP, tar(Map.of("etc/only", text(content))));
    }

    TestImage layer(String mediaType, byte[] tar) {
        diffIds.add(ContentDigest.of(tar));
        layers.add(new Blob(
                mediaType,
                switch (mediaType) {
                    case ZSTD -> Zstd.compress(tar);
                    case GZIP -> gzip(tar);
                    default -> tar;
                }));
        return this;
    }

    Blob config() {
        return new Blob(MediaTypes.OCI_CONFIG, text("""
                {"architecture":"%s","os":"linux","config":{"Env":["PATH=/bin","A=b"],"WorkingDir":"/srv","User":"app",
                 "Entrypoint":["/bin/tini","--"],"Cmd":["run"],"Labels":{"maker":"test"}},
                 "rootfs":{"type":"layers","diff_ids":[%s]}}""".formatted(
                architecture, diffIds.stream().map(id -> "\"" + id + "\"").collect(Collectors.joining(",")))));
    }

    Blob manifest() {
        return manifest(config());
    }

    Blob manifest(Blob config) {
        return new Blob(MediaTypes.OCI_MANIFEST, text("""
                {"schemaVersion":2,"mediaType":"%s","config":%s,"layers":[%s]}""".formatted(
                        MediaTypes.OCI_MANIFEST,
                        config.descriptor(""),
                        layers.stream().map(layer -> layer.descriptor("")).collect(Collectors.joining(",")))));
    }

    static Blob index(String... entries) {
        return new Blob(MediaTypes.OCI_INDEX, text("""
                {"schemaVersion":2,"mediaType":"%s","manifests":[%s]}""".formatted(MediaTypes.OCI_INDEX, String.join(",", entries))));
    }

    static String platform(String os, String architecture, String variant) {
        var more = variant.isEmpty() ? "" : ",\"variant\":\"" + variant + "\"";
        return ",\"platform\":{\"os\":\"" + os + "\",\"architecture\":\"" + architecture + "\"" + more + "}";
    }

    List<Blob> blobs() {
        var blobs = new ArrayList<>(layers);
        blobs.add(config());
        return blobs;
    }

    /** Writes an OCI layout whose index has these entries. */
    Path layout(Path directory, String... entries) {
        try {
            var folder = Files.createDirectories(directory.resolve("blobs/sha256"));
            for (var blob : blobs()) {
                Files.write(folder.resolve(blob.digest().hex()), blob.bytes());
            }
            Files.write(folder.resolve(manifest().digest().hex()), manifest().bytes());
            Files.writeString(directory.resolve("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}");
            Files.write(directory.resolve("index.json"), index(entries).bytes());
            return directory;
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    Path layout(Path directory) {
        return layout(directory, manifest().descriptor(""));
    }

    /** Puts blobs and manifest into a registry as they are. */
    void push(LocalRegistry registry, String repository, String tagOrDigest) {
        blobs().forEach(blob -> registry.putBlob(repository, blob.digest().toString(), blob.bytes()));
        registry.putManifest(
                repository, tagOrDigest, manifest().mediaType(), manifest().bytes());
    }

    static byte[] tar(Map<String, byte[]> files) {
        var bytes = new ByteArrayOutputStream();
        try (var tar = new TarArchiveOutputStream(bytes)) {
            for (var file : new LinkedHashMap<>(files).entrySet()) {
                var entry = new TarArchiveEntry(file.getKey());
                entry.setSize(file.getValue().length);
                tar.putArchiveEntry(entry);
                tar.write(file.getValue());
                tar.closeArchiveEntry();
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        return bytes.toByteArray();
    }

    static byte[] gzip(byte[] bytes) {
        var packed = new ByteArrayOutputStream();
        try (var gzip = new GZIPOutputStream(packed)) {
            gzip.write(bytes);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        return packed.toByteArray();
    }
}
