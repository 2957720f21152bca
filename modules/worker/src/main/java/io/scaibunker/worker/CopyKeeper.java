package io.scaibunker.worker;

import io.scaibunker.bus.Answer;
import io.scaibunker.bus.Answer.CacheItem;
import io.scaibunker.bus.Answer.RegistryCredential;
import io.scaibunker.bus.Answer.Turn;
import io.scaibunker.bus.Answer.WantedCopy;
import io.scaibunker.bus.News;
import io.scaibunker.bus.Post;
import io.scaibunker.bus.Question;
import io.scaibunker.bus.Question.Copy;
import io.scaibunker.bus.Question.CopyReported;
import io.scaibunker.bus.Question.Failure;
import io.scaibunker.model.BuildSource;
import io.scaibunker.model.CachePhase;
import io.scaibunker.model.CacheStatus;
import io.scaibunker.model.Digest;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.IncarnationId;
import io.scaibunker.model.PlatformException;
import io.scaibunker.model.WorkerId;
import io.scaibunker.oci.ImageReference;
import io.scaibunker.oci.SourceException;
import io.scaibunker.telemetry.Measure;
import io.vertx.core.AsyncResult;
import io.vertx.core.Context;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps the copies here equal to what is wanted here. Lives on one event loop. */
final class CopyKeeper {
    private static final Logger LOG = LoggerFactory.getLogger(CopyKeeper.class);

    /** How often a bake's progress is told, at most. */
    private static final Duration NEWS_EVERY = Duration.ofMillis(200);

    /** How often a bake that goes on says so to the room that gave it its lease. */
    private static final Duration SIGN_EVERY = Duration.ofSeconds(5);

    private final Context loop;
    private final WorkerId self;
    private final IncarnationId incarnation;
    private final Post post;
    private final Duration askTimeout;
    private final CopyLedger ledger;
    private final BlobCache blobs;
    private final CacheRoom room;
    private final SnapshotShelf snapshots;
    private final ImageBaker baker;
    private final CopyFetcher fetcher;
    private final String writer;
    private final Bench bench;
    private final Predicate<ImageId> runsFrom;
    private final Predicate<Digest> isServed;
    private final Runnable again;

    /** Bakes under way, by image; and failures until the row says so. */
    private final Map<ImageId, BakeJob> jobs = new HashMap<>();

    private final Map<ImageId, CopyPlan.Failed> failures = new HashMap<>();

    /** Images that those who have them did not give: they are read from their source instead. */
    private final Set<ImageId> unreached = new HashSet<>();

    private boolean stopping;

    /**
     * @param loop where this lives
     * @param writer what would write a copy here, by name and version
     * @param runsFrom whether a bunker here runs from an image's copy
     * @param isServed whether another worker is sent an artifact now
     * @param again asks for another round
     */
    CopyKeeper(
            Context loop,
            WorkerId self,
            IncarnationId incarnation,
            Post post,
            Duration askTimeout,
            CopyLedger ledger,
            BlobCache blobs,
            CacheRoom room,
            SnapshotShelf snapshots,
            ImageBaker baker,
            CopyFetcher fetcher,
            String writer,
            Bench bench,
            Predicate<ImageId> runsFrom,
            Predicate<Digest> isServed,
            Runnable again) {
        this.loop = loop;
        this.self = self;
        this.incarnation = incarnation;
        this.post = post;
        this.askTimeout = askTimeout;
        this.ledger = ledger;
        this.blobs = blobs;
        this.room = room;
        this.snapshots = snapshots;
        this.baker = baker;
        this.fetcher = fetcher;
        this.writer = writer;
        this.bench = bench;
        this.runsFrom = runsFrom;
        this.isServed = isServed;
        this.again = again;
    }

    /** What is wanted is here or under way, what is not wanted is gone or going, and the rows say so. */
    Future<?> drain() {
        return bench.runShort(() -> {
                    ledger.forgetLost();
                    return ledger;
                })
                .compose(looked -> wanted())
                .compose(rows -> {
                    letGoUnlisted(rows);
                    return Future.join(rows.stream().map(this::step).toList()).compose(done -> tidy(rows));
                });
    }

    /** What nobody names is gone, as is what came in for nobody, and layers keep to their room. */
    private Future<?> tidy(List<WantedCopy> rows) {
        Set<ImageId> awaited = awaited(rows);
        return bench.runShort(() -> {
            ledger.removeUnnamed();
            fetcher.forgetIncoming(awaited);
            baker.tidy();
            blobs.trim();
            return true;
        });
    }

