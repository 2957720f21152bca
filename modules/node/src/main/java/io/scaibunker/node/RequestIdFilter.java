package io.scaibunker.node;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.filter.Filter;
import ch.qos.logback.core.spi.FilterReply;
import io.scaibunker.bus.RequestScope;
import java.util.Map;

/** Lets every line pass, and writes on it for which request it was said. */
public final class RequestIdFilter extends Filter<ILoggingEvent> {
    @Override
    public FilterReply decide(ILoggingEvent event) {
        if (event instanceof LoggingEvent line) {
            RequestScope.current().ifPresent(id -> line.setMDCPropertyMap(Map.of("request_id", id)));
        }
        return FilterReply.NEUTRAL;
    }
}
