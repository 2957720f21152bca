/**
 * The program that hosts rooms. One process with all rooms is what a newcomer runs; a fleet is the same program with
 * other rooms switched on, joined by Hazelcast.
 *
 * <p>Start: {@link io.scaibunker.node.Main} reads the configuration whole and refuses it whole; {@code Node} takes the
 * data directory's lock, joins the cluster, starts PostgreSQL when a control room needs it and none is given, runs the
 * migrations, opens the rooms, and says «ready». A step that fails closes what the steps before it opened.
 *
 * <p>Stop, on SIGTERM or SIGINT, is the start backwards, rooms first: each takes no more, finishes what is under way
 * and closes; then the cluster, then PostgreSQL. It is bounded; what is not done by then is found again by the next
 * start, as after a power cut. A second signal ends the process at once.
 *
 * <p>If this process is killed, its PostgreSQL stays behind and is stopped by the next start of the same data directory.
 * If PostgreSQL dies, it is started again and the rooms' connections come back by themselves.
 */
@NullMarked
package io.scaibunker.node;

import org.jspecify.annotations.NullMarked;
