/**
 * The benchmarks: our programs beside others, measured from outside, as processes.
 *
 * <p>{@code scripts/bench} makes the input and starts this. All {@link io.scaibunker.bench.Contender contenders} take turns (A B
 * C, A B C, …), so that what changes on the machine meanwhile meets all of them; inputs lie in the page cache for all; the
 * medians count. What others used of the processors during a run is told with it, and such runs are left out where enough
 * quiet ones remain. Ratios between contenders of one run of the benchmark are what it is for: seconds belong to a machine
 * and a day.
 *
 * <p>Wall time ends with the program. Those that bring their file to disk before they end pay for that within their wall time;
 * for the others the time that a {@code sync} takes afterwards is in a column of its own.
 *
 * <p>{@code converge} is of another kind: {@link io.scaibunker.bench.SimulatedWorker workers} that are messages without bytes,
 * in this process, drive one real control node. {@code fanout} has real ones of both, and a real registry; so has
 * {@code chaos}, which measures nothing but whether all is true in the end.
 */
@NullMarked
package io.scaibunker.bench;

import org.jspecify.annotations.NullMarked;
