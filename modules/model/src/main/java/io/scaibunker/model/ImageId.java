package io.scaibunker.model;

import java.util.UUID;

/** A registered custom image. */
public record ImageId(UUID value) implements Id {
    private static final String PREFIX = "img_";

    public static ImageId fresh() {
        return new ImageId(Id.freshUuid());
    }

    /** @throws IllegalArgumentException if {@code text} is not {@code img_} and 32 hexadecimal digits */
    public static ImageId parse(String text) {
        return new ImageId(Id.parse(PREFIX, text));
    }

    @Override
    public String toString() {
        return Id.print(PREFIX, value);
    }
}
