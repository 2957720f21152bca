/**
 * What tests and benchmarks share: a real PostgreSQL with a fresh database in milliseconds, a real registry, waiting for a state
 * with a deadline, whole nodes as processes that can be killed, and a bus that loses every nudge.
 *
 * <p>{@link io.scaibunker.testkit.Chaos} is all of it at once: a fleet, everything that can go wrong with it in an order that follows from a
 * seed, and whether all is true afterwards.
 *
 * <p>It knows no module of ours, so that the tests of each may use it. There are no mocks in it: what it hands out is
 * the real thing, made small.
 */
@NullMarked
package io.scaibunker.testkit;

import org.jspecify.annotations.NullMarked;
