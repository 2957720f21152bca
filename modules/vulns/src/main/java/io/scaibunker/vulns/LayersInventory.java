package io.scaibunker.vulns;

import io.scaibunker.layers.Entry;
import io.scaibunker.layers.EntryKind;
import io.scaibunker.layers.LayerLimits;
import io.scaibunker.layers.LayerMerge;
import io.scaibunker.layers.LayerReader;
import io.scaibunker.layers.LayerStack;
import io.scaibunker.layers.Name;
import io.scaibunker.layers.Node;
import java.io.IOException;
import java.util.IdentityHashMap;
import java.util.Map;

/**
 * Reads the inventory of an image out of its layers, without baking it: once for the names that the image shows in the end, and once more
 * for the files among them that tell of packages. Gives what {@link ImageInventory} gives of the same image, baked.
 */
public final class LayersInventory {
    private final LayerLimits limits;
    private final InventoryBuilder builder = new InventoryBuilder();

    /** Under which name each file is looked at. */
    private final Map<Node, String> wanted = new IdentityHashMap<>();

    private LayersInventory(LayerLimits limits) {
        this.limits = limits;
    }

    /** @throws IOException for layers that cannot be read, or that no image can be made of */
    public static Inventory read(LayerStack layers, LayerLimits limits) throws IOException {
        var inventory = new LayersInventory(limits);
        inventory.look(layers);
        return inventory.builder.build();
    }

    private void look(LayerStack layers) throws IOException {
        var merge = new LayerMerge(limits);
        for (var layer : layers.layers()) {
            merge.beginLayer();
            try (var reader = LayerReader.openAhead(layer, limits)) {
                for (var entry = reader.next(); entry != null; entry = reader.next()) {
                    merge.add(entry);
                }
            }
        }
        var tree = merge.finish();
        tree.forEach(this::choose);
        for (var number = 0; number < layers.layers().size(); number++) {
            try (var reader = LayerReader.openChecked(layers.layers().get(number), limits)) {
                var ordinal = 0;
                for (var entry = reader.next(); entry != null; entry = reader.next()) {
                    var node = tree.at(number, ordinal++);
                    if (node != null) {
                        offer(entry, node, reader);
                    }
                }
            }
        }
    }

    private void choose(Name name) {
        var node = name.node();
        var path = name.path().toString();
        if (node.kind() == EntryKind.SYMLINK) {
            builder.link(path);
        } else if (node.kind() == EntryKind.FILE
                && builder.wants(path, node.size(), (node.mode() & ImageInventory.EXECUTABLE) != 0)) {
            wanted.putIfAbsent(node, path);
        }
    }

    private void offer(Entry entry, Node node, LayerReader reader) throws IOException {
        var path = wanted.get(node);
        if (path != null && entry.kind() == EntryKind.FILE) {
            builder.offer(path, entry.size(), reader.content());
        }
    }
}
