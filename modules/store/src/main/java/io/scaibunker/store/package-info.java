/**
 * The rows: migrations, one class a table, every line of SQL.
 *
 * <p>Rooms meet here. A method is a verb of the trade ({@code ImageCache.spread}, {@code ImageCache.settle}) and one
 * statement where that is possible; a move of a state is {@code UPDATE … WHERE status = …} and answers whether it moved
 * anything, since another may have been first. Time is the database's, the one clock that all hosts share.
 *
 * <p>Everything here returns a {@link io.vertx.core.Future} and never blocks. A failure is a
 * {@link io.scaibunker.model.PlatformException}: a broken named constraint becomes its code, a database that does not
 * answer becomes {@code SERVICE_UNAVAILABLE}.
 */
@NullMarked
package io.scaibunker.store;

import org.jspecify.annotations.NullMarked;
