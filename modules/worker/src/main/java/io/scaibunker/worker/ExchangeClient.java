package io.scaibunker.worker;

import com.github.luben.zstd.Zstd;
import com.google.protobuf.Message;
import io.scaibunker.bus.CopyExchange;
import io.scaibunker.bus.FleetPass;
import io.scaibunker.bus.proto.Piece;
import io.scaibunker.bus.proto.PiecesWanted;
import io.scaibunker.bus.proto.TablePart;
import io.scaibunker.bus.proto.TableWanted;
import io.scaibunker.ext4.Pieces;
import io.scaibunker.model.Secret;
import io.scaibunker.model.WorkerId;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.Http2Settings;
import io.vertx.core.net.SocketAddress;
import io.vertx.grpc.client.GrpcClient;
import io.vertx.grpc.client.GrpcClientOptions;
import io.vertx.grpc.client.GrpcClientRequest;
import io.vertx.grpc.client.GrpcClientResponse;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.common.ServiceMethod;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Asks other workers for copies. Its calls block the thread that fetches. */
final class ExchangeClient {
    /** Messages that were asked for and not looked at yet. */
    private static final int AHEAD = 16;

    /** What a peer may have under way to here, unread: a few pieces for each stream. */
    private static final int STREAM_WINDOW = 2 << 20;

    private static final int CONNECTION_WINDOW = 8 << 20;

    /** A table larger than any that a writer makes of the largest image. */
    private static final int TABLE_MAX = 256 << 20;

    private static final Set<GrpcStatus> FOR_GOOD = Set.of(
            GrpcStatus.NOT_FOUND,
            GrpcStatus.UNAUTHENTICATED,
            GrpcStatus.PERMISSION_DENIED,
            GrpcStatus.INVALID_ARGUMENT,
            GrpcStatus.UNIMPLEMENTED);

    private final GrpcClient client;
    private final Secret token;
    private final Duration patience;

    /** @param patience how long a peer may say nothing */
    ExchangeClient(Vertx vertx, FleetPass pass, Duration connectTimeout, Duration patience) {
        this.client = GrpcClient.client(
                vertx,
                new GrpcClientOptions().setMaxMessageSize(CopyExchange.MESSAGE_MAX),
                pass.client()
                        .setConnectTimeout((int) connectTimeout.toMillis())
                        .setHttp2ConnectionWindowSize(CONNECTION_WINDOW)
                        .setInitialSettings(new Http2Settings().setInitialWindowSize(STREAM_WINDOW)));
        this.token = pass.token();
        this.patience = patience;
    }

    /** A peer that does not serve, with those that it names instead. */
    static final class Refused extends IOException {
        private static final long serialVersionUID = 1L;
        private final transient List<String> instead;
        private final boolean isBusy;
        private final boolean isForGood;

        Refused(GrpcStatus status, String text, List<String> instead) {
            super(status.name() + (text.isEmpty() ? "" : ": " + text));
            this.instead = instead;
            this.isBusy = status == GrpcStatus.RESOURCE_EXHAUSTED;
            this.isForGood = FOR_GOOD.contains(status);
        }

        List<String> instead() {
            return instead;
        }

        boolean isBusy() {
            return isBusy;
        }

        /** Whether asking the same again is of no use. */
        boolean isForGood() {
            return isForGood;
        }
    }

    /**
     * The bytes of an image's table, as the peer has them; nothing is checked.
     *
     * @param server told which worker the peer says it is
     */
    byte[] table(String peer, String digest, Consumer<String> server) throws IOException, InterruptedException {
        var bytes = new ByteArrayOutputStream();
        call(
                peer,
                CopyExchange.TABLE_CLIENT,
                TableWanted.newBuilder().setDigest(digest).build(),
                server,
                (TablePart part) -> {
                    if (bytes.size() + part.getBytes().size() > TABLE_MAX) {
                        throw new IOException("a table without an end");
                    }
                    part.getBytes().writeTo(bytes);
                });
        return bytes.toByteArray();
    }

    /** Takes a piece. */
    @FunctionalInterface
    interface Sink {
        void take(int number, byte[] bytes) throws IOException, InterruptedException;
    }

    /**
     * Brings pieces, as the peer has them; nothing is checked.
     *
     * @param runs pairs: the first piece, and how many
     * @param self where this worker serves what it gets
     * @param server told which worker the peer says it is
     */
    void pieces(String peer, String digest, List<Integer> runs, String self, Consumer<String> server, Sink sink)
            throws IOException, InterruptedException {
        var wanted = PiecesWanted.newBuilder()
                .setDigest(digest)
                .setAddress(self)
                .addAllRuns(runs)
                .build();
        call(
                peer,
                CopyExchange.PIECES_CLIENT,
                wanted,
                server,
                (Piece piece) -> sink.take(piece.getNumber(), bytes(piece)));
    }

