package io.scaibunker.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.scaibunker.bus.Answer.Turn;
import io.scaibunker.bus.Answer.WantedCopy;
import io.scaibunker.bus.Question.Copy;
import io.scaibunker.bus.Question.Failure;
import io.scaibunker.bus.Question.LaidSegment;
import io.scaibunker.model.BuildSource;
import io.scaibunker.model.CachePhase;
import io.scaibunker.model.CacheStatus;
import io.scaibunker.model.Digest;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.ImageId;
import io.scaibunker.oci.ImageSources;
import io.scaibunker.oci.SourceConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Bakes real tarballs with each of the writers, and looks at what is left when that does not work out. */
@ParameterizedClass
@EnumSource
class ImageBakerTest {
    @Parameter
    WorkerConfig.Baker which;

    @TempDir
    Path directory;

    private Path roots;
    private WorkerFiles files;
    private CopyLedger ledger;
    private ImageBaker baker;
    private Turn turn = new Turn(Turn.Kind.BAKE, null, List.of());
    private final List<CachePhase> phases = new ArrayList<>();

    @BeforeEach
    void open() throws Exception {
        roots = Files.createDirectories(directory.resolve("roots"));
        files = WorkerFiles.open(directory.resolve("worker"));
        ledger = CopyLedger.open(files.copies());
        ImageSources sources = new ImageSources(SourceConfig.DEFAULTS.withTarRoots(List.of(roots)));
        baker = new ImageBaker(
                files,
                ledger,
                new Inventories(files.inventories(), ledger),
                BlobCache.open(files.blobs(), 0),
                sources,
                SnapshotShelf.open(files.snapshots(), ledger),
                new Throttle(0, () -> false),
                which);
    }

    @Test
    void aTarballBecomesACopyInTheLedger() throws Exception {
        Path tar = Tars.of(roots.resolve("a.tar"), Map.of("etc/motd", "hello"));
        BakeJob job = job(tar, 32, null, UnaryOperator.identity());

        Copy copy = baker.bake(job).orElseThrow();

        assertThat(ledger.find(job.wanted().imageId())).contains(copy);
        Path file = ledger.fileOf(copy.artifactDigest());
        assertThat(Files.size(file)).isEqualTo(32L << 20);
        assertThat(run("e2fsck", "-fn", file.toString())).isZero();
        assertThat(phases)
                .containsExactly(CachePhase.RESOLVING, CachePhase.FETCHING, CachePhase.BAKING, CachePhase.VERIFYING);
        assertThat(files.bakes()).isEmptyDirectory();
    }

    @Test
    void anImageOfTheSameContentAndSizeIsNotBakedAgain() throws Exception {
        Path tar = Tars.of(roots.resolve("a.tar"), Map.of("etc/motd", "hello"));
        Copy first = baker.bake(job(tar, 16, null, UnaryOperator.identity())).orElseThrow();
        phases.clear();

        Copy second = baker.bake(job(tar, 16, null, UnaryOperator.identity())).orElseThrow();

        assertThat(second).isEqualTo(first);
        assertThat(phases).containsExactly(CachePhase.RESOLVING);
        assertThat(baker.bake(job(tar, 17, null, UnaryOperator.identity())).orElseThrow())
                .isNotEqualTo(first);
    }

    @Test
    void itIsNotedWhichLayersLayHereBefore() throws Exception {
        assumeTrue(which == WorkerConfig.Baker.NATIVE, "the other writer lays nothing out by layers");
        Path tar = Tars.of(roots.resolve("a.tar"), Map.of("etc/motd", "hello"));

        BakeJob first = job(tar, 16, null, UnaryOperator.identity());
        baker.bake(first);
        BakeJob larger = job(tar, 17, null, UnaryOperator.identity());
        baker.bake(larger);

        LaidSegment unpacked = onlySegment(first);
        assertThat(unpacked.reused()).isFalse();
        assertThat(unpacked.bytes()).isEqualTo(4096);
        assertThat(unpacked.diffId()).isNotNull();
        assertThat(onlySegment(larger))
                .isEqualTo(new LaidSegment(unpacked.diffId(), unpacked.bytes(), unpacked.hiddenBytes(), true));
    }

    private LaidSegment onlySegment(BakeJob job) {
        List<LaidSegment> segments =
                ledger.layout(job.wanted().imageId()).orElseThrow().segments();
        assertThat(segments).hasSize(1);
        return segments.getFirst();
    }

    @Test
    void whatSomebodyElseHasIsNotBakedHere() throws Exception {
        Path tar = Tars.of(roots.resolve("a.tar"), Map.of("etc/motd", "hello"));
        turn = new Turn(Turn.Kind.WAIT, null, List.of());

        assertThat(baker.bake(job(tar, 16, null, UnaryOperator.identity()))).isEmpty();

        assertThat(phases).containsExactly(CachePhase.RESOLVING);
        assertThat(files.bakes()).isEmptyDirectory();
        assertThat(ledger.all()).isEmpty();
    }

