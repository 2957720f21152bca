package io.scaibunker.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.bus.Question.Copy;
import io.scaibunker.bus.Question.LaidSegment;
import io.scaibunker.bus.Question.Layout;
import io.scaibunker.ext4.ImageTable;
import io.scaibunker.ext4.Pieces;
import io.scaibunker.model.Digest;
import io.scaibunker.model.ImageId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CopyLedgerTest {
    private static final Digest SOURCE = new Digest("sha256:" + "c".repeat(64));
    private static final byte[] CONTENT = {1, 2, 3};
    static final ImageTable TABLE = new ImageTable(
            CONTENT.length, CONTENT.length, Pieces.of(List.of(new byte[32])), List.of(), Pieces.of(List.of()));

    @TempDir
    Path directory;

    private CopyLedger ledger;

    @BeforeEach
    void open() throws IOException {
        ledger = CopyLedger.open(directory);
    }

    @Test
    void aCopyIsThereAfterARestart() throws IOException {
        ImageId image = ImageId.fresh();
        ledger.add(image, copy('a'), finished(), TABLE);

        CopyLedger reopened = CopyLedger.open(directory);

        assertThat(reopened.find(image)).contains(copy('a'));
        assertThat(reopened.fileOf(copy('a').artifactDigest())).hasBinaryContent(CONTENT);
    }

    @Test
    void howItWasLaidOutIsThereAfterARestartForTheImageThatItWasBakedFor() throws IOException {
        ImageId baked = ImageId.fresh();
        ImageId equal = ImageId.fresh();
        ImageId fetched = ImageId.fresh();
        Layout layout =
                new Layout(List.of(new LaidSegment(SOURCE, 8192, 4096, true), new LaidSegment(null, 0, 0, false)), 1);
        ledger.add(baked, copy('a'), finished(), TABLE, layout);
        ledger.share(equal, copy('a'));
        ledger.add(fetched, copy('b'), finished(), TABLE);

        CopyLedger reopened = CopyLedger.open(directory);

        assertThat(reopened.layout(baked)).contains(layout);
        assertThat(reopened.layout(equal)).isEmpty();
        assertThat(reopened.layout(fetched)).isEmpty();
        reopened.remove(baked);
        assertThat(reopened.layout(baked)).isEmpty();
    }

    @Test
    void anEntryOfAnOlderVersionIsGood() throws IOException {
        ImageId image = ImageId.fresh();
        ledger.add(image, copy('a'), finished(), TABLE);
        Path entry = directory.resolve(image + ".json");
        String written = Files.readString(entry);
        assertThat(written).contains(",\"laid\":null");
        Files.writeString(entry, written.replace(",\"laid\":null", ""));

        assertThat(CopyLedger.open(directory).find(image)).contains(copy('a'));
    }

    @Test
    void imagesOfEqualContentShareOneFileUntilTheLastOfThemGoes() throws IOException {
        ImageId first = ImageId.fresh();
        ImageId second = ImageId.fresh();
        ledger.add(first, copy('a'), finished(), TABLE);
        assertThat(ledger.findEqual(SOURCE, CONTENT.length, "w")).contains(copy('a'));
        assertThat(ledger.share(second, copy('a'))).isTrue();
        assertThat(ledger.bytes()).isEqualTo(4096);

        ledger.remove(first);
        assertThat(ledger.find(second)).isPresent();

        ledger.remove(second);
        assertThat(files()).isEmpty();
    }

    @Test
    void aFileThatWentAwayIsNoCopy() throws IOException {
        ImageId image = ImageId.fresh();
        ledger.add(image, copy('a'), finished(), TABLE);
        Files.delete(ledger.fileOf(copy('a').artifactDigest()));

        ledger.forgetLost();

        assertThat(ledger.find(image)).isEmpty();
        assertThat(ledger.share(ImageId.fresh(), copy('a'))).isFalse();
        assertThat(CopyLedger.open(directory).all()).isEmpty();
        assertThat(files()).isEmpty();
    }

    /** Nobody could be served from it. */
    @Test
    void aCopyWhoseTableWasLostIsNoCopy() throws IOException {
        ImageId image = ImageId.fresh();
        Copy copy = new Copy(new Digest(TABLE.digest()), CONTENT.length, 4096, 7, SOURCE, "w");
        ledger.add(image, copy, finished(), TABLE);
        Files.delete(directory.resolve(copy.artifactDigest().hex() + ".table"));

        assertThat(ledger.share(ImageId.fresh(), copy)).isFalse();
        ledger.forgetLost();
        assertThat(ledger.find(image)).isEmpty();
        assertThat(files()).isEmpty();

        ledger.add(image, copy, finished(), TABLE);
        assertThat(ledger.table(copy.artifactDigest())).contains(TABLE);
        Files.delete(directory.resolve(copy.artifactDigest().hex() + ".table"));
        assertThat(CopyLedger.open(directory).all()).isEmpty();
    }

    @Test
    void whatIsForgottenIsNotFoundAndWhatWasMadeSinceStays() throws IOException {
        ImageId image = ImageId.fresh();
        ledger.add(image, copy('a'), finished(), TABLE);

        Optional<Copy> forgotten = ledger.forget(image);
        assertThat(ledger.find(image)).isEmpty();
        assertThat(ledger.forget(image)).isEmpty();
        ledger.add(image, copy('a'), finished(), TABLE);
        ledger.erase(image, forgotten);
        assertThat(CopyLedger.open(directory).find(image)).contains(copy('a'));

        ledger.erase(image, ledger.forget(image));
        assertThat(files()).isEmpty();
    }

    @Test
    void aFileCutShortIsNoCopyAfterARestart() throws IOException {
        ImageId image = ImageId.fresh();
        ledger.add(image, copy('a'), finished(), TABLE);
        Files.write(ledger.fileOf(copy('a').artifactDigest()), new byte[1]);

        assertThat(CopyLedger.open(directory).find(image)).isEmpty();
        assertThat(files()).isEmpty();
    }

    @Test
    void aFileThatNoEntryNamesIsRemovedAtStart() throws IOException {
        Files.write(directory.resolve("d".repeat(64) + ".ext4"), CONTENT);
        Files.write(directory.resolve("x.json.part"), CONTENT);

        CopyLedger.open(directory);

        assertThat(files()).isEmpty();
    }

    @Test
    void theTableIsThereAsLongAsTheFile() throws IOException {
        ImageId image = ImageId.fresh();
        Copy copy = new Copy(new Digest(TABLE.digest()), CONTENT.length, 4096, 7, SOURCE, "w");
        ledger.add(image, copy, finished(), TABLE);

        assertThat(CopyLedger.open(directory).table(copy.artifactDigest())).contains(TABLE);
        assertThat(ledger.table(SOURCE)).isEmpty();

        ledger.remove(image);
        assertThat(ledger.table(copy.artifactDigest())).isEmpty();
        assertThat(files()).isEmpty();
    }

    @Test
    void anEntryThatCannotBeReadIsForgotten() throws IOException {
        Files.writeString(directory.resolve(ImageId.fresh() + ".json"), "{\"artifactDigest\":");
        Files.writeString(directory.resolve("no-image.json"), "{}");

        assertThat(CopyLedger.open(directory).all()).isEmpty();
        assertThat(files()).isEmpty();
    }

    private Path finished() throws IOException {
        return Files.write(directory.resolve("finished"), CONTENT);
    }

    private List<Path> files() throws IOException {
        try (var files = Files.list(directory)) {
            return files.toList();
        }
    }

    private static Copy copy(char digit) {
        return new Copy(new Digest("sha256:" + String.valueOf(digit).repeat(64)), CONTENT.length, 4096, 7, SOURCE, "w");
    }
}
