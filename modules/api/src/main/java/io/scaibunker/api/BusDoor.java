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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The door for clients within the cluster: one address for each operation of the contract. */
final class BusDoor {
    private final Vertx vertx;
    private final Contract contract;
    private final Reception reception;
    private final int bodyLimit;
    private List<MessageConsumer<JsonObject>> consumers = List.of();

    BusDoor(Vertx vertx, Contract contract, Reception reception, int bodyLimit) {
        this.vertx = vertx;
        this.contract = contract;
        this.reception = reception;
        this.bodyLimit = bodyLimit;
    }

    /** Done when the whole cluster knows the addresses. */
    Future<?> open() {
        consumers = contract.entries().stream()
                .map(entry -> vertx.eventBus()
                        .<JsonObject>consumer(ScaiBunkerClient.addressOf(entry.id()), message -> take(entry, message)))
                .toList();
        return Future.all(consumers.stream().map(MessageConsumer::completion).toList());
    }

    Future<?> close() {
        return Future.join(consumers.stream().map(MessageConsumer::unregister).toList());
    }

    private void take(Contract.Entry entry, Message<JsonObject> message) {
        JsonObject body = message.body();
        String requestId = RequestIds.of(text(body, "request_id"));
        Future.succeededFuture(body)
                .map(given -> incoming(entry, requestId, given))
                .compose(reception::receive)
                .recover(thrown -> Future.succeededFuture(Reception.envelope(entry.id(), requestId, thrown)))
                .onSuccess(envelope -> message.reply(
                        envelope.json(),
                        new DeliveryOptions().addHeader(ScaiBunkerClient.STATUS, Integer.toString(envelope.status()))));
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
