package io.scaibunker.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.scaibunker.ext4.Segment;
import io.scaibunker.ext4.WrittenImage;
import io.scaibunker.oci.ResolvedImage;
import java.io.IOException;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What a bake made.
 *
 * @param fetchedBytes of layers, brought from elsewhere
 * @param phases wall time by phase, in the order in which they began; fetching and reading the layers run side by side
 * @param took from the first step to the last
 * @param bytes passed to the calls that read and write, where the kernel counts them
 */
record BakeResult(
        BakeOrder order,
        ResolvedImage image,
        WrittenImage written,
        long fetchedBytes,
        Map<String, Duration> phases,
        Duration took,
        Optional<ProcessBytes> bytes) {
    private static final double MIB = 1 << 20;

    String text() {
        var text = new StringBuilder();
        text.append(String.format(Locale.ROOT, "%s%n", order.out()));
        line(text, "digest", written.digest());
        line(text, "source", image.digest() + ", " + image.platform());
        line(
                text,
                "size",
                String.format(
                        Locale.ROOT,
                        "%d MiB, %.1f MiB of them in use, %d entries",
                        order.sizeMib(),
                        written.allocatedBytes() / MIB,
                        written.entries()));
        line(text, "layers", image.layers().size() + layersMore());
        line(text, "seconds", seconds(took) + " (" + phasesText() + ")");
        return text.toString();
    }

    private static void line(StringBuilder text, String name, String value) {
        text.append(String.format(Locale.ROOT, "  %-8s %s%n", name, value));
    }

    private String layersMore() {
        return String.format(
                Locale.ROOT,
                ", %.1f MiB as stored, %.1f MiB of them fetched",
                image.compressedBytes() / MIB,
                fetchedBytes / MIB);
    }

    private String phasesText() {
        var text = new StringBuilder();
        phases.forEach((name, time) ->
                text.append(text.isEmpty() ? "" : ", ").append(name).append(' ').append(seconds(time)));
        return text.toString();
    }

    String json() throws IOException {
        var out = new StringWriter();
        try (var json = new ObjectMapper().createGenerator(out).useDefaultPrettyPrinter()) {
            json.writeStartObject();
            json.writeStringField("out", order.out().toString());
            json.writeStringField("digest", written.digest());
            source(json);
            json.writeStringField("baker", order.baker().toString());
            json.writeNumberField("size_bytes", written.sizeBytes());
            json.writeNumberField("allocated_bytes", written.allocatedBytes());
            json.writeNumberField("entries", written.entries());
            segments(json);
            phases(json);
            json.writeNumberField("seconds", seconds(took));
            count(json, "bytes_read", bytes.map(ProcessBytes::read));
            count(json, "bytes_written", bytes.map(ProcessBytes::written));
            json.writeEndObject();
        }
        return out.toString();
    }

    private void source(JsonGenerator json) throws IOException {
        json.writeObjectFieldStart("source");
        json.writeStringField("name", name());
        json.writeStringField("digest", image.digest().toString());
        json.writeStringField("platform", image.platform().toString());
        json.writeNumberField("layers", image.layers().size());
        json.writeNumberField("stored_bytes", image.compressedBytes());
        json.writeNumberField("fetched_bytes", fetchedBytes);
        json.writeEndObject();
    }

    private String name() {
        return switch (order.from().source()) {
            case BakeSource.Registry _ -> image.name();
            case BakeSource.Layout(var directory) -> directory.toString();
            case BakeSource.Archive(var file) -> file.toString();
        };
    }

    private void segments(JsonGenerator json) throws IOException {
        json.writeArrayFieldStart("segments");
        for (var segment : written.segments()) {
            json.writeStartObject();
            json.writeStringField("diff_id", segment.diffId());
            json.writeNumberField("offset", segment.offset());
            json.writeNumberField("length", segment.length());
            json.writeStringField("digest", segment.digest());
            json.writeNumberField("cut_bytes", cutBytes(segment));
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private static long cutBytes(Segment segment) {
        return segment.cut().stream().mapToLong(Segment.Cut::length).sum();
    }

    private void phases(JsonGenerator json) throws IOException {
        json.writeArrayFieldStart("phases");
        for (var phase : phases.entrySet()) {
            json.writeStartObject();
            json.writeStringField("name", phase.getKey());
            json.writeNumberField("seconds", seconds(phase.getValue()));
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private static void count(JsonGenerator json, String name, Optional<Long> value) throws IOException {
        if (value.isPresent()) {
            json.writeNumberField(name, value.get());
        } else {
            json.writeNullField(name);
        }
    }

    private static BigDecimal seconds(Duration time) {
        return BigDecimal.valueOf(time.toMillis(), 3);
    }
}
