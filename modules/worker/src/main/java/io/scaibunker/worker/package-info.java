/**
 * The worker room: bakes images, keeps the copies, runs the bunkers.
 *
 * <p>A worker has no database. It asks the rooms what is wanted of it, looks at its own ledger, makes the two equal, and
 * reports what it sees. Its stories, {@link io.scaibunker.worker.CopyKeeper}, {@link io.scaibunker.worker.BunkerKeeper} and
 * {@link io.scaibunker.worker.SnapshotKeeper}, have the same shape:
 *
 * <pre>
 *   drain()  ask what is wanted, page by page
 *            for each: compare with what is here → one action (a pure function decides)
 *            report what the row does not say yet
 * </pre>
 *
 * A nudge calls it, a timer calls it, the end of a job calls it; a report that got lost is made again by the next round,
 * since the row then still says something else. The stories live on one event loop and never block; the work (pulling,
 * baking, hashing: {@link io.scaibunker.worker.ImageBaker}; receiving from other workers:
 * {@link io.scaibunker.worker.CopyFetcher}) runs on bounded executors of platform threads, the waiting for microVMs on virtual
 * threads behind a semaphore; snapshots ({@link io.scaibunker.worker.SnapshotTaker}) on a thread of their own. Other workers are served by {@link io.scaibunker.worker.ExchangeServer}, so many at once.
 *
 * <p><b>Claims</b> a cache row by asking for its turn, and the baking of an image by the lease that comes with the answer.
 * <b>Writes</b> its ledger on disk, never a row. <b>Left behind if it dies:</b> while fetching or baking, a directory
 * under {@code bakes/} that the next start removes; while taking a snapshot, one under {@code snapshots/} likewise, and a
 * guest whose disk stands still until that start, or until its agent has waited long enough; while receiving, what has come, under {@code incoming/}, with which the next
 * start goes on; after the bake and before the ledger, a file that the next start
 * removes; after the ledger and before the report, a copy that the next start reports as ready; while bunkers run, their
 * machines, which the next start takes hold of again, or ends where nobody can say what they were.
 */
@NullMarked
package io.scaibunker.worker;

import org.jspecify.annotations.NullMarked;
