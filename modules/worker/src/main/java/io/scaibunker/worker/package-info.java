/**
 * The worker room: bakes images, keeps the copies, runs the bunkers.
 *
 * <p>A worker has no database. It asks the rooms what is wanted of it, looks at its own ledger, makes the two equal, and
 * reports what it sees. Both of its stories, {@link io.scaibunker.worker.CopyKeeper} and
 * {@link io.scaibunker.worker.BunkerKeeper}, have the same shape:
 *
 * <pre>
 *   drain()  ask what is wanted, page by page
 *            for each: compare with what is here → one action (a pure function decides)
 *            report what the row does not say yet
 * </pre>
 *
 * A nudge calls it, a timer calls it, the end of a job calls it; a report that got lost is made again by the next round,
 * since the row then still says something else. The stories live on one event loop and never block; the work (pulling,
 * baking, hashing: {@link io.scaibunker.worker.ImageBaker}) runs on a bounded executor of platform threads, the waiting for
 * microVMs on virtual threads behind a semaphore.
 *
 * <p><b>Claims</b> a cache row by reporting that it is being built; the report that is not taken is the claim that failed.
 * <b>Writes</b> its ledger on disk, never a row. <b>Left behind if it dies:</b> while fetching or baking, a directory
 * under {@code bakes/} that the next start removes; after the bake and before the ledger, a file that the next start
 * removes; after the ledger and before the report, a copy that the next start reports as ready; while bunkers run, their
 * machines, which the next start takes hold of again, or ends where nobody can say what they were.
 */
@NullMarked
package io.scaibunker.worker;

import org.jspecify.annotations.NullMarked;
