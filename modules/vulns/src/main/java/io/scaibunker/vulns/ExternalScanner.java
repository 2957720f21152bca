package io.scaibunker.vulns;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.scaibunker.vulns.ScanOutcome.Broken;
import io.scaibunker.vulns.ScanOutcome.Scanned;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Another scanner behind the same face. It is given the image's bill of materials, so that it needs no files and nothing is unpacked
 * for it. Its word is taken only if it ended well, printed what it should, and saw what the image's
 * inventory says is there; there is no falling back to another one. One scan at a time, for such scanners lock their databases.
 */
abstract sealed class ExternalScanner implements Scanner permits TrivyScanner, GrypeScanner {
    private static final ObjectMapper JSON = new ObjectMapper(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(64)
                            .maxStringLength(4 << 20)
                            .build())
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    /** How deep the files of a database may lie in a cache. */
    private static final int DEPTH = 3;

    private final String name;
    private final ExternalSettings settings;

    ExternalScanner(String name, ExternalSettings settings) {
        this.name = name;
        this.settings = settings;
    }

    ExternalSettings settings() {
        return settings;
    }

    @Override
    public final synchronized ScanOutcome scan(Inventory inventory) {
        try {
            return scanned(inventory);
        } catch (ScanException known) {
            return new Broken(name, known.reason(), String.valueOf(known.getMessage()));
        } catch (IOException | RuntimeException unforeseen) {
            return new Broken(name, ScanReason.INTERNAL, "the scan failed: " + unforeseen);
        }
    }

    abstract Scanned scanned(Inventory inventory) throws IOException;

    /** Which of the files in its cache are its database, and not its notes. */
    abstract boolean isOfDatabase(Path file);

    @Override
    public String basis() {
        var text = new StringBuilder(name).append(' ').append(settings.program());
        try (var files = Files.walk(settings.cache(), DEPTH)) {
            for (var file : files.filter(Files::isRegularFile)
                    .filter(this::isOfDatabase)
                    .sorted()
                    .toList()) {
                text.append(' ')
                        .append(file.getFileName())
                        .append(' ')
                        .append(Files.size(file))
                        .append(' ')
                        .append(Files.getLastModifiedTime(file).toMillis());
            }
        } catch (IOException | UncheckedIOException unreadable) {
            text.append(" without a database that can be read");
        }
        return text.toString();
    }

    /** What the program says of an image's bill of materials. */
    byte[] ask(Inventory inventory, Function<Path, List<String>> arguments, Map<String, String> environment)
            throws IOException {
        var bill = new ByteArrayOutputStream();
        BillOfMaterials.write(inventory, "image", bill);
        return new ExternalProgram(settings).run(bill.toByteArray(), arguments, environment);
    }

    JsonNode parse(byte[] printed) throws IOException {
        if (printed.length == 0) {
            throw bad("printed nothing");
        }
        try {
            var root = JSON.readTree(printed);
            if (root == null || !root.isObject()) {
                throw bad("printed no JSON object");
            }
            return root;
        } catch (JsonProcessingException broken) {
            throw bad("printed no whole JSON: " + broken.getOriginalMessage());
        }
    }

    ScanException bad(String what) {
        return new ScanException(ScanReason.BAD_OUTPUT, name + " " + what);
    }

    /** A text that must be there. */
    String text(JsonNode node, String field) throws ScanException {
        var value = node.path(field);
        if (!value.isTextual() || value.asText().isBlank()) {
            throw bad("left out " + field);
        }
        return value.asText();
    }

    Instant time(String text) throws ScanException {
        try {
            return Instant.parse(text);
        } catch (DateTimeParseException odd) {
            throw bad("gave a time that is none: " + text);
        }
    }

    static @Nullable String optional(JsonNode node, String field) {
        var value = node.path(field).asText("");
        return value.isEmpty() ? null : value;
    }

    static int ofSystem(Inventory inventory) {
        return (int) inventory.components().stream()
                .filter(component -> component.kind().ofSystem())
                .count();
    }

    DatabaseStatus database(Instant newest) {
        return new DatabaseStatus(
                name, settings.cache().getFileName() + " of " + name, DatabaseStatus.NOT_SAID, 0, 0, 0, 0, newest);
    }
}