    private Set<ImageId> awaited(List<WantedCopy> rows) {
        Set<ImageId> awaited = new HashSet<>();
        rows.stream()
                .filter(row -> row.wanted() && ledger.find(row.imageId()).isEmpty())
                .forEach(row -> awaited.add(row.imageId()));
        return awaited;
    }

    /** What of the cache goes and what stays; unless that is all that is asked, it then goes. */
    Future<Answer.Garbage> collect(Question.GarbageAsked asked) {
        return wanted().compose(rows -> survey(rows)
                .compose(garbage -> asked.dryRun()
                        ? Future.succeededFuture(garbage)
                        : letGoUnwanted(rows).map(gone -> garbage)));
    }

    private Future<Answer.Garbage> survey(List<WantedCopy> rows) {
        Map<ImageId, Copy> copies = ledger.all();
        Map<ImageId, Garbage.Use> uses = new HashMap<>();
        copies.keySet().forEach(imageId -> uses.put(imageId, use(imageId)));
        List<CacheItem> items = new ArrayList<>(Garbage.of(rows, copies, uses));
        Set<ImageId> awaited = awaited(rows);
        return bench.runShort(() -> {
            items.addAll(fetcher.incoming(awaited));
            ledger.unnamed().forEach(file -> items.add(Garbage.file(file)));
            items.add(Garbage.layers(blobs.bytes()));
            items.add(Garbage.snapshots(snapshots.bytes()));
            return Garbage.answer(room.quotaBytes(), items);
        });
    }

    private Future<?> letGoUnwanted(List<WantedCopy> rows) {
        letGoUnlisted(rows);
        return Future.join(rows.stream()
                        .filter(row -> !row.wanted() && use(row.imageId()) == Garbage.Use.NONE)
                        .map(this::letGo)
                        .toList())
                .compose(gone -> tidy(rows));
    }

    private Garbage.Use use(ImageId imageId) {
        if (jobs.containsKey(imageId)) {
            return Garbage.Use.BAKE;
        }
        if (runsFrom.test(imageId)) {
            return Garbage.Use.BUNKER;
        }
        return ledger.find(imageId)
                        .filter(copy -> isServed.test(copy.artifactDigest()))
                        .isPresent()
                ? Garbage.Use.TRANSFER
                : Garbage.Use.NONE;
    }

    private boolean isInUse(ImageId imageId) {
        return use(imageId) != Garbage.Use.NONE;
    }

    private Future<List<WantedCopy>> wanted() {
        return Pages.<WantedCopy, ImageId>all(after -> post.ask(new Question.CopiesWanted(self, after), askTimeout)
                .map(page -> new Pages.Page<>(page.copies(), page.next())));
    }

    private Future<?> step(WantedCopy row) {
        Optional<CopyPlan.Work> work = work(row.imageId());
        return switch (CopyPlan.next(row, ledger.find(row.imageId()), work, isInUse(row.imageId()))) {
            case CopyPlan.Nothing nothing -> {
                if (row.awaited()) {
                    bench.hurry(row.imageId());
                }
                yield Future.succeededFuture();
            }
            case CopyPlan.Cancel cancel -> {
                Optional.ofNullable(jobs.get(row.imageId())).ifPresent(BakeJob::cancel);
                yield Future.succeededFuture();
            }
            case CopyPlan.Bake bake -> begin(row);
            case CopyPlan.LetGo letGo -> letGo(row);
            case CopyPlan.Report report ->
                report(row, report.status(), null, report.copy(), report.failure())
                        .onSuccess(taken -> {
                            failures.remove(row.imageId());
                            if (report.status() == CacheStatus.PENDING) {
                                again.run();
                            }
                        });
        };
    }

    private Optional<CopyPlan.Work> work(ImageId imageId) {
        BakeJob job = jobs.get(imageId);
        return job == null
                ? Optional.ofNullable(failures.get(imageId))
                : Optional.of(new CopyPlan.UnderWay(job.wanted().generation()));
    }

