package io.scaibunker.vulns;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.IOException;
import java.io.InputStream;

/** The name and version of an installed npm package. One without either is part of another package, not one itself. */
final class NodeReader {
    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(64)
                    .maxStringLength(1 << 20)
                    .build())
            .build();

    private NodeReader() {}

    static void read(String path, InputStream content, Collector found) throws IOException {
        var name = "";
        var version = "";
        try (var json =
                JSON.createParser(new BoundedInput(content, found.limits().metadataBytes()))) {
            if (json.nextToken() != JsonToken.START_OBJECT) {
                throw new IOException("not a JSON object");
            }
            for (var field = json.nextFieldName(); field != null; field = json.nextFieldName()) {
                var text = json.nextToken() == JsonToken.VALUE_STRING;
                if (text && field.equals("name")) {
                    name = json.getText();
                } else if (text && field.equals("version")) {
                    version = json.getText();
                } else {
                    json.skipChildren();
                }
                if (!name.isEmpty() && !version.isEmpty()) {
                    break;
                }
            }
        }
        if (!name.isEmpty() && !version.isEmpty()) {
            found.add(Component.of(Component.Kind.NPM, "npm", name, version, path));
        }
    }
}
