/**
 * One image layer as a stream of entries: the tar reader, whiteouts, the merge of layers.
 *
 * <p>An image is a stack of layers, each a tar that says what changed against the layers below it. {@link
 * io.scaibunker.layers.LayerReader} turns one of them into {@link io.scaibunker.layers.Entry entries}, one at a time and
 * each with its content as a stream; {@link io.scaibunker.layers.LayerMerge} takes the entries of all layers, lowest first,
 * and gives the {@link io.scaibunker.layers.MergedTree tree} of those that survive, with their names:
 *
 * <pre>
 *   stored bytes → Decompression → TarReader → LayerReader ─ Entry ─► LayerMerge ─► MergedTree
 *                  gzip zstd xz    headers     paths, whiteouts       the rules      no content
 * </pre>
 *
 * <p>The tree holds no content and no extended attributes, some 200 bytes an entry: a writer reads the layers twice, or
 * writes contents as they pass and asks the tree afterwards what to keep.
 *
 * <p>Gzip is inflated by ISA-L where the host has that library, else by the JDK; a log line says which. {@link
 * io.scaibunker.layers.LayerReader#openAhead} decompresses in a thread of its own, for those who have much to do with the bytes.
 *
 * <p><b>Why a tar reader of our own.</b> PAX values are raw bytes with a length in front. A value of an extended attribute
 * (a file's capabilities, an access list) is binary, and a name may be in any encoding or none. The tar readers at hand
 * decode all values as UTF-8 strings, which destroys those bytes, and leave no way around; others split at newlines, which
 * occur in capability sets. The part of tar that images use is small, so it is read here by length and as bytes.
 *
 * <p><b>Everything here comes from a tenant.</b> Size, count, depth and memory are bounded by {@link
 * io.scaibunker.layers.LayerLimits}; what is wrong ends in a {@link io.scaibunker.layers.LayerException} that names the
 * entry. Nothing here touches the host's file system, so no name can lead anywhere.
 */
@NullMarked
package io.scaibunker.layers;

import org.jspecify.annotations.NullMarked;
