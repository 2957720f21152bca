/**
 * The room that scans images, and lets go of copies that nobody wants any more.
 *
 * <p>A scan is claimed for a lease, handed to the {@link io.scaibunker.scanner.ScanEngine}, and settled. A scanner that
 * dies loses its lease and another takes the scan up; a scan asked again meanwhile raises the generation, and the older
 * verdict is void. A verdict informs: it never stops a bunker.
 *
 * <p>The same background task, every two minutes, sweeps the cache rows of retired images and of groups that shrank:
 * ready copies become unwanted, their workers are nudged, and the disk space comes back when the last bunker that runs
 * from a copy has ended.
 *
 * <p><b>Claims</b> pending scans. <b>Writes</b> {@code scans}, {@code image_cache.wanted}. <b>Nudges</b> workers. <b>If it
 * dies</b> after the claim, the lease ends and the scan is claimed again.
 */
@NullMarked
package io.scaibunker.scanner;

import org.jspecify.annotations.NullMarked;
