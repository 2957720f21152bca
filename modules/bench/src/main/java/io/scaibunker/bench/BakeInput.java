package io.scaibunker.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * An image to bake, as scripts/bench made it.
 *
 * @param layout OCI layout
 * @param layers its layers' files, lowest first
 * @param tarBytes of all layers, uncompressed
 * @param members of all layers
 */
record BakeInput(Path layout, List<Path> layers, long tarBytes, long members) {

    static BakeInput read(Path directory, String form) throws IOException {
        var layout = directory.resolve(form);
        var manifest = blob(
                layout, json(layout.resolve("index.json")).path("manifests").path(0));
        var layers = new ArrayList<Path>();
        for (var layer : json(manifest).path("layers")) {
            layers.add(blob(layout, layer));
        }
        return new BakeInput(
                layout, layers, number(directory.resolve("tar-bytes")), number(directory.resolve("members")));
    }

    private static Path blob(Path layout, JsonNode descriptor) {
        return layout.resolve("blobs/sha256")
                .resolve(descriptor.path("digest").asText().replace("sha256:", ""));
    }

    private static JsonNode json(Path file) throws IOException {
        return new ObjectMapper().readTree(file.toFile());
    }

    private static long number(Path file) throws IOException {
        return Long.parseLong(Files.readString(file).strip());
    }

    long storedBytes() throws IOException {
        var sum = 0L;
        for (var layer : layers) {
            sum += Files.size(layer);
        }
        return sum;
    }

    /** Brings it into the page cache. */
    void warm() throws IOException {
        for (var layer : layers) {
            Files.copy(layer, OutputStream.nullOutputStream());
        }
    }
}
