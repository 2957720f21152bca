package io.scaibunker.worker;

import com.github.luben.zstd.Zstd;
import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import com.google.protobuf.UnsafeByteOperations;
import io.scaibunker.bus.CopyExchange;
import io.scaibunker.bus.proto.Piece;
import io.scaibunker.bus.proto.PiecesWanted;
import io.scaibunker.bus.proto.TablePart;
import io.scaibunker.bus.proto.TableWanted;
import io.scaibunker.ext4.ImageTable;
import io.scaibunker.ext4.PieceFile;
import io.scaibunker.model.Digest;
import io.scaibunker.model.WorkerId;
import io.scaibunker.telemetry.Measure;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.server.GrpcServer;
import io.vertx.grpc.server.GrpcServerRequest;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Serves {@code CopyExchange} of {@code worker.proto} to members of the fleet. */
final class ExchangeServer {
    private static final Logger LOG = LoggerFactory.getLogger(ExchangeServer.class);
    private static final Pattern DIGEST = Pattern.compile("sha256:[0-9a-f]{64}");
    private static final Pattern ADDRESS = Pattern.compile("[A-Za-z0-9.:\\[\\]_-]{1,260}");

    /** Pieces on their way to one asker. */
    private static final int WINDOW = 8;

    /** How long an asker may take for a piece, and how long one that is still to come here is waited for. */
    private static final long PATIENCE_MS = 15_000;

    private static final int TABLE_PART = 256 << 10;

    private final WorkerId self;
    private final Vertx vertx;
    private final Shelf shelf;
    private final Uploads uploads;
    private final Throttle throttle;
    private final Bench bench;
    private final Membership membership;

    ExchangeServer(
            WorkerId self,
            Vertx vertx,
            Shelf shelf,
            Uploads uploads,
            Throttle throttle,
            Bench bench,
            Membership membership) {
        this.self = self;
        this.vertx = vertx;
        this.shelf = shelf;
        this.uploads = uploads;
        this.throttle = throttle;
        this.bench = bench;
        this.membership = membership;
    }

    void enrol(GrpcServer server) {
        server.callHandler(CopyExchange.TABLE_SERVER, request -> accept(request, this::table));
        server.callHandler(CopyExchange.PIECES_SERVER, request -> accept(request, this::pieces));
    }

    /** What is done about a call; blocks. */
    @FunctionalInterface
    private interface Work<I, O> {
        void run(I asked, Reply<I, O> reply) throws Exception;
    }

    private <I extends Message, O extends Message> void accept(GrpcServerRequest<I, O> request, Work<I, O> work) {
        if (!membership.isMember(request)) {
            request.response()
                    .status(GrpcStatus.UNAUTHENTICATED)
                    .statusMessage("not a member of this fleet")
                    .end();
            return;
        }
        request.response().headers().set(CopyExchange.WORKER_KEY, self.toString());
        var reply = new Reply<>(request, vertx.getOrCreateContext());
        // Who gives a call up is an error of its stream; who breaks off, an exception.
        request.errorHandler(cancelled -> reply.gone = true);
        request.exceptionHandler(gone -> reply.gone = true);
        request.handler(asked -> bench.await(() -> {
                    work.run(asked, reply);
                    return reply;
                })
                .onFailure(thrown -> {
                    if (!reply.gone) {
                        LOG.info("a copy could not be served to its end: {}", thrown.toString());
                        reply.refuse(GrpcStatus.UNAVAILABLE, String.valueOf(thrown.getMessage()));
                    }
                }));
    }

    /** The stream to one asker. A slow one holds up itself alone, and not for ever. */
    private static final class Reply<I, O> {
        private final GrpcServerRequest<I, O> request;
        private final Context loop;
        private final Semaphore window = new Semaphore(WINDOW);
        private volatile boolean gone;

        Reply(GrpcServerRequest<I, O> request, Context loop) {
            this.request = request;
            this.loop = loop;
        }

        void send(O part) throws InterruptedException, IOException {
            if (!window.tryAcquire(PATIENCE_MS, TimeUnit.MILLISECONDS)) {
                throw new IOException("the asker takes nothing any more");
            }
            if (gone) {
                throw new CancellationException("the asker went away");
            }
            onLoop(() -> request.response().write(part).onComplete(written -> {
                gone |= written.failed();
                window.release();
            }));
        }

