package io.scaibunker.oci;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** JSON of strangers: bounded in depth and number of words, one value to a name, missing and mistyped fields read as absent. */
final class Json {
    private static final int DEEPEST = 64;
    private static final long MOST_TOKENS = 500_000;
    private static final ObjectMapper MAPPER = new ObjectMapper(JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(DEEPEST)
                    .maxTokenCount(MOST_TOKENS)
                    .maxNumberLength(100)
                    .build())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
            .build());

    private Json() {}

    /** An object or array; CORRUPT if it is none. */
    static JsonNode parse(byte[] bytes, String what) {
        try {
            var node = MAPPER.readTree(bytes);
            if (node.isContainerNode()) {
                return node;
            }
        } catch (IOException malformed) {
            throw new SourceException(SourceException.Reason.CORRUPT, what + " is not valid JSON", malformed);
        }
        throw new SourceException(SourceException.Reason.CORRUPT, what + " is not a JSON object");
    }

    static Optional<String> text(JsonNode node, String name) {
        return Optional.ofNullable(node.get(name))
                .filter(JsonNode::isTextual)
                .map(JsonNode::textValue)
                .filter(value -> !value.isEmpty());
    }

    /** The texts of an array, or of what the field holds alone; others are left out. */
    static List<String> texts(JsonNode node, String name) {
        var texts = new ArrayList<String>();
        var field = node.path(name);
        if (field.isTextual()) {
            texts.add(field.textValue());
        }
        field.forEach(element -> {
            if (element.isTextual()) {
                texts.add(element.textValue());
            }
        });
        return texts;
    }

    static Map<String, String> textMap(JsonNode node, String name) {
        var map = new LinkedHashMap<String, String>();
        node.path(name).properties().forEach(field -> {
            if (field.getValue().isTextual()) {
                map.put(field.getKey(), field.getValue().textValue());
            }
        });
        return map;
    }
}
