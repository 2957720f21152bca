package io.scaibunker.api;

import io.scaibunker.bus.ScaiBunkerClient;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.Message;
import io.vertx.core.eventbus.MessageConsumer;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The door for clients within the cluster: one address for each operation of the contract. */
final class BusDoor {
    /** How long a watcher may take to take what it is told. */
    private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(15);

    private final Vertx vertx;
    private final Contract contract;
    private final Reception reception;
    private final WatchDesk watchDesk;
    private final HttpDoor live;
    private final MemberDoor memberDoor;
    private final int bodyLimit;
    private List<MessageConsumer<JsonObject>> consumers = List.of();

    /**
     * @param live which operations may flow
     * @param memberDoor where they do, since bulk bytes never travel on the bus
     */
    BusDoor(
            Vertx vertx,
            Contract contract,
            Reception reception,
            WatchDesk watchDesk,
            HttpDoor live,
            MemberDoor memberDoor,
            int bodyLimit) {
        this.vertx = vertx;
        this.contract = contract;
        this.reception = reception;
        this.watchDesk = watchDesk;
        this.live = live;
        this.memberDoor = memberDoor;
        this.bodyLimit = bodyLimit;
    }

    /** Done when the whole cluster knows the addresses. */
    Future<?> open() {
        consumers = contract.entries().stream()
                .map(entry -> vertx.eventBus().<JsonObject>consumer(ScaiBunkerClient.addressOf(entry.id()), message -> {
                    if (entry.isStream()) {
                        watch(entry, message);
                    } else if (entry.isLive()
                            || live.isLive(entry)
                                    && Boolean.TRUE.equals(message.body().getValue("stream"))) {
                        take(entry, message, given -> lead(entry, given));
                    } else {
                        take(entry, message, reception::receive);
                    }
                }))
                .toList();
        return Future.all(consumers.stream().map(MessageConsumer::completion).toList());
    }

    Future<?> close() {
        return Future.join(consumers.stream().map(MessageConsumer::unregister).toList());
    }

    private void take(Contract.Entry entry, Message<JsonObject> message, Function<Incoming, Future<Envelope>> serve) {
        JsonObject body = message.body();
        String requestId = RequestIds.of(text(body, "request_id"));
        Traffic traffic = Traffic.enter(Traffic.Door.BUS, entry, requestId);
        Future.succeededFuture(body)
                .map(given -> incoming(entry, requestId, given))
                .compose(serve)
                .recover(thrown -> Future.succeededFuture(Reception.envelope(entry.id(), requestId, thrown)))
                .onSuccess(envelope -> {
                    traffic.left(envelope);
                    reply(message, envelope);
                });
    }

    /** Says where the bytes flow, to who may. */
    private Future<Envelope> lead(Contract.Entry entry, Incoming incoming) {
        return reception
                .admit(incoming)
                .map(admitted ->
                        Envelope.of(Reply.ok(memberDoor.place(entry, incoming).json()), incoming.requestId()));
    }

    private static void reply(Message<JsonObject> message, Envelope envelope) {
        message.reply(
                envelope.json(),
                new DeliveryOptions().addHeader(ScaiBunkerClient.STATUS, Integer.toString(envelope.status())));
    }

    /** Answers at once; then tells what happens to the address that the watcher has named. */
    private void watch(Contract.Entry entry, Message<JsonObject> message) {
        JsonObject body = message.body();
        String requestId = RequestIds.of(text(body, "request_id"));
        Future.succeededFuture(body)
                .map(BusDoor::watcherAddress)
                .compose(address -> watchDesk
                        .open(incoming(entry, requestId, body), null)
                        .onSuccess(begin -> {
                            reply(message, Envelope.of(Reply.ok(new JsonObject().put("watching", true)), requestId));
                            begin.accept(new BusSink(vertx, address, ANSWER_TIMEOUT));
                        }))
                .onFailure(thrown -> reply(message, Reception.envelope(entry.id(), requestId, thrown)));
    }

    /** Any other address could be a room's own. */
    private static String watcherAddress(JsonObject body) {
        String address = text(body, "deliver_to");
        if (address == null || !address.matches(ScaiBunkerClient.WATCHER_ADDRESS)) {
            throw Request.invalid("deliver_to", "expected: " + ScaiBunkerClient.WATCHER_ADDRESS);
        }
        return address;
    }

    private Incoming incoming(Contract.Entry entry, String requestId, JsonObject given) {
        Buffer body = given.getValue("body") instanceof JsonObject some ? some.toBuffer() : Buffer.buffer();
        if (body.length() > bodyLimit) {
            throw Request.invalid("body", "too large (expected: at most " + bodyLimit + " bytes)");
        }
        return new Incoming(
                entry.id(),
                requestId,
                text(given, "authorization"),
                entry.isPost() ? text(given, "idempotency_key") : null,
                texts(given, "path"),
                texts(given, "query"),
                body,
                Promise.<Void>promise().future());
    }

    private static @Nullable String text(JsonObject given, String field) {
        return given.getValue(field) instanceof String text ? text : null;
    }

    private static Map<String, String> texts(JsonObject given, String field) {
        Map<String, String> texts = new HashMap<>();
        if (given.getValue(field) instanceof JsonObject some) {
            some.forEach(entry -> texts.put(entry.getKey(), String.valueOf(entry.getValue())));
        }
        return texts;
    }
}
