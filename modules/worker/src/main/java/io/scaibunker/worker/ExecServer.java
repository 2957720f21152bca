package io.scaibunker.worker;

import com.google.protobuf.ByteString;
import io.scaibunker.bus.ExecMethod;
import io.scaibunker.bus.proto.ExecExit;
import io.scaibunker.bus.proto.ExecIn;
import io.scaibunker.bus.proto.ExecOut;
import io.scaibunker.bus.proto.ExecStart;
import io.scaibunker.bus.proto.Terminal;
import io.scaibunker.guest.Errno;
import io.scaibunker.guest.ExecHandle;
import io.scaibunker.guest.ExecOutcome;
import io.scaibunker.guest.ExecRequest;
import io.scaibunker.guest.ExecSink;
import io.scaibunker.guest.GuestException;
import io.scaibunker.microvm.Machine;
import io.scaibunker.microvm.MachineException;
import io.scaibunker.model.BunkerId;
import io.scaibunker.telemetry.Measure;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.server.GrpcServer;
import io.vertx.grpc.server.GrpcServerRequest;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Serves {@code Exec} of {@code worker.proto} to members of the fleet. */
final class ExecServer {
    private static final Logger LOG = LoggerFactory.getLogger(ExecServer.class);
    private static final long KILL_SECONDS = 10;
    private static final long HANG_UP_SECONDS = 5;

    /** Messages of output on their way to one caller. */
    private static final int WINDOW = 16;

    private final Vertx vertx;
    private final BunkerKeeper bunkers;
    private final Bench bench;
    private final Membership membership;

    ExecServer(Vertx vertx, BunkerKeeper bunkers, Bench bench, Membership membership) {
        this.vertx = vertx;
        this.bunkers = bunkers;
        this.bench = bench;
        this.membership = membership;
    }

    void enrol(GrpcServer server) {
        server.callHandler(ExecMethod.SERVER, this::accept);
    }

    private void accept(GrpcServerRequest<ExecIn, ExecOut> request) {
        if (!membership.isMember(request)) {
            refuse(request, GrpcStatus.UNAUTHENTICATED, "not a member of this fleet");
            return;
        }
        Call call = new Call(request, vertx.getOrCreateContext());
        // A connection that broke is an exception, a caller that lets go an error: the one is not told as the other.
        request.exceptionHandler(gone -> call.kill());
        request.errorHandler(gone -> call.kill());
        request.handler(call::take);
    }

    /** An agent that has no time for a command's end is the bunker's own trouble; a line that broke may be the worker's. */
    static GrpcStatus statusOf(Throwable noEnd) {
        return noEnd instanceof TimeoutException ? GrpcStatus.RESOURCE_EXHAUSTED : GrpcStatus.UNAVAILABLE;
    }

    private static void refuse(GrpcServerRequest<ExecIn, ExecOut> request, GrpcStatus status, String text) {
        request.response().status(status).statusMessage(text).end();
    }

    /** One command, from its start to its exit. */
    private final class Call implements ExecSink {
        private final GrpcServerRequest<ExecIn, ExecOut> request;
        private final Context loop;
        private final long began = System.nanoTime();

        /** Output on its way to the caller; a slow caller holds up its own command and no other. */
        private final Semaphore window = new Semaphore(WINDOW);

        private volatile @Nullable ExecHandle handle;
        private volatile boolean gone;
        private volatile boolean onTerminal;
        private volatile boolean fileWork;
        private volatile BunkerUse use = BunkerUse.NONE;

        Call(GrpcServerRequest<ExecIn, ExecOut> request, Context loop) {
            this.request = request;
            this.loop = loop;
        }

        void take(ExecIn part) {
            use.touch();
            switch (part.getPartCase()) {
                case START -> start(part.getStart());
                case STDIN -> feed(part.getStdin().toByteArray());
                case STDIN_END -> endInput();
                case RESIZE -> resize(part.getResize());
                case PART_NOT_SET -> refuse(request, GrpcStatus.INVALID_ARGUMENT, "an empty message");
            }
        }

        private void start(ExecStart start) {
            if (handle != null) {
                refuse(request, GrpcStatus.INVALID_ARGUMENT, "started twice");
                return;
            }
            try {
                Bunker bunker =
                        bunkers.find(BunkerId.parse(start.getBunkerId())).orElse(null);
                if (start.getConsole() && bunker != null) {
                    tellConsole(bunker);
                    return;
                }
                if (bunker == null) {
                    refuse(request, GrpcStatus.NOT_FOUND, start.getBunkerId() + " is not on this worker");
                    return;
                }
                Machine machine = bunker.running().orElse(null);
                if (machine == null) {
                    refuse(request, GrpcStatus.FAILED_PRECONDITION, start.getBunkerId() + " is not running");
                    return;
                }
                onTerminal = start.hasTerminal();
                fileWork = start.getFileWork();
                handle = machine.exec(execRequest(bunker, start), this);
                use = bunker.use(!onTerminal);
                bench.await(() -> waitFor(start.getTimeoutMs())).onComplete(ended -> {
                    use.end();
                    if (!onTerminal && !fileWork) {
                        Measure.EXEC.took(
                                System.nanoTime() - began, ended.succeeded() ? outcome(ended.result()) : "lost");
                    }
                    if (ended.succeeded()) {
                        request.response()
                                .end(ExecOut.newBuilder()
                                        .setExit(ended.result())
                                        .build());
                    } else {
                        refuse(request, statusOf(ended.cause()), bunker.id() + " does not answer any more");
                    }
                });
            } catch (IllegalArgumentException e) {
                refuse(request, GrpcStatus.INVALID_ARGUMENT, String.valueOf(e.getMessage()));
            } catch (GuestException e) {
                GrpcStatus status = e.reason() == GuestException.Reason.TOO_MANY
                        ? GrpcStatus.RESOURCE_EXHAUSTED
                        : GrpcStatus.FAILED_PRECONDITION;
                refuse(request, status, String.valueOf(e.getMessage()));
            } catch (MachineException e) {
                refuse(request, GrpcStatus.FAILED_PRECONDITION, String.valueOf(e.getMessage()));
            }
        }

