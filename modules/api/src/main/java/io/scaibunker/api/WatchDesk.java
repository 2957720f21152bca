package io.scaibunker.api;

import io.vertx.core.Future;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Where every watcher comes by, whichever door it took: the same checks as for a request, then a place to watch from. */
final class WatchDesk {
    private static final int DIGITS_MAX = 18;

    private final Reception reception;
    private final Map<String, WatchOperations.Watchable> watchables;
    private final Watches watches;

    WatchDesk(Reception reception, Map<String, WatchOperations.Watchable> watchables, Watches watches) {
        this.reception = reception;
        this.watchables = Map.copyOf(watchables);
        this.watches = watches;
    }

    /**
     * @param lastId as the watcher says it: what it saw last; the query may say it, too
     * @return begins the watch, or a failure for whoever may not watch this
     */
    Future<Consumer<EventSink>> open(Incoming incoming, @Nullable String lastId) {
        return reception.admit(incoming).compose(request -> {
            watches.requireRoom(request.caller());
            Optional<Long> last =
                    number(lastId).or(() -> request.query("last_event_id").flatMap(WatchDesk::number));
            return find(request)
                    .map(subject ->
                            sink -> watches.begin(request.caller(), subject, last, sink, () -> again(incoming)));
        });
    }

    private Future<Subject> again(Incoming incoming) {
        return reception.admit(incoming).compose(this::find);
    }

    private Future<Subject> find(Request request) {
        return Objects.requireNonNull(watchables.get(request.operation()), request.operation())
                .find(request);
    }

    /** What is no number of ours is as good as none: the watcher gets a snapshot. */
    private static Optional<Long> number(@Nullable String text) {
        return text != null && text.matches("[0-9]{1," + DIGITS_MAX + "}")
                ? Optional.of(Long.valueOf(text))
                : Optional.empty();
    }

    void close() {
        watches.close();
    }
}
