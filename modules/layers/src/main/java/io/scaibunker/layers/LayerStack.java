package io.scaibunker.layers;

import java.util.List;

/** The layers of one image, lowest first. */
public record LayerStack(List<Layer> layers) {
    public LayerStack {
        layers = List.copyOf(layers);
    }

    /** Sum of {@link Layer#storedBytes()}. */
    public long storedBytes() {
        return layers.stream().mapToLong(Layer::storedBytes).sum();
    }
}
