package io.scaibunker.layers;

import io.scaibunker.layers.LayerException.Reason;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Merges layers, lowest first, into the tree that an image shows. The rules:
 *
 * <ol>
 *   <li>Whiteouts and opaque markers hide what <em>lower</em> layers have, wherever in their layer they stand; what their own
 *       layer has stays.
 *   <li>Of several entries for one path in one layer the last one counts.
 *   <li>A directory over a directory keeps what is inside and takes all else from the upper one. Any other pair: the upper
 *       one replaces the lower one and all that is inside.
 *   <li>Parents are found through symbolic links, never above the root. A parent that is missing becomes a directory with
 *       mode 0755 of root, of the year 1970.
 *   <li>A hard link is one more name for what its target names at that point; what happens to the target's name later is
 *       nothing to it.
 * </ol>
 *
 * <p>Each name remembers the layer that bound it last. That is all it takes for the first rule: a whiteout removes what was
 * bound by lower layers, and a directory in between that only holds newer things becomes one that nobody listed.
 */
public final class LayerMerge {
    private static final int SYMBOLIC_LINKS = 40;
    /** Bound for the way through symbolic links, over all entries: some seconds of work. */
    private static final long STEPS = 50_000_000;

    private final LayerLimits limits;
    private final Name root = new Name(EntryPath.ROOT, null, new Node(), -1);
    private final List<Integer> entriesByLayer = new ArrayList<>();
    private int layer = -1;
    private int ordinal;
    private long entries;
    private long kept;
    private long steps;

    public LayerMerge(LayerLimits limits) {
        this.limits = limits;
    }

    /** The entries that follow belong to the next layer. */
    public void beginLayer() {
        endLayer();
        layer++;
        ordinal = 0;
    }

    private void endLayer() {
        if (layer >= 0) {
            entriesByLayer.add(ordinal);
        }
    }

    /**
     * Takes the next entry of the layer.
     *
     * @throws LayerException for a hard link to nothing, an entry inside of a file, links in a circle, or too much of all
     */
    public void add(Entry entry) throws LayerException {
        if (++entries > limits.entries()) {
            throw new LayerException(Reason.TOO_LARGE, "image has more than " + limits.entries() + " entries");
        }
        switch (entry.kind()) {
            case WHITEOUT -> whiteout(entry.path());
            case OPAQUE -> opaque(entry.path());
            case HARDLINK -> hardLink(entry);
            case DIRECTORY -> directory(entry.path(), new Node(entry, layer, ordinal));
            case FILE, SYMLINK, CHAR_DEVICE, BLOCK_DEVICE, FIFO -> bind(entry.path(), new Node(entry, layer, ordinal));
        }
        ordinal++;
    }

    /** The tree as it is after the last layer. */
    public MergedTree finish() {
        endLayer();
        layer = Integer.MAX_VALUE;
        return new MergedTree(root, entriesByLayer);
    }

    private void whiteout(EntryPath path) throws LayerException {
        var directory = find(path.parent(), path);
        var name = directory == null ? null : directory.node().child(path.name());
        if (directory != null && name != null && !prune(name)) {
            directory.node().remove(name);
        }
    }

    private void opaque(EntryPath path) throws LayerException {
        var directory = find(path, path);
        if (directory != null) {
            pruneInside(directory);
        }
    }

    /** Removes what lower layers have at and below a name; false if nothing is left. */
    private boolean prune(Name name) {
        var node = name.node();
        if (node.isDirectory()) {
            pruneInside(name);
        }
        if (name.layer() == layer) {
            return true;
        }
        if (!node.isDirectory() || node.children().isEmpty()) {
            return false;
        }
        var unlisted = new Node();
        unlisted.takeChildren(node);
        name.bind(unlisted, layer);
        return true;
    }

    /** Nothing of lower layers can come back within this layer: each directory is gone through once at most. */
    private void pruneInside(Name directory) {
        if (!directory.isPrunedIn(layer)) {
            directory.pruned(layer);
            directory.node().children().removeIf(child -> !prune(child));
        }
    }

