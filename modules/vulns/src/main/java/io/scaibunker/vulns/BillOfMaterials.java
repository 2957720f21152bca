package io.scaibunker.vulns;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.OutputStream;
import java.util.HashSet;
import org.jspecify.annotations.Nullable;

/** An inventory as a CycloneDX 1.6 bill of materials in JSON. Says when the inventory is not complete. Equal inventories give equal bytes. */
public final class BillOfMaterials {
    private static final JsonFactory JSON = new JsonFactory();
    private static final String TRIVY = "aquasecurity:trivy:";

    private BillOfMaterials() {}

    /**
     * Writes the bill and does not close the stream.
     *
     * @param name of the image, as the bill shall say it
     */
    public static void write(Inventory inventory, String name, OutputStream out) throws IOException {
        try (var json = JSON.createGenerator(out).disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET)) {
            json.writeStartObject();
            json.writeStringField("bomFormat", "CycloneDX");
            json.writeStringField("specVersion", "1.6");
            json.writeNumberField("version", 1);
            json.writeObjectFieldStart("metadata");
            json.writeObjectFieldStart("component");
            json.writeStringField("type", "container");
            json.writeStringField("bom-ref", "image");
            json.writeStringField("name", name);
            json.writeEndObject();
            json.writeEndObject();
            json.writeArrayFieldStart("components");
            var system = inventory.system();
            if (system != null) {
                json.writeStartObject();
                json.writeStringField("type", "operating-system");
                json.writeStringField("bom-ref", "system");
                json.writeStringField("name", system.id());
                json.writeStringField("version", system.version());
                json.writeEndObject();
            }
            var references = new HashSet<String>();
            for (var component : inventory.components()) {
                component(json, component, inventory.system(), references);
            }
            json.writeEndArray();
            json.writeArrayFieldStart("compositions");
            json.writeStartObject();
            json.writeStringField("aggregate", inventory.gaps().isEmpty() ? "unknown" : "incomplete");
            json.writeArrayFieldStart("assemblies");
            json.writeString("image");
            json.writeEndArray();
            json.writeEndObject();
            json.writeEndArray();
            json.writeEndObject();
        }
    }

    private static void component(
            JsonGenerator json, Component component, @Nullable OperatingSystem system, HashSet<String> references)
            throws IOException {
        var purl = component.purl(system);
        var reference = purl + "#" + component.path();
        for (var next = 2; !references.add(reference); next++) {
            reference = purl + "#" + component.path() + "#" + next;
        }
        json.writeStartObject();
        json.writeStringField("type", "library");
        json.writeStringField("bom-ref", reference);
        json.writeStringField("name", component.name());
        json.writeStringField("version", component.version());
        json.writeStringField("purl", purl);
        json.writeArrayFieldStart("properties");
        property(json, "scaibunker:path", component.path());
        if (!component.sourceName().equals(component.name())
                || !component.sourceVersion().equals(component.version())) {
            property(json, "scaibunker:source", component.sourceName() + " " + component.sourceVersion());
        }
        if (component.kind().ofSystem()) {
            source(json, component);
        }
        json.writeEndArray();
        json.writeEndObject();
    }

    /** As Trivy asks for it: it matches packages of a system by their source. */
    private static void source(JsonGenerator json, Component component) throws IOException {
        var version = component.sourceVersion();
        if (component.kind() != Component.Kind.APK) {
            var colon = version.indexOf(':');
            if (colon > 0) {
                property(json, TRIVY + "SrcEpoch", version.substring(0, colon));
                version = version.substring(colon + 1);
            }
            var dash = version.lastIndexOf('-');
            if (dash > 0) {
                property(json, TRIVY + "SrcRelease", version.substring(dash + 1));
                version = version.substring(0, dash);
            }
        }
        property(json, TRIVY + "SrcName", component.sourceName());
        property(json, TRIVY + "SrcVersion", version);
    }

    private static void property(JsonGenerator json, String name, String value) throws IOException {
        json.writeStartObject();
        json.writeStringField("name", name);
        json.writeStringField("value", value);
        json.writeEndObject();
    }
}
