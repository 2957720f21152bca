/**
 * The room that places bunkers and knows which workers live.
 *
 * <p>Placing is the one question asked on the request path. {@link io.scaibunker.scheduler.Placement} decides: a function from
 * what is asked and a {@link io.scaibunker.scheduler.Fleet} in memory to a worker, or to a refusal that counts the workers by
 * reason. {@link io.scaibunker.scheduler.BunkerPlacer} decides all that came meanwhile as one batch and has it booked by one
 * statement, which takes the room and inserts the bunkers, and refuses each of them alone where the fleet was seen wrongly;
 * those are decided again. The database refuses to over-book, so any number of schedulers may run.
 * {@link io.scaibunker.scheduler.FleetReader} keeps the fleet near the rows; it may be late, which costs a try. Nobody is refused
 * by it, though: a refusal is made of rows that were read after the question came.
 *
 * <p>Why not an UPDATE that seeks its worker itself? It would walk all workers for each bunker, and two of them would wait for
 * each other's emptiest worker. Why no memory of one's own bookings as truth? Because then there could be one scheduler only.
 *
 * <p>Workers beat every few seconds. One that is not heard for {@code scheduler.worker-stale} is lost: its bunkers have
 * failed, their room is free, its cache rows stay and do not count. When it returns, it is told what is wanted of it, and
 * ends what is not.
 *
 * <p><b>Claims</b> nothing. <b>Writes</b> {@code workers}, how {@code snapshots} stand, {@code bunkers} but for {@code intent} (which it sets where a drain is
 * over). <b>Nudges</b> workers and fanout. <b>If it dies</b> between booking and nudge, the worker finds the bunker by its own
 * timer; between booking and answer, the asker asks again with the same id and learns what was booked.
 */
@NullMarked
package io.scaibunker.scheduler;

import org.jspecify.annotations.NullMarked;
