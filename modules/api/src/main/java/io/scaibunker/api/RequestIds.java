package io.scaibunker.api;

import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The name under which a request is found again: in its answer, in the log, in events. */
final class RequestIds {
    private static final Pattern SANE = Pattern.compile("[A-Za-z0-9_-]{1,64}");

    private RequestIds() {}

    /** The caller's own, if it may stand in a log line; else a fresh one. */
    static String of(@Nullable String asked) {
        return asked != null && SANE.matcher(asked).matches()
                ? asked
                : "req_" + UUID.randomUUID().toString().replace("-", "");
    }
}
