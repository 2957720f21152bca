package io.scaibunker.api;

import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.Permission;
import io.scaibunker.model.PlatformException;
import io.vertx.core.Future;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where every request comes by, whichever door it took: who is it, may they, is it well formed, was it asked before;
 * then the operation. What went wrong leaves as an envelope, too: {@link #receive} does not fail.
 */
final class Reception {
    private static final Logger LOG = LoggerFactory.getLogger(Reception.class);

    private final Contract contract;
    private final Map<String, Operation> operations;
    private final Callers callers;
    private final Checks checks;
    private final Idempotency idempotency;

    /** @throws IllegalStateException if contract and operations are not the same set */
    Reception(
            Contract contract,
            Map<String, Operation> operations,
            Callers callers,
            Checks checks,
            Idempotency idempotency) {
        this.contract = contract;
        this.operations = Map.copyOf(operations);
        this.callers = callers;
        this.checks = checks;
        this.idempotency = idempotency;
        Set<String> asked = contract.entries().stream()
                .filter(entry -> !entry.isLive() && !entry.isStream())
                .map(Contract.Entry::id)
                .collect(Collectors.toSet());
        if (!asked.equals(operations.keySet())) {
            throw new IllegalStateException(
                    "the contract has " + new TreeSet<>(asked) + ", served are " + new TreeSet<>(operations.keySet()));
        }
    }

    /** The request of an incoming one that stood every check; for what is answered by a stream instead of an envelope. */
    Future<Request> admit(Incoming incoming) {
        return Future.succeededFuture(incoming).compose(given -> {
            Contract.Entry entry = entry(given);
            return callers.of(given.authorization()).compose(caller -> {
                caller.need(entry.oneOf().toArray(Permission[]::new));
                return checks.check(entry, given, caller).map(request -> request.checkedBy(() -> admit(given)));
            });
        });
    }

    private Contract.Entry entry(Incoming incoming) {
        Contract.@Nullable Entry entry = contract.find(incoming.operationId());
        if (entry == null) {
            throw new PlatformException(ErrorCode.ROUTE_NOT_FOUND, "there is no operation of this name");
        }
        return entry;
    }

    Future<Envelope> receive(Incoming incoming) {
        return Future.succeededFuture(incoming)
                .compose(this::pass)
                .recover(thrown -> Future.succeededFuture(refuse(incoming, thrown)));
    }

    private Future<Envelope> pass(Incoming incoming) {
        Contract.Entry entry = entry(incoming);
        if (entry.isLive()) {
            throw new IllegalStateException(entry.id() + " is answered by no envelope");
        }
        return entry.isOpen()
                ? checks.check(entry, incoming, null).compose(this::run)
                : admit(incoming).compose(request -> once(request, incoming.idempotencyKey()));
    }

    private Future<Envelope> once(Request request, @Nullable String key) {
        return key == null ? run(request) : idempotency.once(request, key, () -> answered(request));
    }

    /** Refusals are answers, too: asked again, they are the same. */
    private Future<Envelope> answered(Request request) {
        return Future.succeededFuture(request)
                .compose(this::run)
                .recover(thrown -> Future.succeededFuture(envelope(request.operation(), request.requestId(), thrown)));
    }

    private Future<Envelope> run(Request request) {
        return Objects.requireNonNull(operations.get(request.operation()), request.operation())
                .run(request)
                .map(reply -> Envelope.of(reply, request.requestId()));
    }

    private static Envelope refuse(Incoming incoming, Throwable thrown) {
        return envelope(incoming.operationId(), incoming.requestId(), thrown);
    }

    /** What a failure says to the caller; what it says to us goes to the log. */
    static Envelope envelope(String operation, String requestId, Throwable thrown) {
        PlatformException failure = thrown instanceof PlatformException told
                ? told
                : new PlatformException(ErrorCode.INTERNAL, "an error of the platform itself", thrown);
        log(operation, requestId, failure);
        return Envelope.of(failure, requestId);
    }

    private static void log(String operation, String requestId, PlatformException failure) {
        switch (failure.code().kind()) {
            case BUG -> LOG.error("{} of {} failed", operation, requestId, failure);
            case UPSTREAM -> LOG.warn("{} of {}: {}", operation, requestId, failure.text(), failure);
            case UNAVAILABLE, EXHAUSTED ->
                LOG.info("{} of {}: {} {}", operation, requestId, failure.code(), failure.text());
            default -> LOG.debug("{} of {}: {} {}", operation, requestId, failure.code(), failure.text());
        }
    }
}