    /** A copy with the same content does at once; else the room says whether it is fetched, baked here, or waited for. */
    private Future<?> begin(WantedCopy row) {
        if (stopping) {
            return Future.succeededFuture();
        }
        Optional<Copy> equal = Optional.ofNullable(row.pinned())
                .flatMap(pinned -> ledger.findEqual(pinned, (long) row.sizeMib() << 20, writer));
        if (equal.isPresent()) {
            return bench.runShort(() -> ledger.share(row.imageId(), equal.get()))
                    .onSuccess(shared -> again.run());
        }
        return post.ask(turnOf(row), askTimeout).compose(turn -> switch (turn.kind()) {
            case BAKE -> credential(row).onSuccess(given -> bake(row, given));
            case FETCH -> {
                fetch(row, turn);
                yield Future.succeededFuture();
            }
            case WAIT, STALE -> {
                // Whoever is at it now has it soon, and may be reached.
                unreached.remove(row.imageId());
                yield Future.succeededFuture();
            }
        });
    }

    private Question.TurnWanted turnOf(WantedCopy row) {
        return new Question.TurnWanted(
                self, incarnation, row.imageId(), row.generation(), writer, unreached.contains(row.imageId()));
    }

    /** The tenant's own credential for this one bake; kept no longer than the bake. */
    private Future<Optional<RegistryCredential>> credential(WantedCopy row) {
        if (!(row.source() instanceof BuildSource.Oci oci)) {
            return Future.succeededFuture(Optional.empty());
        }
        String host;
        try {
            host = ImageReference.parse(oci.ref()).registry();
        } catch (SourceException e) {
            // The bake itself will say what is wrong with the reference.
            return Future.succeededFuture(Optional.empty());
        }
        return post.ask(new Question.CredentialWanted(self, row.imageId(), row.generation(), host), askTimeout)
                .map(given -> Optional.ofNullable(given.credential()));
    }

    private void bake(WantedCopy row, Optional<RegistryCredential> credential) {
        if (stopping || jobs.containsKey(row.imageId())) {
            return;
        }
        BakeJob job = job(row, credential);
        jobs.put(row.imageId(), job);
        long timer = loop.owner().setPeriodic(SIGN_EVERY.toMillis(), due -> sign(job));
        bench.run(row.imageId(), row.awaited(), CopyMeasures.of(Measure.BAKE, () -> {
                    room.require(blobs, fetcher.bytes());
                    return baker.bake(job);
                }))
                .onComplete(done -> {
                    loop.owner().cancelTimer(timer);
                    unreached.remove(row.imageId());
                    ended(row, done, job.isMade());
                });
    }

    /** The lease goes on with the bake, also while that waits: its turn, a layer that another one unpacks, a registry. */
    private void sign(BakeJob job) {
        if (!job.isMade() && !stopping) {
            report(job.wanted(), CacheStatus.BUILDING, job.phase(), null, null).onSuccess(current -> {
                if (!current) {
                    again.run();
                }
            });
        }
    }

    private BakeJob job(WantedCopy row, Optional<RegistryCredential> credential) {
        return new BakeJob(
                row,
                credential,
                found -> pin(row, found),
                () -> post.ask(turnOf(row), askTimeout).await(),
                new Narrator(row));
    }

    private void fetch(WantedCopy row, Turn turn) {
        if (stopping || jobs.containsKey(row.imageId())) {
            return;
        }
        BakeJob job = job(row, Optional.empty());
        jobs.put(row.imageId(), job);
        bench.fetch(row.imageId(), row.awaited(), CopyMeasures.of(Measure.FETCH, () -> {
                    Copy copy = Objects.requireNonNull(turn.copy());
                    room.require(blobs, copy.allocatedBytes() + fetcher.bytesBeside(copy.artifactDigest()));
                    return fetcher.fetch(job, turn);
                }))
                .onComplete(done -> {
                    if (done.succeeded() && done.result().isEmpty()) {
                        unreached.add(row.imageId());
                    }
                    ended(row, done, false);
                });
    }

    /** @param told whether it was told already that it is ready */
    private void ended(WantedCopy row, AsyncResult<Optional<Copy>> done, boolean told) {
        jobs.remove(row.imageId());
        if (done.succeeded() && done.result().isPresent()) {
            if (!told) {
                report(row, CacheStatus.READY, null, done.result().get(), null);
            }
        } else if (done.failed() && isFailure(done.cause())) {
            failures.put(row.imageId(), new CopyPlan.Failed(row.generation(), BakeFailures.of(done.cause())));
        }
        again.run();
    }

    /** A bake that was cancelled, or whose rooms did not answer, begins again when there is somebody to tell. */
    private boolean isFailure(Throwable thrown) {
        boolean unheard = thrown instanceof PlatformException told && told.code() == ErrorCode.SERVICE_UNAVAILABLE;
        return !stopping && !unheard && !(thrown instanceof CancellationException);
    }

