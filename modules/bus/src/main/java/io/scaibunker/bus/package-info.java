/**
 * What rooms say to each other, and how it travels.
 *
 * <p>Three kinds of words. A {@link io.scaibunker.bus.Nudge} is a fact in the past tense and means «look now»: it may be
 * lost, doubled or early, because what to do is always read from the rows, or asked of the room that owns them. A
 * {@link io.scaibunker.bus.Question} waits for its {@link io.scaibunker.bus.Answer}; it has its own time limit, because
 * a request to a node that dies is never failed early. A {@link io.scaibunker.bus.News} is published to whoever
 * watches, many times a second, and is never truth.
 *
 * <p>Events of images and bunkers are published nowhere. An address such as {@code events.image.<id>} would be heard by every member who
 * knows an id, whatever its rights, and nothing could take back what a revoked key had begun to hear. A service of the cluster calls
 * the operation {@code watchImage} or {@code watchBunker} instead, with its key and a reply address that it has just made up
 * ({@link io.scaibunker.bus.EventWatch}); the api looks at its rights, then and whenever they change, and sends events there until the
 * watcher does not answer any more. Only {@link io.scaibunker.bus.News} is published, among rooms: it names no tenant and carries figures.
 *
 * <p>All messages to a node share one connection, so one codec ({@link io.scaibunker.bus.BusCodec}) carries them as JSON
 * and refuses more than 64 KiB; bulk bytes go by gRPC ({@code worker.proto}). Fields are added, never renamed: a frozen
 * sample of each message lies in the tests, so that an old node's words stay readable during an upgrade.
 */
@NullMarked
package io.scaibunker.bus;

import org.jspecify.annotations.NullMarked;
