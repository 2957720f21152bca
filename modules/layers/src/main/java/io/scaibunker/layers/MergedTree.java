package io.scaibunker.layers;

import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What an image shows: every name that survived the {@link LayerMerge merge} of its layers. */
public final class MergedTree {
    /** Told of each name. */
    @FunctionalInterface
    public interface Visitor {
        void visit(Name name) throws IOException;
    }

    private final Name root;
    private final Node[][] nodes;
    private long names;

    MergedTree(Name root, List<Integer> entriesByLayer) {
        this.root = root;
        this.nodes = new Node[entriesByLayer.size()][];
        for (var layer = 0; layer < nodes.length; layer++) {
            nodes[layer] = new Node[entriesByLayer.get(layer)];
        }
        count(root);
    }

    private void count(Name name) {
        var node = name.node();
        names++;
        node.named(name);
        if (node.layer() >= 0) {
            nodes[node.layer()][node.ordinal()] = node;
        }
        node.children().forEach(this::count);
    }

    /** How many names there are, the root counted. */
    public long names() {
        return names;
    }

    /** The root, a directory, whether a layer lists it or not. */
    public Node root() {
        return root.node();
    }

    /** The node that an entry of a layer (both from 0) gives to the tree, or null if it did not survive. */
    public @Nullable Node at(int layer, int ordinal) {
        return nodes[layer][ordinal];
    }

    /** Visits all names, the root first: a directory before what is in it, siblings in the order of bytes. */
    public void forEach(Visitor visitor) throws IOException {
        visit(root, visitor);
    }

    private static void visit(Name name, Visitor visitor) throws IOException {
        visitor.visit(name);
        for (var child : name.node().children()) {
            visit(child, visitor);
        }
    }
}
