/**
 * The image writers: layers in, one ext4 file out, without root and without a mount. A reader of such files in user space. And
 * the scratch disk, an empty ext4.
 *
 * <p>{@link io.scaibunker.ext4.ImageWriter} is the seam: it takes the layers of an image, lowest first, and a size, and gives a
 * file of exactly that size which the guest mounts read-only. A file appears under its name whole or not at all; how a bake
 * ends, by an error, a cancellation or a power cut, makes no difference to that. Two writers stand behind it.
 *
 * <p><b>{@link io.scaibunker.ext4.NativeWriter}</b> writes the format itself, in one pass over the layers:
 *
 * <pre>
 *   layer 0 ─ decompress ─► read ┬─ contents ─► segment 0 ─┐
 *   layer 1 ─ decompress ─► read ┼─ contents ─► segment 1 ─┤ one file        hidden files are cut out
 *   …                            └─ entries ──► merge ─► tree ─► directories, inodes, bitmaps, superblock
 *
 *   block 0   1 … 64         65 …                            to the end
 *   super-    group          segment 0 │ segment 1 │ …       directories, long links,  inode   bitmaps  free
 *   block     descriptors    (each layer's contents)         extents, attributes       tables
 * </pre>
 *
 * A {@link io.scaibunker.ext4.Segment} is one unbroken range of blocks that depends on its layer alone, so that images which
 * share a layer share its bytes. That works because the tables of all groups may lie together anywhere ({@code flex_bg}) and
 * copies of the superblock may be left out ({@code sparse_super2}): nothing of the format stands in the middle of the data.
 * Contents are written before anybody knows which of them live; what the merge finds hidden becomes a hole again, for it is
 * what somebody has deleted. Contents are hashed piece by piece as they are written, past the page cache, so that nobody reads
 * the file again for its digest: that is the digest of an {@link io.scaibunker.ext4.ImageTable}. A layer that is read before those below it have ended writes to a file beside the image, from
 * where only what lives is copied.
 *
 * <p><b>{@link io.scaibunker.ext4.Mke2fsWriter}</b> lets the distribution's own tools do the work:
 *
 * <pre>
 *   layers ─ read, merge ──► tree ─ counted ──► too large? SizeCapExceeded, nothing was written
 *      └──── read again ───► one flat tar ─► tar -x ─► directory ─► mke2fs -d ─► file ─► debugfs ─► e2fsck ─► rename
 *                                            └─────── fakeroot ───────┘
 * </pre>
 *
 * <p>It is the reference: slow, but each part of it is what everybody else uses, so the faster writer is checked against it.
 * Why not mount the file and unpack into it: that takes root, and hands a tenant's file system to the host's kernel. Why not
 * give the tar to mke2fs itself: the version that reads tars is newer than the distribution's, and it loses attributes.
 *
 * <p><b>Snapshots.</b> What a bunker has written on its scratch disk becomes a layer by {@link io.scaibunker.ext4.UpperLayer}, from a copy
 * of that disk ({@link io.scaibunker.ext4.SparseCopy}); the image it was booted from is taken apart into the layers that it consists of by
 * {@link io.scaibunker.ext4.ImageLayers}; and both together are written like any other stack of layers.
 *
 * <p>All that a bake makes lies in one directory beside the target, closed to others and named {@code .bake-…}; it goes when the
 * bake ends. What a process that died left there, {@link io.scaibunker.ext4.Mke2fsWriter#cleanUp} removes at the next start,
 * whichever writer it was.
 */
@NullMarked
package io.scaibunker.ext4;

import org.jspecify.annotations.NullMarked;
