package io.scaibunker.layers;

import org.jspecify.annotations.Nullable;

/** One name in a directory of the merged tree, and what it names. */
public final class Name {
    private final EntryPath component;
    private final @Nullable Name parent;
    private final int depth;
    private final int pathLength;
    private Node node;
    private int layer;
    private int prunedIn;

    Name(EntryPath component, @Nullable Name parent, Node node, int layer) {
        this.component = component;
        this.parent = parent;
        this.depth = parent == null ? 0 : parent.depth + 1;
        this.pathLength = component.length() + (parent == null || parent.parent == null ? 0 : parent.pathLength + 1);
        this.node = node;
        this.layer = layer;
        this.prunedIn = layer;
    }

    /** The last component of its path. */
    public EntryPath component() {
        return component;
    }

    public Node node() {
        return node;
    }

    /** Its path from the root, put together anew with each call. */
    public EntryPath path() {
        var bytes = new byte[pathLength];
        var end = pathLength;
        for (var name = this; name.parent != null; name = name.parent) {
            var part = name.component.bytes();
            end -= part.length;
            System.arraycopy(part, 0, bytes, end, part.length);
            if (end > 0) {
                bytes[--end] = '/';
            }
        }
        return EntryPath.ofCanonical(bytes);
    }

    int depth() {
        return depth;
    }

    int pathLength() {
        return pathLength;
    }

    /** The directory that holds it; the root is its own. */
    public Name directory() {
        return parent == null ? this : parent;
    }

    /** The last layer that gave this name something to name. */
    int layer() {
        return layer;
    }

    void bind(Node newNode, int newLayer) {
        node = newNode;
        layer = newLayer;
    }

    /** Whether nothing of the layers below the given one is left inside of this directory. */
    boolean isPrunedIn(int givenLayer) {
        return prunedIn == givenLayer;
    }

    void pruned(int inLayer) {
        prunedIn = inLayer;
    }
}