    private void hardLink(Entry entry) throws LayerException {
        var target = EntryPath.ofCanonical(entry.linkTarget());
        var directory = find(target.parent(), entry.path());
        var name = directory == null ? null : directory.node().child(target.name());
        if (name == null) {
            throw new LayerException(
                    Reason.CORRUPT, entry.path() + ": hard link to " + target + ", which is not there");
        }
        if (name.node().isDirectory()) {
            throw new LayerException(Reason.CORRUPT, entry.path() + ": hard link to " + target + ", a directory");
        }
        bind(entry.path(), name.node());
    }

    private void directory(EntryPath path, Node node) throws LayerException {
        if (path.isRoot()) {
            node.takeChildren(root.node());
            root.bind(node, layer);
            return;
        }
        bind(path, node);
    }

    private void bind(EntryPath path, Node node) throws LayerException {
        var directory = findOrMake(path);
        var name = directory.node().child(path.name());
        if (name == null) {
            attach(directory, path.name(), node);
        } else {
            rebind(name, node);
        }
    }

    private void rebind(Name name, Node node) throws LayerException {
        keep(node.linkTarget().length);
        if (node.isDirectory() && name.node().isDirectory()) {
            node.takeChildren(name.node());
        } else if (node.isDirectory()) {
            name.pruned(layer);
        }
        name.bind(node, layer);
    }

    private Name attach(Name directory, EntryPath component, Node node) throws LayerException {
        var name = new Name(component, directory, node, layer);
        if (name.depth() > limits.depth() || name.pathLength() >= limits.pathBytes()) {
            throw new LayerException(Reason.TOO_LARGE, "path through symbolic links is too long: " + name.path());
        }
        keep(component.length() + node.linkTarget().length);
        directory.node().add(name);
        return name;
    }

    private void keep(int bytes) throws LayerException {
        kept += bytes;
        if (kept > limits.keptBytes()) {
            throw new LayerException(Reason.TOO_LARGE, "names of more than " + limits.keptBytes() + " bytes in all");
        }
    }

    /** The directory at a path, through symbolic links; null if there is none. */
    private @Nullable Name find(EntryPath path, EntryPath forWhom) throws LayerException {
        var ahead = new ArrayDeque<>(path.components());
        var here = root;
        for (var links = 0; !ahead.isEmpty(); ) {
            var component = ahead.pop();
            var child = component.isParentReference()
                    ? here.directory()
                    : here.node().child(component);
            if (child == null) {
                return null;
            }
            switch (child.node().kind()) {
                case DIRECTORY -> here = child;
                case SYMLINK -> here = follow(child, here, ahead, ++links, forWhom);
                default -> {
                    return null;
                }
            }
        }
        return here;
    }

    /** The directory that holds the path's last component; made where it is missing. */
    private Name findOrMake(EntryPath path) throws LayerException {
        var ahead = new ArrayDeque<>(path.parent().components());
        var here = root;
        for (var links = 0; !ahead.isEmpty(); ) {
            var component = ahead.pop();
            var child = component.isParentReference()
                    ? here.directory()
                    : here.node().child(component);
            if (child == null) {
                here = attach(here, component, new Node());
            } else if (child.node().isDirectory()) {
                here = child;
            } else if (child.node().kind() == EntryKind.SYMLINK) {
                here = follow(child, here, ahead, ++links, path);
            } else if (child.layer() < layer) {
                rebind(child, new Node());
                here = child;
            } else {
                throw new LayerException(Reason.CORRUPT, path + ": inside of " + child.path() + ", not a directory");
            }
        }
        return here;
    }

    /** Puts a symbolic link's text in front of the way; gives where that way starts. */
    private Name follow(Name link, Name here, Deque<EntryPath> ahead, int links, EntryPath forWhom)
            throws LayerException {
        if (links > SYMBOLIC_LINKS) {
            throw new LayerException(Reason.CORRUPT, forWhom + ": too many symbolic links on the way, or a circle");
        }
        var target = link.node().linkTarget();
        var components = EntryPath.split(target);
        steps += components.size();
        if (steps > STEPS) {
            throw new LayerException(Reason.TOO_LARGE, forWhom + ": too much work for symbolic links");
        }
        components.reversed().forEach(ahead::push);
        return target[0] == '/' ? root : here;
    }
}