        /** The response throws when the asker went away meanwhile. */
        private void onLoop(Runnable step) {
            loop.runOnContext(now -> {
                try {
                    if (!gone) {
                        step.run();
                        return;
                    }
                } catch (IllegalStateException cancelled) {
                    gone = true;
                }
                window.release();
            });
        }

        void end() {
            onLoop(() -> request.response().end());
        }

        void refuse(GrpcStatus status, String text) {
            refuse(status, text, List.of());
        }

        void refuse(GrpcStatus status, String text, List<String> instead) {
            onLoop(() -> {
                if (!instead.isEmpty()) {
                    request.response().trailers().set(CopyExchange.INSTEAD_KEY, String.join(",", instead));
                }
                request.response().status(status).statusMessage(text).end();
            });
        }
    }

    private void table(TableWanted asked, Reply<TableWanted, TablePart> reply)
            throws IOException, InterruptedException {
        Optional<ImageTable> found =
                isDigest(asked.getDigest()) ? shelf.table(new Digest(asked.getDigest())) : Optional.empty();
        if (found.isEmpty()) {
            reply.refuse(GrpcStatus.NOT_FOUND, "not here");
            return;
        }
        byte[] bytes = found.get().encoded();
        for (int from = 0; from < bytes.length; from += TABLE_PART) {
            reply.send(TablePart.newBuilder()
                    .setBytes(ByteString.copyFrom(bytes, from, Math.min(TABLE_PART, bytes.length - from)))
                    .build());
        }
        reply.end();
    }

    private static boolean isDigest(String text) {
        return DIGEST.matcher(text).matches();
    }

    private void pieces(PiecesWanted asked, Reply<PiecesWanted, Piece> reply) throws Exception {
        if (!isDigest(asked.getDigest())
                || asked.getRunsCount() % 2 != 0
                || !asked.getAddress().isEmpty()
                        && !ADDRESS.matcher(asked.getAddress()).matches()) {
            reply.refuse(GrpcStatus.INVALID_ARGUMENT, "no digest, address or runs");
            return;
        }
        // A place first: whoever asks in vain costs no table.
        var place = uploads.take(asked.getDigest(), asked.getAddress());
        if (place.isEmpty()) {
            reply.refuse(
                    GrpcStatus.RESOURCE_EXHAUSTED,
                    "as many are served as may be",
                    uploads.instead(asked.getDigest(), asked.getAddress()));
            return;
        }
        try (Uploads.Place _ = place.get()) {
            var item = shelf.find(new Digest(asked.getDigest()));
            if (item.isEmpty()) {
                reply.refuse(GrpcStatus.NOT_FOUND, "not here");
                return;
            }
            try (Shelf.Item here = item.get()) {
                serve(here.file(), asked.getRunsList(), reply);
            }
        }
    }

    private void serve(PieceFile file, List<Integer> runs, Reply<PiecesWanted, Piece> reply) throws Exception {
        Packing packing = new Packing();
        for (int pair = 0; pair < runs.size(); pair += 2) {
            int first = runs.get(pair);
            int count = runs.get(pair + 1);
            if (first < 0 || count < 0 || first > file.count() - count) {
                reply.refuse(GrpcStatus.INVALID_ARGUMENT, "no pieces " + first + " and " + count + " from there");
                return;
            }
            for (int number = first; number < first + count; number++) {
                byte[] bytes = file.read(number, PATIENCE_MS);
                throttle.stepBack();
                // What the operator's rate makes it wait is the link's slowness, too: compressed, more goes through. To
                // wait for
                // a piece that has not come yet says nothing about the link.
                long began = System.nanoTime();
                Piece piece = message(number, bytes, packing.packs());
                throttle.pay(piece.getSerializedSize());
                reply.send(piece);
                packing.sent(bytes.length, System.nanoTime() - began);
                Measure.UPLOAD_BYTES.add(bytes.length);
            }
        }
        reply.end();
    }

    /** Compressed where that is wanted and the piece becomes smaller by a tenth at least. */
    private static Piece message(int number, byte[] bytes, boolean packs) {
        Piece.Builder piece = Piece.newBuilder().setNumber(number);
        if (packs) {
            byte[] packed = Zstd.compress(bytes, 1);
            if (packed.length < bytes.length - bytes.length / 10) {
                return piece.setZstd(UnsafeByteOperations.unsafeWrap(packed)).build();
            }
        }
        return piece.setBytes(UnsafeByteOperations.unsafeWrap(bytes)).build();
    }
}
