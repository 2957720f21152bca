package io.scaibunker.oci;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What {@code docker save} writes: {@code manifest.json} names a config and the layers' members. It knows the digests of the
 * uncompressed layers only, so opening it hashes the members, which checks the uncompressed ones at the same time.
 */
record DockerArchive(ArchiveFile file, ResolvedImage image, Map<Integer, Layer> layersByOrdinal) implements OpenedTar {
    private static final int BUFFER = 256 << 10;

    static DockerArchive open(ArchiveFile file, ArchiveScan scan, Platform wanted, ByteProgress progress) {
        var name = file.name();
        var entry = onlyImage(Json.parse(scan.document("manifest.json", name), "manifest.json of " + name), name);
        var configPath = Json.text(entry, "Config").orElse("");
        var config = Json.parse(scan.document(configPath, name), "config of " + name);
        var platform = ImageResolver.checkedPlatform(config, name, wanted);
        var paths = Json.texts(entry, "Layers");
        checkCount(paths.size(), name);
        var diffIds = ImageConfigReader.diffIds(config, paths.size(), name);
        var ordinals =
                paths.stream().map(path -> scan.file(path, name).ordinal()).toList();
        var members = hash(file, ordinals, progress);
        var layers = layers(ordinals, diffIds, members, name);
        var byOrdinal = new HashMap<Integer, Layer>();
        layers.forEach(layer -> byOrdinal.put(ordinals.get(layer.index()), layer));
        var image = new ResolvedImage(name, file.digest(progress), platform, layers, ImageConfigReader.read(config));
        return new DockerArchive(file, image, byOrdinal);
    }

    private static JsonNode onlyImage(JsonNode manifest, String name) {
        if (!manifest.isArray() || manifest.size() != 1) {
            throw new SourceException(
                    SourceException.Reason.UNSUPPORTED,
                    name + " holds " + manifest.size() + " images; a docker-archive with one is supported");
        }
        return manifest.get(0);
    }

    private static void checkCount(int layers, String name) {
        if (layers == 0) {
            throw new SourceException(SourceException.Reason.UNSUPPORTED, name + " has no layers");
        }
        if (layers > Manifest.MOST_LAYERS) {
            throw new SourceException(
                    SourceException.Reason.TOO_LARGE,
                    name + " has " + layers + " layers, at most " + Manifest.MOST_LAYERS + " are allowed");
        }
    }

    private record Hashed(ContentDigest digest, long size, Packing packing) {}

    private static Map<Integer, Hashed> hash(ArchiveFile file, List<Integer> ordinals, ByteProgress progress) {
        return file.unpacked(progress, in -> {
            var hashed = new HashMap<Integer, Hashed>();
            var walk = new TarWalk(in);
            var buffer = new byte[BUFFER];
            var ordinal = 0;
            for (var member = walk.next(); member != null; member = walk.next()) {
                if (!ordinals.contains(ordinal++)) {
                    continue;
                }
                var sha256 = ContentDigest.sha256();
                var packing = Packing.PLAIN;
                var done = 0L;
                for (var count = walk.read(buffer); count >= 0; count = walk.read(buffer)) {
                    packing = done == 0 ? Packing.of(buffer) : packing;
                    sha256.update(buffer, 0, count);
                    done += count;
                }
                hashed.put(ordinal - 1, new Hashed(ContentDigest.finish(sha256), done, packing));
            }
            return hashed;
        });
    }

    private static List<Layer> layers(
            List<Integer> ordinals, List<ContentDigest> diffIds, Map<Integer, Hashed> members, String name) {
        var layers = new ArrayList<Layer>();
        for (var ordinal : ordinals) {
            var member = Optional.ofNullable(members.get(ordinal))
                    .orElseThrow(() -> corrupt(name + " changed while it was read"));
            var diffId = diffIds.get(layers.size());
            if (member.packing == Packing.PLAIN && !member.digest.equals(diffId)) {
                throw corrupt("layer " + layers.size() + " of " + name + " has the content of " + member.digest
                        + ", its config says " + diffId);
            }
            layers.add(new Layer(
                    layers.size(), member.digest, member.packing.mediaType(), member.size, Optional.of(diffId)));
        }
        return layers;
    }

    private static SourceException corrupt(String message) {
        return new SourceException(SourceException.Reason.CORRUPT, message);
    }

    @Override
    public Path store(Layer layer, BlobDir blobs, ByteProgress progress) {
        return MemberStore.store(file, layersByOrdinal, layer, blobs, progress);
    }
}
