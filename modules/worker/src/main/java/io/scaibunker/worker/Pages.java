package io.scaibunker.worker;

import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Reads all pages of something that is told in pages. */
final class Pages {
    /** @param next the cursor of the page behind; null at the end */
    record Page<T, C>(List<T> entries, @Nullable C next) {}

    private Pages() {}

    static <T, C> Future<List<T>> all(Function<@Nullable C, Future<Page<T, C>>> ask) {
        return from(null, ask, new ArrayList<>());
    }

    private static <T, C> Future<List<T>> from(
            @Nullable C cursor, Function<@Nullable C, Future<Page<T, C>>> ask, List<T> read) {
        return ask.apply(cursor).compose(page -> {
            read.addAll(page.entries());
            return page.next() == null ? Future.succeededFuture(read) : from(page.next(), ask, read);
        });
    }
}
