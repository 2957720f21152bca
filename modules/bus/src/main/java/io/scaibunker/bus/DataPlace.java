package io.scaibunker.bus;

import io.vertx.core.json.JsonObject;

/**
 * Where bytes of a file, a command or a terminal flow: what the bus answers instead of carrying them. A node of the api says it
 * of itself; the caller sends the very request there, by HTTP, under its own key.
 *
 * @param host the node's address among members of the cluster
 * @param tls whether members show each other certificates
 * @param uri the operation's path and query
 */
public record DataPlace(String host, int port, boolean tls, String uri) {
    public JsonObject json() {
        return new JsonObject()
                .put("host", host)
                .put("port", port)
                .put("tls", tls)
                .put("uri", uri);
    }

    static DataPlace of(JsonObject json) {
        return new DataPlace(
                json.getString("host"), json.getInteger("port"), json.getBoolean("tls"), json.getString("uri"));
    }
}
