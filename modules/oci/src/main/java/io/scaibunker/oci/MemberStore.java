package io.scaibunker.oci;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Map;

/**
 * Takes layers out of an archive. All that are missing are taken in one pass, whichever is asked for: a compressed archive cannot
 * be entered in its middle, and the others will be asked for next.
 */
final class MemberStore {
    private static final int BUFFER = 256 << 10;

    private MemberStore() {}

    /**
     * @param layers by the ordinal of the member that holds them
     */
    static Path store(
            ArchiveFile file, Map<Integer, Layer> layers, Layer wanted, BlobDir blobs, ByteProgress progress) {
        return file.unpacked(progress, in -> {
            var walk = new TarWalk(in);
            var ordinal = 0;
            for (var member = walk.next(); member != null; member = walk.next()) {
                var layer = layers.get(ordinal++);
                if (layer != null && blobs.find(layer.digest(), layer.size()).isEmpty()) {
                    take(walk, layer, blobs);
                }
            }
            return blobs.find(wanted.digest(), wanted.size())
                    .orElseThrow(() -> new SourceException(
                            SourceException.Reason.CORRUPT,
                            file.name() + " lost " + wanted.digest() + " while it was read"));
        });
    }

    private static void take(TarWalk walk, Layer layer, BlobDir blobs) throws IOException {
        try (var blob = blobs.begin(layer.digest(), layer.size())) {
            var buffer = new byte[BUFFER];
            for (var count = walk.read(buffer); count >= 0; count = walk.read(buffer)) {
                blob.write(ByteBuffer.wrap(buffer, 0, count));
            }
            blob.finish();
        }
    }
}
