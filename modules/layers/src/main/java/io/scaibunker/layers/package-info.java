/**
 * One image layer as a stream of entries: the tar reader, whiteouts, the merge of layers.
 */
@NullMarked
package io.scaibunker.layers;

import org.jspecify.annotations.NullMarked;
