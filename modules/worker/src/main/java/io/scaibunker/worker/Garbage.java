package io.scaibunker.worker;

import io.scaibunker.bus.Answer.CacheItem;
import io.scaibunker.bus.Answer.WantedCopy;
import io.scaibunker.bus.Question.Copy;
import io.scaibunker.model.Digest;
import io.scaibunker.model.ImageId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What of a worker's cache goes, and why the rest stays: a pure decision from rows, ledger and use. */
final class Garbage {
    /** As many as fit into one message. */
    private static final int ITEMS_MAX = 150;

    /** What somebody does with a copy now. */
    enum Use {
        NONE,
        BUNKER,
        BAKE,
        TRANSFER
    }

    private Garbage() {}

    /** @param uses by image; an image that is not in it is not in use */
    static List<CacheItem> of(List<WantedCopy> rows, Map<ImageId, Copy> copies, Map<ImageId, Use> uses) {
        Map<ImageId, WantedCopy> byImage = new HashMap<>();
        rows.forEach(row -> byImage.put(row.imageId(), row));
        Set<Digest> staying = new HashSet<>();
        List<CacheItem> items = new ArrayList<>();
        copies.forEach((imageId, copy) -> {
            CacheItem item = item(imageId, copy, byImage.get(imageId), uses.getOrDefault(imageId, Use.NONE));
            if (!item.goes()) {
                staying.add(copy.artifactDigest());
            }
            items.add(item);
        });
        return eachFileOnce(items, staying);
    }

    private static CacheItem item(
            ImageId imageId, Copy copy, @org.jspecify.annotations.Nullable WantedCopy row, Use use) {
        boolean wanted = row != null && row.wanted();
        String why;
        if (wanted) {
            why = "wanted by a group or a bunker, as of the last sweep";
        } else {
            why = switch (use) {
                case NONE -> "no group and no bunker asks for it here";
                case BUNKER -> "a bunker runs from it";
                case BAKE -> "a bake of it is under way";
                case TRANSFER -> "another worker is sent it";
            };
        }
        boolean goes = !wanted && use == Use.NONE;
        return new CacheItem("copy", imageId, copy.artifactDigest(), copy.allocatedBytes(), goes, why);
    }

    /** Images with equal content share a file: it counts once, and stays while one of them does. */
    private static List<CacheItem> eachFileOnce(List<CacheItem> items, Set<Digest> staying) {
        Set<Digest> counted = new HashSet<>();
        return items.stream()
                .sorted(Comparator.comparing(CacheItem::goes)
                        .thenComparing(item ->
                                item.imageId() == null ? "" : item.imageId().toString()))
                .map(item -> {
                    Digest digest = item.artifactDigest();
                    boolean first = digest == null || counted.add(digest);
                    boolean shared = item.goes() && digest != null && staying.contains(digest);
                    return first && !shared ? item : withoutBytes(item, shared);
                })
                .toList();
    }

    private static CacheItem withoutBytes(CacheItem item, boolean shared) {
        return new CacheItem(
                item.kind(),
                item.imageId(),
                item.artifactDigest(),
                0,
                item.goes(),
                item.why()
                        + (shared ? "; its file stays, another image has it" : "; its file counts with another image"));
    }

    static CacheItem file(Path file) {
        try {
            return new CacheItem("file", null, null, Files.size(file), true, "no copy names it");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What has come in of an artifact. */
    static CacheItem incoming(Digest artifact, long bytes, boolean awaited) {
        return new CacheItem(
                "incoming",
                null,
                artifact,
                bytes,
                !awaited,
                awaited ? "comes in from other workers" : "came in for an image that nobody waits for");
    }

    static CacheItem layers(long bytes) {
        return new CacheItem("layers", null, null, bytes, false, "for the next bakes, up to worker.blob-cache");
    }

    static CacheItem snapshots(long bytes) {
        return new CacheItem("snapshots", null, null, bytes, false, "each until somebody deletes it");
    }

    static io.scaibunker.bus.Answer.Garbage answer(long quotaBytes, List<CacheItem> items) {
        List<CacheItem> sorted = items.stream()
                .sorted(Comparator.comparing((CacheItem item) -> !item.goes()))
                .toList();
        return new io.scaibunker.bus.Answer.Garbage(
                quotaBytes,
                sum(items, true),
                sum(items, false),
                sorted.subList(0, Math.min(ITEMS_MAX, sorted.size())),
                Math.max(0, sorted.size() - ITEMS_MAX));
    }

    private static long sum(List<CacheItem> items, boolean goes) {
        return items.stream()
                .filter(item -> item.goes() == goes)
                .mapToLong(CacheItem::bytes)
                .sum();
    }
}
