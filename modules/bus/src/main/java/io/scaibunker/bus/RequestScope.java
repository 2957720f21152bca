package io.scaibunker.bus;

import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.internal.VertxBootstrap;
import io.vertx.core.spi.VertxServiceProvider;
import io.vertx.core.spi.context.storage.ContextLocal;
import java.util.Optional;

/**
 * The id of the request that is worked on, for the log. It lives in the context that Vert.x makes for each request and each
 * message, and goes with what {@link Post} asks.
 */
public final class RequestScope implements VertxServiceProvider {
    private static final ContextLocal<String> ID = ContextLocal.registerLocal(String.class);

    /** The header of a message that it travels in. */
    static final String HEADER = "request-id";

    /** Called by Vert.x: the class must be there before the first context is. */
    @Override
    public void init(VertxBootstrap builder) {
        // Nothing but the registration above.
    }

    /** What is done from here on, for this request or message, is done for {@code id}. */
    public static void enter(String id) {
        Context context = Vertx.currentContext();
        if (context != null) {
            context.putLocal(ID, id);
        }
    }

    /** Whose work this is; empty where it is nobody's, or that of several. */
    public static Optional<String> current() {
        Context context = Vertx.currentContext();
        return context == null ? Optional.empty() : Optional.ofNullable(context.getLocal(ID));
    }
}
