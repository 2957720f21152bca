package io.scaibunker.api;

import io.scaibunker.model.PlatformException;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonObject;

/** Reads a stranger's JSON: an object, bounded in depth before anything is built from it. */
final class JsonText {
    static final int DEPTH_MAX = 64;

    private JsonText() {}

    /** @throws PlatformException if it is no object, too deep, or no JSON */
    static JsonObject object(Buffer text) {
        if (depth(text) > DEPTH_MAX) {
            throw PlatformException.invalid("body", "JSON deeper than " + DEPTH_MAX + " levels");
        }
        Object value;
        try {
            value = Json.decodeValue(text);
        } catch (DecodeException e) {
            throw PlatformException.invalid("body", "not JSON");
        }
        if (value instanceof JsonObject object) {
            return object;
        }
        throw PlatformException.invalid("body", "not a JSON object");
    }

    /** Brackets open at once, outside of strings. */
    static int depth(Buffer text) {
        int deepest = 0;
        int open = 0;
        boolean quoted = false;
        for (int i = 0; i < text.length(); i++) {
            byte at = text.getByte(i);
            if (quoted) {
                if (at == '\\') {
                    i++;
                } else if (at == '"') {
                    quoted = false;
                }
            } else if (at == '"') {
                quoted = true;
            } else if (at == '{' || at == '[') {
                deepest = Math.max(deepest, ++open);
            } else if (at == '}' || at == ']') {
                open--;
            }
        }
        return deepest;
    }
}
