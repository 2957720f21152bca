package io.scaibunker.oci;

import java.util.Optional;

/**
 * One layer of a resolved image, lowest first.
 *
 * @param index position in the image, from 0 (the lowest)
 * @param digest of the blob as it is stored, usually compressed
 * @param mediaType as declared, or for archives as sniffed; a reader should still look at the first bytes
 * @param size of the blob in bytes
 * @param diffId digest of the uncompressed tar as the image's config promises it; unknown for a bare root file system tar.
 *     Nobody checked it yet: only who decompresses can.
 */
public record Layer(int index, ContentDigest digest, String mediaType, long size, Optional<ContentDigest> diffId) {}
