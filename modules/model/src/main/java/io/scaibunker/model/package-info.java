/**
 * The words of the house: ids, digests, states with their allowed moves, error codes, settings. Plain Java, used by
 * every room, knowing none.
 */
@NullMarked
package io.scaibunker.model;

import org.jspecify.annotations.NullMarked;
