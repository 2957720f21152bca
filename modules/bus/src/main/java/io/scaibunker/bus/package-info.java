/**
 * What rooms say to each other, and how it travels.
 *
 * <p>Three kinds of words. A {@link io.scaibunker.bus.Nudge} is a fact in the past tense and means «look now»: it may be
 * lost, doubled or early, because what to do is always read from the rows, or asked of the room that owns them. A
 * {@link io.scaibunker.bus.Question} waits for its {@link io.scaibunker.bus.Answer}; it has its own time limit, because
 * a request to a node that dies is never failed early. A {@link io.scaibunker.bus.News} is published to whoever
 * watches, many times a second, and is never truth.
 *
 * <p>There are two ways to be told what happens to an image or a bunker. A watch ({@link io.scaibunker.bus.EventWatch}) is asked for
 * with a key: the api looks at its rights, then and whenever they change, begins with how things stand, and sends to a reply address
 * that the watcher has just made up, until it does not answer any more. And each event is published
 * ({@link io.scaibunker.bus.PublishedEvents}), at least once, to whoever listens. There nobody's rights are looked at: a member that
 * knows an id hears it, because members are trusted; {@code api.publish-events=false} is for a cluster where they are not.
 *
 * <p>The bytes of files, of streamed commands and of terminals of in-cluster clients do not go by the bus either. They could, in small
 * frames that are acknowledged; but these would share the one connection between two nodes with everything else, need a window, a
 * heartbeat and an end of their own, and a second implementation of all that HTTP has. So the bus answers where the bytes flow
 * ({@link io.scaibunker.bus.DataPlace}): at the node that answered, on its address within the cluster, by HTTP, with the same key and
 * the same code behind it. A caller that dies closes its connection, and with it ends what it has begun.
 *
 * <p>All messages to a node share one connection, so one codec ({@link io.scaibunker.bus.BusCodec}) carries them as JSON
 * and refuses more than 64 KiB; bulk bytes go by gRPC ({@code worker.proto}). Fields are added, never renamed: a frozen
 * sample of each message lies in the tests, so that an old node's words stay readable during an upgrade.
 */
@NullMarked
package io.scaibunker.bus;

import org.jspecify.annotations.NullMarked;
