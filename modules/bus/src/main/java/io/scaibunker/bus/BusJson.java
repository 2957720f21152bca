package io.scaibunker.bus;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import io.scaibunker.model.BuildSource;
import io.scaibunker.model.BunkerId;
import io.scaibunker.model.Digest;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.IncarnationId;
import io.scaibunker.model.SnapshotId;
import io.scaibunker.model.TenantId;
import io.scaibunker.model.UserId;
import io.scaibunker.model.WorkerId;
import java.io.IOException;
import java.util.function.Function;

/** How messages are written: ids and digests as their text, unknown fields passed over (a newer node may add some). */
final class BusJson {
    static final ObjectMapper MAPPER = JsonMapper.builder()
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .defaultPropertyInclusion(
                    JsonInclude.Value.construct(JsonInclude.Include.NON_NULL, JsonInclude.Include.ALWAYS))
            .addMixIn(BuildSource.class, SourceKind.class)
            .addModule(texts())
            .build();

    private BusJson() {}

    private static SimpleModule texts() {
        SimpleModule module = new SimpleModule("texts");
        text(module, ImageId.class, ImageId::parse);
        text(module, WorkerId.class, WorkerId::parse);
        text(module, BunkerId.class, BunkerId::parse);
        text(module, SnapshotId.class, SnapshotId::parse);
        text(module, TenantId.class, TenantId::parse);
        text(module, UserId.class, UserId::parse);
        text(module, IncarnationId.class, IncarnationId::parse);
        text(module, Digest.class, Digest::parse);
        return module;
    }

    private static <T> void text(SimpleModule module, Class<T> type, Function<String, T> parse) {
        module.addSerializer(type, new JsonSerializer<>() {
            @Override
            public void serialize(T value, JsonGenerator out, SerializerProvider provider) throws IOException {
                out.writeString(value.toString());
            }
        });
        module.addDeserializer(type, new JsonDeserializer<>() {
            @Override
            public T deserialize(JsonParser in, DeserializationContext context) throws IOException {
                return parse.apply(in.getText());
            }
        });
    }

    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
    @JsonSubTypes({
        @JsonSubTypes.Type(value = BuildSource.Oci.class, name = "oci"),
        @JsonSubTypes.Type(value = BuildSource.Tar.class, name = "tar"),
        @JsonSubTypes.Type(value = BuildSource.Snapshot.class, name = "snapshot")
    })
    private interface SourceKind {}
}
