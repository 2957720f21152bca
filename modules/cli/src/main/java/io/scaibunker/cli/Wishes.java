package io.scaibunker.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A request's body, field by field; what was not said is left out, so that the platform's own defaults hold. */
final class Wishes {
    private final ObjectNode fields = JsonNodeFactory.instance.objectNode();

    Wishes with(String name, @Nullable String value) {
        if (value != null) {
            fields.put(name, value);
        }
        return this;
    }

    Wishes with(String name, @Nullable Integer value) {
        if (value != null) {
            fields.put(name, value);
        }
        return this;
    }

    /** @param asked said only when true: false is the default of every such field */
    Wishes with(String name, boolean asked) {
        if (asked) {
            fields.put(name, true);
        }
        return this;
    }

    Wishes with(String name, @Nullable Map<String, String> values) {
        if (values != null && !values.isEmpty()) {
            values.forEach(fields.putObject(name)::put);
        }
        return this;
    }

    Wishes with(String name, @Nullable Iterable<String> values) {
        if (values != null && values.iterator().hasNext()) {
            values.forEach(fields.putArray(name)::add);
        }
        return this;
    }

    Wishes with(String name, ObjectNode value) {
        fields.set(name, value);
        return this;
    }

    ObjectNode json() {
        return fields;
    }
}
