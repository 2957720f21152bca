/**
 * The image writer: layers in, one ext4 file out, without root and without a mount.
 */
@NullMarked
package io.scaibunker.ext4;

import org.jspecify.annotations.NullMarked;