        private ExecExit waitFor(long timeoutMs) throws Exception {
            ExecHandle running = Objects.requireNonNull(handle);
            boolean timedOut = false;
            ExecOutcome outcome;
            try {
                outcome = running.outcome().get(timeoutMs, TimeUnit.MILLISECONDS);
            } catch (TimeoutException late) {
                timedOut = true;
                running.signal(ExecHandle.KILL);
                outcome = running.outcome().get(KILL_SECONDS, TimeUnit.SECONDS);
            }
            // All output is with the caller's stream before the exit is.
            window.acquire(WINDOW);
            return exit(outcome, timedOut);
        }

        private static String outcome(ExecExit exit) {
            if (exit.getTimedOut()) {
                return "timed_out";
            }
            if (!exit.getNotStarted().isEmpty()) {
                return "not_started";
            }
            return exit.getSignal() == 0 ? "exited" : "signalled";
        }

        private ExecExit exit(ExecOutcome outcome, boolean timedOut) {
            ExecExit.Builder exit =
                    ExecExit.newBuilder().setTimedOut(timedOut).setDurationMs((System.nanoTime() - began) / 1_000_000);
            switch (outcome) {
                case ExecOutcome.Exited exited -> {
                    exit.setExitCode(exited.code());
                    if (fileWork && exited.code() != 0) {
                        exit.setNotStarted(Errno.text(exited.code()));
                    }
                }
                case ExecOutcome.Signalled signalled ->
                    exit.setSignal(signalled.signal()).setExitCode(128 + signalled.signal());
                case ExecOutcome.NotStarted not -> exit.setExitCode(127).setNotStarted(not.text());
            }
            return exit.build();
        }

        @Override
        public void stdout(byte[] bytes) {
            send(bytes, false);
        }

        @Override
        public void stderr(byte[] bytes) {
            send(bytes, true);
        }

        private void send(byte[] bytes, boolean error) {
            for (int from = 0; from < bytes.length; from += ExecMethod.CHUNK_MAX) {
                int length = Math.min(ExecMethod.CHUNK_MAX, bytes.length - from);
                ByteString chunk = ByteString.copyFrom(bytes, from, length);
                ExecOut.Builder out = ExecOut.newBuilder();
                pass((error ? out.setStderr(chunk) : out.setStdout(chunk)).build());
            }
        }

        private void pass(ExecOut part) {
            use.touch();
            window.acquireUninterruptibly();
            loop.runOnContext(now -> {
                // Looked at here: the stream of who has gone meanwhile does not fail, it throws.
                if (gone) {
                    window.release();
                } else {
                    request.response().write(part).onComplete(written -> window.release());
                }
            });
        }

        private void feed(byte[] input) {
            ExecHandle running = handle;
            if (running == null) {
                return;
            }
            // The command may read slowly: its caller waits, on a thread of its own, and sends no more meanwhile.
            request.pause();
            bench.await(() -> {
                        running.write(input);
                        return input.length;
                    })
                    .onFailure(thrown -> LOG.debug("input of a command was not taken", thrown))
                    .onComplete(taken -> request.resume());
        }

        private void endInput() {
            ExecHandle running = handle;
            if (running != null) {
                running.closeStdin();
            }
        }

        private void resize(Terminal size) {
            ExecHandle running = handle;
            if (running != null) {
                running.resize(terminal(size));
            }
        }

        private void tellConsole(Bunker bunker) {
            String text = bunker.machine().map(Machine::consoleTail).orElse("");
            bench.await(() -> {
                        send(text.getBytes(StandardCharsets.UTF_8), false);
                        return text;
                    })
                    .onComplete(sent -> request.response()
                            .end(ExecOut.newBuilder()
                                    .setExit(ExecExit.getDefaultInstance())
                                    .build()));
        }

        /** The caller went away. What ran on a terminal hears of it as it would from a real one, and gets time for that. */
        void kill() {
            gone = true;
            ExecHandle running = handle;
            if (running == null) {
                return;
            }
            // Output that waits for its way to the caller waits no more.
            window.release(WINDOW);
            if (!onTerminal) {
                running.signal(ExecHandle.KILL);
                return;
            }
            running.signal(ExecHandle.HANG_UP);
            running.outcome().orTimeout(HANG_UP_SECONDS, TimeUnit.SECONDS).exceptionally(late -> {
                running.signal(ExecHandle.KILL);
                return null;
            });
        }
    }

    private static ExecRequest execRequest(Bunker bunker, ExecStart start) {
        Map<String, String> environment = new HashMap<>(bunker.wanted().environment());
        environment.putAll(start.getEnvironmentMap());
        return new ExecRequest(
                start.getArgvList(),
                environment,
                start.getCwd(),
                start.getUser(),
                true,
                start.hasTerminal() ? terminal(start.getTerminal()) : null,
                start.getFileWork());
    }

    private static ExecRequest.Terminal terminal(Terminal size) {
        return new ExecRequest.Terminal(size.getColumns(), size.getRows());
    }
}