    private static byte[] bytes(Piece piece) throws IOException {
        if (piece.getZstd().isEmpty()) {
            return piece.getBytes().toByteArray();
        }
        byte[] whole = new byte[Pieces.BYTES];
        long length = Zstd.decompress(whole, piece.getZstd().toByteArray());
        if (Zstd.isError(length)) {
            throw new IOException("a piece that cannot be decompressed");
        }
        return Arrays.copyOf(whole, (int) length);
    }

    @FunctionalInterface
    private interface Taker<O> {
        void take(O message) throws IOException, InterruptedException;
    }

    /** What a stream brings to the thread that waits: a message, its end, or what went wrong. */
    private sealed interface Event<O> {}

    private record Came<O>(O message) implements Event<O> {}

    private record Ended<O>(Optional<IOException> failure) implements Event<O> {}

    private <I extends Message, O extends Message> void call(
            String peer, ServiceMethod<O, I> method, I asked, Consumer<String> server, Taker<O> taker)
            throws IOException, InterruptedException {
        BlockingQueue<Event<O>> events = new LinkedBlockingQueue<>();
        Future<GrpcClientRequest<I, O>> opened = client.request(address(peer), method);
        Future<GrpcClientResponse<I, O>> answered = opened.compose(request -> {
            request.headers().set(FleetPass.TOKEN_KEY, token.reveal());
            request.exceptionHandler(thrown -> events.add(failed(thrown)));
            request.end(asked);
            return request.response().onSuccess(response -> {
                serverOf(response).ifPresent(server);
                listen(response, events);
            });
        });
        answered.onFailure(thrown -> events.add(failed(thrown)));
        try {
            for (var event = next(events); !isEnd(event); event = next(events)) {
                if (event instanceof Came<O> came) {
                    taker.take(came.message());
                    answered.onSuccess(response -> response.fetch(1));
                }
            }
        } catch (IOException | InterruptedException | RuntimeException given) {
            opened.onSuccess(GrpcClientRequest::cancel);
            throw given;
        }
    }

    private <O> Event<O> next(BlockingQueue<Event<O>> events) throws IOException, InterruptedException {
        Event<O> event = events.poll(patience.toMillis(), TimeUnit.MILLISECONDS);
        if (event == null) {
            throw new IOException("silent for " + patience.toSeconds() + " s");
        }
        return event;
    }

    private static boolean isEnd(Event<?> event) throws IOException {
        if (event instanceof Ended<?> ended) {
            if (ended.failure().isPresent()) {
                throw ended.failure().get();
            }
            return true;
        }
        return false;
    }

    private static <O> Event<O> failed(Throwable thrown) {
        return new Ended<>(Optional.of(new IOException(String.valueOf(thrown.getMessage()), thrown)));
    }

    private static <I, O> void listen(GrpcClientResponse<I, O> response, BlockingQueue<Event<O>> events) {
        response.pause();
        Consumer<IOException> failure = problem -> events.add(new Ended<>(Optional.of(problem)));
        response.exceptionHandler(thrown -> failure.accept(new IOException(thrown)));
        response.handler(message -> events.add(new Came<>(message)));
        response.endHandler(over -> {
            if (response.status() == GrpcStatus.OK) {
                events.add(new Ended<>(Optional.empty()));
            } else {
                String text = response.statusMessage();
                failure.accept(new Refused(response.status(), text == null ? "" : text, instead(response)));
            }
        });
        response.fetch(AHEAD);
    }

    private static Optional<String> serverOf(GrpcClientResponse<?, ?> response) {
        try {
            return Optional.ofNullable(response.headers().get(CopyExchange.WORKER_KEY))
                    .map(text -> WorkerId.parse(text).toString());
        } catch (IllegalArgumentException unreadable) {
            return Optional.empty();
        }
    }

    private static List<String> instead(GrpcClientResponse<?, ?> response) {
        String named = response.trailers().get(CopyExchange.INSTEAD_KEY);
        if (named == null) {
            named = response.headers().get(CopyExchange.INSTEAD_KEY);
        }
        return named == null || named.isEmpty()
                ? List.of()
                : Arrays.stream(named.split(",")).limit(AHEAD).toList();
    }

    private static SocketAddress address(String peer) throws IOException {
        int colon = peer.lastIndexOf(':');
        try {
            return SocketAddress.inetSocketAddress(
                    Integer.parseInt(peer.substring(colon + 1)), peer.substring(0, colon));
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            throw new IOException("no address: " + peer, e);
        }
    }

    Future<Void> close() {
        return client.close();
    }
}
