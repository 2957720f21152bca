package io.scaibunker.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.scaibunker.bus.Answer.CacheItem;
import io.scaibunker.bus.Answer.WantedCopy;
import io.scaibunker.bus.Question.Copy;
import io.scaibunker.model.BuildSource;
import io.scaibunker.model.CacheStatus;
import io.scaibunker.model.Digest;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.PlatformException;
import io.scaibunker.worker.Garbage.Use;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GarbageTest {
    private static final Digest SOURCE = new Digest("sha256:" + "2".repeat(64));

    @TempDir
    Path directory;

    private static Copy copy(int content) {
        return new Copy(
                new Digest("sha256:" + Integer.toHexString(content).repeat(64).substring(0, 64)),
                4,
                100L + content,
                1,
                SOURCE,
                "native-1");
    }

    private static WantedCopy row(ImageId image, boolean wanted) {
        return new WantedCopy(
                image,
                1,
                CacheStatus.READY,
                wanted,
                new BuildSource.Tar("/t"),
                8,
                null,
                copy(1).artifactDigest(),
                false);
    }

    @Test
    void eachCopySaysWhyItStaysOrGoes() {
        ImageId wanted = ImageId.fresh();
        ImageId running = ImageId.fresh();
        ImageId unlisted = ImageId.fresh();
        ImageId unwanted = ImageId.fresh();
        ImageId sent = ImageId.fresh();
        Map<ImageId, Copy> copies =
                Map.of(wanted, copy(1), running, copy(2), unlisted, copy(3), unwanted, copy(4), sent, copy(5));

        List<CacheItem> items = Garbage.of(
                List.of(row(wanted, true), row(running, false), row(unwanted, false), row(sent, false)),
                copies,
                Map.of(running, Use.BUNKER, sent, Use.TRANSFER));

        assertThat(items.stream().filter(CacheItem::goes).map(CacheItem::imageId))
                .containsExactlyInAnyOrder(unlisted, unwanted);
        assertThat(items.stream().filter(item -> running.equals(item.imageId())).map(CacheItem::why))
                .containsExactly("a bunker runs from it");
        assertThat(items.stream().filter(item -> sent.equals(item.imageId())).map(CacheItem::why))
                .containsExactly("another worker is sent it");
        var answer = Garbage.answer(0, items);
        assertThat(answer.freed()).isEqualTo(103 + 104);
        assertThat(answer.kept()).isEqualTo(101 + 102 + 105);
    }

    @Test
    void aFileThatTwoImagesShareStaysWithEitherAndCountsOnce() {
        ImageId stays = ImageId.fresh();
        ImageId goes = ImageId.fresh();
        var shared = Garbage.answer(
                0, Garbage.of(List.of(row(stays, true)), Map.of(stays, copy(5), goes, copy(5)), Map.of()));
        assertThat(shared.freed()).isZero();
        assertThat(shared.kept()).isEqualTo(105);

        var both = Garbage.answer(0, Garbage.of(List.of(), Map.of(stays, copy(5), goes, copy(5)), Map.of()));
        assertThat(both.freed()).isEqualTo(105);
    }

    @Test
    void aLongListFitsIntoOneMessage() {
        List<CacheItem> items = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            items.add(new CacheItem("copy", ImageId.fresh(), copy(1).artifactDigest(), 1, i > 900, "x".repeat(100)));
        }
        var answer = Garbage.answer(0, items);
        assertThat(answer.items())
                .hasSize(150)
                .allMatch(item -> item.goes() || answer.items().indexOf(item) >= 99);
        assertThat(answer.more()).isEqualTo(850);
        assertThat(answer.freed() + answer.kept()).isEqualTo(1000);
    }

    /** What should be here: which image names which content, and which contents are whole on disk. */
    private static final class Model {
        private final Map<ImageId, Integer> entries = new HashMap<>();
        private final Set<Integer> whole = new HashSet<>();

        void reopened() {
            entries.values().removeIf(content -> !whole.contains(content));
            swept();
        }

        void swept() {
            whole.retainAll(entries.values());
        }
    }

    @Test
    void ledgerAndDiskAgreeAfterASweepWhateverHappenedAndWhereverItWasCutOff() throws Exception {
        Random random = new Random(11);
        CopyLedger ledger = CopyLedger.open(directory);
        Model model = new Model();
        List<ImageId> images = Stream.generate(ImageId::fresh).limit(6).toList();
        for (int step = 0; step < 3000; step++) {
            ImageId image = images.get(random.nextInt(images.size()));
            int content = 1 + random.nextInt(4);
            Path file = ledger.fileOf(copy(content).artifactDigest());
            switch (random.nextInt(7)) {
                case 0, 1 -> {
                    ledger.add(
                            image,
                            copy(content),
                            Files.writeString(directory.resolveSibling("made"), "four"),
                            CopyLedgerTest.TABLE);
                    model.entries.put(image, content);
                    model.whole.add(content);
                }
                case 2 -> {
                    ledger.remove(image);
                    model.entries.remove(image);
                }
                case 3 -> {
                    // Died between file and entry.
                    Files.writeString(file, "four");
                    model.whole.add(content);
                }
                case 4 -> {
                    // Died between entry and file of a removal.
                    Files.deleteIfExists(directory.resolve(image + ".json"));
                    model.entries.remove(image);
                    ledger = CopyLedger.open(directory);
                    model.reopened();
                }
                case 5 -> {
                    // Somebody's hand took a file, or a part of it.
                    Files.writeString(file, "two");
                    if (random.nextBoolean()) {
                        Files.delete(file);
                    }
                    model.whole.remove(content);
                }
                default -> {
                    ledger = CopyLedger.open(directory);
                    model.reopened();
                }
            }
            ledger.forgetLost();
            ledger.removeUnnamed();
            model.reopened();
            for (ImageId each : images) {
                Integer named = model.entries.get(each);
                assertThat(ledger.find(each).map(Copy::artifactDigest).orElse(null))
                        .isEqualTo(named == null ? null : copy(named).artifactDigest());
            }
            assertThat(wholeOnDisk())
                    .isEqualTo(model.whole.stream()
                            .map(held -> copy(held).artifactDigest().hex() + ".ext4")
                            .collect(Collectors.toSet()));
        }
    }

    private Set<String> wholeOnDisk() throws Exception {
        Set<String> whole = new HashSet<>();
        try (var files = Files.newDirectoryStream(directory, "*.ext4")) {
            for (Path file : files) {
                if (Files.size(file) == 4) {
                    whole.add(file.getFileName().toString());
                }
            }
        }
        return whole;
    }

    @Test
    void layersGiveWayToCopiesAndCopiesToNothing() throws Exception {
        AtomicLong copies = new AtomicLong(400);
        CacheRoom room = new CacheRoom(1_000, 800, copies::get);
        Path repository = Files.createDirectories(directory.resolve("repository"));
        for (int i = 0; i < 4; i++) {
            Path blob = Files.write(repository.resolve("sha256-" + i), new byte[200]);
            Files.setLastModifiedTime(blob, java.nio.file.attribute.FileTime.fromMillis(1_000L * i));
        }
        BlobCache layers = BlobCache.open(directory, room::forLayers);
        assertThat(layers.bytes()).isEqualTo(600);

        copies.set(700);
        room.require(layers, 300);
        assertThat(layers.bytes()).isEqualTo(200);
        assertThat(repository.resolve("sha256-3")).exists();
        assertThatThrownBy(() -> room.require(layers, 301))
                .isInstanceOf(PlatformException.class)
                .hasMessageContaining("301 would come in");

        copies.set(1_000);
        assertThatThrownBy(() -> room.require(layers, 0))
                .isInstanceOfSatisfying(
                        PlatformException.class, full -> assertThat(full.code()).isEqualTo(ErrorCode.WORKER_DISK_FULL));
        assertThat(layers.bytes()).isZero();
    }
}
