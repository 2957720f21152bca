/**
 * The room that places bunkers and knows which workers live.
 *
 * <p>Placing is the one question asked on the request path. {@link io.scaibunker.scheduler.Placement} decides: a pure
 * function from the request and the workers to a worker, or to a refusal that counts the workers by reason. The shell
 * around it books: one statement takes the room and inserts the bunker, and takes nothing when the worker's room is gone
 * meanwhile; then it is decided again on fresh rows. The database refuses to over-book, so any number of schedulers may
 * run.
 *
 * <p>Workers beat every few seconds. One that is not heard for {@code scheduler.worker-stale} is lost: its bunkers have
 * failed, their room is free, its cache rows stay and do not count. When it returns, it is told what is wanted of it, and
 * ends what is not.
 *
 * <p><b>Claims</b> nothing. <b>Writes</b> {@code workers}, {@code bunkers} but for {@code intent}. <b>Nudges</b> workers and
 * fanout. <b>If it dies</b> between booking and nudge, the worker finds the bunker by its own timer; between booking and
 * answer, the asker asks again with the same id and learns what was booked.
 */
@NullMarked
package io.scaibunker.scheduler;

import org.jspecify.annotations.NullMarked;
