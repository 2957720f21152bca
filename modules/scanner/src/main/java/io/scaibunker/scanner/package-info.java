/**
 * The room that scans images, and lets go of copies that nobody wants any more.
 *
 * <p>A scan is claimed for a lease as soon as its image has been baked. {@link io.scaibunker.scanner.StoredInventories} has what the artifact
 * holds, or asks a worker with a copy, once; {@link io.scaibunker.scanner.Judge} makes the verdict; {@code vulns.Verdict} alone decides. A
 * scanner that dies loses its lease and another takes the scan up, eight times at most; a scan asked again meanwhile raises the generation,
 * and the older verdict is void. What the scanner could not do is {@code failed} with the reason, and tried again after a pause. A verdict
 * informs: it never stops a bunker.
 *
 * <p>{@link io.scaibunker.scanner.Rematch}: a verdict names its basis, that is the scanner, the content of its database and the policy. When
 * that changes, every stored inventory is held against it and the verdicts that change are changed; no image is touched.
 *
 * <p>The same background task, every two minutes, sweeps the cache rows of retired images and of groups that shrank:
 * ready copies become unwanted, their workers are nudged, and the disk space comes back when the last bunker that runs
 * from a copy has ended.
 *
 * <p><b>Claims</b> scans that are due; the re-match of all. <b>Writes</b> {@code scans}, {@code inventories}, {@code findings}, {@code
 * rematches}, {@code image_cache.wanted}. <b>Asks</b> workers for inventories, by gRPC. <b>Nudges</b> workers. <b>If it dies</b> after the
 * claim, the lease ends and the scan is claimed again; in a re-match, what was not reached still names its old basis.
 */
@NullMarked
package io.scaibunker.scanner;

import org.jspecify.annotations.NullMarked;