    @Test
    void aTarballThatDiffersFromThePinnedOneIsRefused() throws IOException {
        Path tar = Tars.of(roots.resolve("a.tar"), Map.of("etc/motd", "hello"));
        Digest other = new Digest("sha256:" + "1".repeat(64));

        assertThat(failure(job(tar, 16, null, found -> other)).code()).isEqualTo(ErrorCode.SOURCE_CORRUPT);
        assertNothingIsLeft();
    }

    @Test
    void aBombIsRefusedWithWhatItWouldNeed() throws IOException {
        Path bomb = Tars.zeros(roots.resolve("bomb.tar.gz"), 1024);
        assertThat(Files.size(bomb)).isLessThan(2 << 20);

        Failure failure = failure(job(bomb, 64, null, UnaryOperator.identity()));

        assertThat(failure.code()).isEqualTo(ErrorCode.SIZE_CAP_EXCEEDED);
        assertThat(failure.message()).contains("64 MiB").containsPattern("10[2-9][0-9] MiB");
        assertNothingIsLeft();
    }

    @Test
    void namesThatLeadOutOfTheRootAreRefused() throws IOException {
        Path up = Tars.of(roots.resolve("up.tar"), Map.of("a/../../etc/shadow", "x"));
        assertThat(failure(job(up, 16, null, UnaryOperator.identity())).code()).isEqualTo(ErrorCode.SOURCE_CORRUPT);

        Path absolute = Tars.of(roots.resolve("absolute.tar"), Map.of("/etc/shadow", "x"));
        assertThat(failure(job(absolute, 16, null, UnaryOperator.identity())).code())
                .isEqualTo(ErrorCode.SOURCE_CORRUPT);
        assertNothingIsLeft();
    }

    @Test
    void pathsOutsideOfTheRootsAreRefusedAlsoThroughLinks() throws IOException {
        Path outside = Tars.of(directory.resolve("outside.tar"), Map.of("a", "b"));
        Path link = Files.createSymbolicLink(roots.resolve("link.tar"), outside);

        assertThat(failure(job(outside, 16, null, UnaryOperator.identity())).code())
                .isEqualTo(ErrorCode.PATH_NOT_ALLOWED);
        assertThat(failure(job(link, 16, null, UnaryOperator.identity())).code())
                .isEqualTo(ErrorCode.PATH_NOT_ALLOWED);
        assertNothingIsLeft();
    }

    @Test
    void aFileThatIsNoArchiveIsRefused() throws IOException {
        Path text = Files.writeString(roots.resolve("text.tar"), "not a tar at all ".repeat(1000));

        assertThat(failure(job(text, 16, null, UnaryOperator.identity())).code())
                .isIn(ErrorCode.SOURCE_CORRUPT, ErrorCode.SOURCE_UNSUPPORTED);
        assertNothingIsLeft();
    }

    @Test
    void aCancelledBakeLeavesNothing() throws IOException {
        Path tar = Tars.zeros(roots.resolve("large.tar.gz"), 200);
        for (CachePhase phase : List.of(CachePhase.RESOLVING, CachePhase.FETCHING, CachePhase.BAKING)) {
            BakeJob[] job = new BakeJob[1];
            job[0] = job(tar, 400, null, UnaryOperator.identity(), entered -> {
                if (entered == phase) {
                    job[0].cancel();
                }
            });
            assertThatThrownBy(() -> baker.bake(job[0])).isInstanceOf(CancellationException.class);
            assertThat(Thread.interrupted()).isFalse();
            assertNothingIsLeft();
        }
    }

    @Test
    void whatABakeThatDiedLeftIsGoneAfterTheNextStart() throws Exception {
        Path place = Files.createDirectories(files.bakes().resolve(ImageId.fresh() + "-1/.bake-77/tree"));
        Files.writeString(place.resolve("setuid"), "x");

        WorkerFiles.open(directory.resolve("worker"));

        assertThat(files.bakes()).isEmptyDirectory();
    }

    private void assertNothingIsLeft() {
        assertThat(files.bakes()).isEmptyDirectory();
        assertThat(files.copies()).isEmptyDirectory();
    }

    private Failure failure(BakeJob job) {
        try {
            baker.bake(job);
        } catch (Exception e) {
            return BakeFailures.of(e);
        }
        throw new AssertionError("baked what should be refused");
    }

    private BakeJob job(Path tar, int sizeMib, @Nullable Digest pinned, UnaryOperator<Digest> pin) {
        return job(tar, sizeMib, pinned, pin, phases::add);
    }

    private BakeJob job(
            Path tar,
            int sizeMib,
            @Nullable Digest pinned,
            UnaryOperator<Digest> pin,
            java.util.function.Consumer<CachePhase> entered) {
        WantedCopy wanted = new WantedCopy(
                ImageId.fresh(),
                1,
                CacheStatus.PENDING,
                true,
                new BuildSource.Tar(tar.toString()),
                sizeMib,
                pinned,
                null,
                false);
        return new BakeJob(wanted, Optional.empty(), pin, () -> turn, new BakeJob.Listener() {
            @Override
            public void phase(CachePhase phase) {
                entered.accept(phase);
            }

            @Override
            public void bytes(CachePhase phase, String source, long done, long total) {}
        });
    }

    private static int run(String... command) throws Exception {
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        return process.waitFor();
    }
}