    /** Blocks the thread that bakes. */
    private Digest pin(WantedCopy row, Digest found) {
        return post.ask(new Question.DigestFound(self, row.imageId(), found), askTimeout)
                .await()
                .digest();
    }

    private Future<?> letGo(WantedCopy row) {
        failures.remove(row.imageId());
        unreached.remove(row.imageId());
        return remove(row.imageId()).compose(gone -> report(row, CacheStatus.EVICTED, null, null, null));
    }

    /** What no row names any more was let go while this worker was away. */
    private void letGoUnlisted(List<WantedCopy> rows) {
        Set<ImageId> listed = new HashSet<>();
        rows.forEach(row -> listed.add(row.imageId()));
        jobs.forEach((imageId, job) -> {
            if (!listed.contains(imageId)) {
                job.cancel();
            }
        });
        ledger.all().keySet().stream()
                .filter(imageId -> !listed.contains(imageId) && !isInUse(imageId))
                .forEach(this::remove);
    }

    /** Nobody boots from it from now on, so nobody does between the look at its use and its end. */
    private Future<?> remove(ImageId imageId) {
        Optional<Copy> forgotten = ledger.forget(imageId);
        return bench.runShort(() -> {
                    ledger.erase(imageId, forgotten);
                    return imageId;
                })
                .onSuccess(gone -> LOG.info("the copy of {} is let go", imageId))
                .onFailure(thrown -> LOG.warn("the copy of {} could not be removed", imageId, thrown));
    }

    private Future<Boolean> report(
            WantedCopy row,
            CacheStatus status,
            @Nullable CachePhase phase,
            @Nullable Copy copy,
            @Nullable Failure failure) {
        return post.ask(
                        new CopyReported(
                                self,
                                incarnation,
                                row.imageId(),
                                row.generation(),
                                status,
                                phase,
                                copy,
                                failure,
                                copy == null
                                        ? null
                                        : ledger.layout(row.imageId()).orElse(null)),
                        askTimeout)
                .map(taken -> {
                    if (Boolean.TRUE.equals(taken.refused()) && copy != null) {
                        refused(row.imageId(), copy);
                    }
                    return taken.current();
                });
    }

    /** It is not what others have of the same source: it must not be booted from here, and theirs is fetched. */
    private void refused(ImageId imageId, Copy copy) {
        LOG.error("the copy of {} here, {}, is not that of the fleet", imageId, copy.artifactDigest());
        if (!isInUse(imageId) && ledger.find(imageId).filter(copy::equals).isPresent()) {
            remove(imageId);
        }
    }

    /** Gives up what is under way, and says so where somebody still listens. */
    Future<?> stop(Duration limit) {
        stopping = true;
        List<WantedCopy> given = jobs.values().stream()
                .filter(job -> !job.isMade())
                .map(BakeJob::wanted)
                .toList();
        jobs.values().forEach(BakeJob::cancel);
        return Future.join(given.stream()
                        .map(row -> report(row, CacheStatus.PENDING, null, null, null))
                        .toList())
                .otherwiseEmpty()
                .timeout(limit.toMillis(), TimeUnit.MILLISECONDS)
                .otherwiseEmpty();
    }

    /** Tells how one bake goes on; called by the threads that fetch and bake for it, one at a time. */
    private final class Narrator implements BakeJob.Listener {
        private final WantedCopy row;
        private final Rate rate = new Rate();
        private final CopyMeasures.Intake intake = new CopyMeasures.Intake();
        private long lastNews = System.nanoTime() - NEWS_EVERY.toNanos();

        Narrator(WantedCopy row) {
            this.row = row;
        }

        @Override
        public synchronized void phase(CachePhase phase) {
            rate.restart();
            if (phase != CachePhase.RESOLVING) {
                loop.runOnContext(now -> report(row, CacheStatus.BUILDING, phase, null, null)
                        .onSuccess(current -> {
                            if (!current) {
                                again.run();
                            }
                        }));
            }
        }

        @Override
        public void made(Copy copy) {
            loop.runOnContext(now -> report(row, CacheStatus.READY, null, copy, null));
        }

        @Override
        public synchronized void bytes(CachePhase phase, String source, long done, long total) {
            rate.at(done);
            intake.at(phase, source, done);
            long now = System.nanoTime();
            if (now - lastNews < NEWS_EVERY.toNanos()) {
                return;
            }
            lastNews = now;
            post.publish(new News.CopyProgressed(
                    self, row.imageId(), row.generation(), phase, done, total, rate.bytesPerSecond(), source));
        }
    }
}
