package io.scaibunker.worker;

import io.scaibunker.guest.ExecHandle;
import io.scaibunker.guest.ExecOutcome;
import io.scaibunker.guest.ExecRequest;
import io.scaibunker.guest.ExecSink;
import io.scaibunker.guest.GuestHello;
import io.scaibunker.microvm.Machine;
import io.scaibunker.microvm.MachineExit;
import io.scaibunker.microvm.StartTimes;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A machine whose commands run until they are killed or hung up; what is done to them is kept. */
final class FakeMachine implements Machine {
    private final BlockingQueue<Command> commands = new LinkedBlockingQueue<>();

    /** One command in it. */
    static final class Command implements ExecHandle {
        final ExecRequest request;
        final ExecSink sink;
        final CompletableFuture<ExecOutcome> end = new CompletableFuture<>();
        private final BlockingQueue<Integer> signals = new LinkedBlockingQueue<>();

        Command(ExecRequest request, ExecSink sink) {
            this.request = request;
            this.sink = sink;
        }

        Integer nextSignal() throws InterruptedException {
            return signals.poll(10, TimeUnit.SECONDS);
        }

        @Override
        public void write(byte[] bytes) {}

        @Override
        public void closeStdin() {}

        @Override
        public void signal(int number) {
            signals.add(number);
            end.complete(new ExecOutcome.Signalled(number));
        }

        @Override
        public void resize(ExecRequest.Terminal size) {}

        @Override
        public CompletableFuture<ExecOutcome> outcome() {
            return end.copy();
        }
    }

    Command nextCommand() throws InterruptedException {
        Command begun = commands.poll(10, TimeUnit.SECONDS);
        if (begun == null) {
            throw new AssertionError("no command began");
        }
        return begun;
    }

    @Override
    public ExecHandle exec(ExecRequest request, ExecSink sink) {
        Command command = new Command(request, sink);
        commands.add(command);
        return command;
    }

    @Override
    public String id() {
        return "fake";
    }

    @Override
    public long pid() {
        return 0;
    }

    @Override
    public GuestHello awaitReady(Duration atMost) {
        throw new UnsupportedOperationException("it is ready");
    }

    @Override
    public void pause() {}

    @Override
    public void resume(Duration atMost) {}

    @Override
    public boolean isPaused() {
        return false;
    }

    @Override
    public StartTimes startTimes() {
        return new StartTimes(Duration.ZERO, Duration.ZERO);
    }

    @Override
    public MachineExit stop(Duration grace) {
        return new MachineExit(MachineExit.Cause.ASKED, 0, consoleTail());
    }

    @Override
    public void leave() {}

    @Override
    public CompletableFuture<MachineExit> onExit() {
        return new CompletableFuture<>();
    }

    @Override
    public String consoleTail() {
        return "ready";
    }
}
