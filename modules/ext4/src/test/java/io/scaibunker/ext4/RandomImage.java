package io.scaibunker.ext4;

import static io.scaibunker.layers.TarBuilder.mode;
import static io.scaibunker.layers.TarBuilder.mtime;
import static io.scaibunker.layers.TarBuilder.owner;
import static io.scaibunker.layers.TarBuilder.xattr;

import io.scaibunker.layers.TarBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Consumer;

/** Layers of an image that a seed decides: trees, links, whiteouts, attributes, holes. Valid, but nothing else is said. */
final class RandomImage {
    private final Random random;
    /** What the image shows so far, by path: 'd', 'f' or 'l'. */
    private final TreeMap<String, Character> shown = new TreeMap<>();

    private RandomImage(long seed) {
        random = new Random(seed);
    }

    static List<TarBuilder> of(long seed) {
        var image = new RandomImage(seed);
        var layers = new ArrayList<TarBuilder>();
        for (var count = 1 + image.random.nextInt(4); layers.size() < count; ) {
            layers.add(image.layer());
        }
        return layers;
    }

    private TarBuilder layer() {
        var tar = new TarBuilder();
        var lower = List.copyOf(shown.keySet());
        for (var left = 20 + random.nextInt(120); left > 0; left--) {
            switch (random.nextInt(14)) {
                case 0, 1, 2 -> add(tar, 'd');
                case 3, 4, 5, 6, 7 -> add(tar, 'f');
                case 8 -> add(tar, 'l');
                case 9 -> link(tar);
                case 10 -> again(tar, 'd');
                case 11 -> again(tar, 'f');
                default -> hide(tar, lower);
            }
        }
        return tar;
    }

    private void add(TarBuilder tar, char kind) {
        put(tar, newPath(), kind);
    }

    private void put(TarBuilder tar, String path, char kind) {
        switch (kind) {
            case 'd' -> tar.directory(path, looks());
            case 'f' -> tar.file(path, "", looks().andThen(FeatureImages.content(bytes())));
            default -> tar.symlink(path, "t".repeat(1 + random.nextInt(200)));
        }
        shown.put(path, kind);
    }

    private void again(TarBuilder tar, char kind) {
        var path = any(kind);
        if (path != null) {
            put(tar, path, kind);
        }
    }

    private void link(TarBuilder tar) {
        var target = any('f');
        if (target != null) {
            var path = newPath();
            tar.hardLink(path, target);
            shown.put(path, 'f');
        }
    }

    /** Hides something of the layers below that this layer has not touched. */
    private void hide(TarBuilder tar, List<String> lower) {
        if (lower.isEmpty()) {
            return;
        }
        var path = lower.get(random.nextInt(lower.size()));
        if (shown.containsKey(path) && shown.get(path) != 'd') {
            tar.whiteout(path);
            shown.remove(path);
        } else if (shown.containsKey(path) && shown.keySet().stream().noneMatch(one -> isNewIn(one, path, lower))) {
            if (random.nextBoolean()) {
                tar.opaque(path);
            } else {
                tar.whiteout(path);
                shown.remove(path);
            }
            shown.keySet().removeIf(one -> one.startsWith(path + "/"));
        }
    }

    private static boolean isNewIn(String one, String path, List<String> lower) {
        return one.startsWith(path + "/") && !lower.contains(one);
    }

    private String any(char kind) {
        var found = shown.entrySet().stream()
                .filter(one -> one.getValue() == kind)
                .map(java.util.Map.Entry::getKey)
                .toList();
        return found.isEmpty() ? null : found.get(random.nextInt(found.size()));
    }

    private String newPath() {
        var directory = random.nextInt(4) == 0 ? null : any('d');
        var name = "n" + random.nextInt(1_000_000) + "x".repeat(random.nextInt(40));
        return directory == null ? name : directory + "/" + name;
    }

    private Consumer<TarBuilder.Member> looks() {
        var looks = mode(random.nextInt(010000))
                .andThen(owner(random.nextInt(200_000), random.nextInt(200_000)))
                .andThen(mtime(random.nextLong(3L << 30) + "." + "%09d".formatted(random.nextInt(1_000_000_000))));
        for (var left = random.nextInt(8) - 5; left > 0; left--) {
            looks = looks.andThen(xattr("user.a" + random.nextInt(9), "v".repeat(random.nextInt(300))));
        }
        return looks;
    }

    private byte[] bytes() {
        var bytes = new byte[random.nextInt(10) == 0 ? random.nextInt(600_000) : random.nextInt(9000)];
        for (var start = 0; start < bytes.length; start += 4096) {
            if (random.nextInt(4) > 0) {
                bytes[start] = (byte) (1 + random.nextInt(127));
            }
        }
        return bytes;
    }
}
