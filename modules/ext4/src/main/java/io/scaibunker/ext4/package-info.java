/**
 * The image writer: layers in, one ext4 file out, without root and without a mount. And the scratch disk, an empty ext4.
 *
 * <p>{@link io.scaibunker.ext4.ImageWriter} is the seam: it takes the layers of an image, lowest first, and a size, and gives a
 * file of exactly that size which the guest mounts read-only. A file appears under its name whole or not at all; how a bake
 * ends, by an error, a cancellation or a power cut, makes no difference to that.
 *
 * <p>Behind the seam stands {@link io.scaibunker.ext4.Mke2fsWriter}, which lets the distribution's own tools do the work:
 *
 * <pre>
 *   layers ─ read, merge ──► tree ─ counted ──► too large? SizeCapExceeded, nothing was written
 *      └──── read again ───► one flat tar ─► tar -x ─► directory ─► mke2fs -d ─► file ─► debugfs ─► e2fsck ─► rename
 *                                            └─────── fakeroot ───────┘
 * </pre>
 *
 * <p>It is the reference: slow, but each part of it is what everybody else uses, so a faster writer can be checked against it.
 * Why not mount the file and unpack into it: that takes root, and hands a tenant's file system to the host's kernel. Why not
 * give the tar to mke2fs itself: the version that reads tars is newer than the distribution's, and it loses attributes.
 *
 * <p>All that a bake makes lies in one directory beside the target, closed to others and named {@code .bake-…}; it goes when the
 * bake ends. What a process that died left there, {@link io.scaibunker.ext4.Mke2fsWriter#cleanUp} removes at the next start.
 */
@NullMarked
package io.scaibunker.ext4;

import org.jspecify.annotations.NullMarked;
