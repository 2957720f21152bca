package io.scaibunker.api;

import io.scaibunker.bus.ExecCommand;
import io.scaibunker.bus.ExecCommand.TerminalSize;
import io.scaibunker.bus.ExecEnd;
import io.scaibunker.bus.ExecOutput;
import io.scaibunker.bus.LiveCall;
import io.scaibunker.model.PlatformException;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A bunker in which every command tells its own words and ends at the end of its input, and in which files are kept by path. The
 * program {@code wait} never ends by itself; {@code echo} says again what it is told. Of what it {@link #lies} about, it says what
 * no honest agent says, and that all is well.
 */
final class FakeBunker implements LiveCall {
    static final AtomicInteger CANCELLED = new AtomicInteger();
    private static final Map<String, Buffer> FILES = new ConcurrentHashMap<>();

    private static final Map<String, List<String>> LIES = new ConcurrentHashMap<>();

    private final ExecCommand command;
    private final ExecOutput output;
    private final Promise<ExecEnd> end = Promise.promise();
    private final Buffer input = Buffer.buffer();

    private FakeBunker(ExecCommand command, ExecOutput output) {
        this.command = command;
        this.output = output;
    }

    static Future<LiveCall> open(String worker, ExecCommand command, ExecOutput output) {
        return Future.succeededFuture(new FakeBunker(command, output));
    }

    static void put(String path) {
        FILES.put(path, Buffer.buffer("there"));
    }

    static void lies(String path, String... words) {
        LIES.put(path, List.of(words));
    }

    private boolean is(String program) {
        return command.kind() == ExecCommand.Kind.COMMAND
                && command.argv().getFirst().equals(program);
    }

    @Override
    public Future<ExecEnd> end() {
        return end.future();
    }

    @Override
    public void write(Buffer bytes) {
        input.appendBuffer(bytes);
        if (is("echo")) {
            output.stdout(bytes);
        }
    }

    @Override
    public void finishInput() {
        switch (command.kind()) {
            case CONSOLE -> output.stdout(Buffer.buffer("Linux\n"));
            case FILE_WORK -> {
                workWithFile();
                return;
            }
            case COMMAND -> {
                if (is("wait")) {
                    output.stdout(Buffer.buffer("waiting"));
                    return;
                }
                output.stdout(Buffer.buffer(String.join(" ", command.argv())));
                output.stderr(Buffer.buffer("as " + command.user()));
            }
        }
        over(0, "");
    }

    private void workWithFile() {
        String path = command.argv().get(1);
        Buffer there = FILES.get(path);
        if (LIES.containsKey(path)) {
            LIES.get(path).forEach(words -> output.stdout(Buffer.buffer(words)));
            over(0, "");
            return;
        }
        switch (command.argv().getFirst()) {
            case "put" -> FILES.put(path, input);
            case "list" -> output.stdout(Buffer.buffer("f 644 0 0 3 1700000000 b\0d 755 1 2 4096 1700000000 a\0"));
            default -> {
                if (there == null) {
                    over(2, "no such file or directory");
                    return;
                }
                if (command.argv().getFirst().equals("get")) {
                    Buffer whole = Buffer.buffer("f 600 0 0 " + there.length() + " 1700000000 \0")
                            .appendBuffer(there);
                    output.stdout(whole.getBuffer(0, 5));
                    output.stdout(whole.getBuffer(5, whole.length()));
                } else {
                    FILES.remove(path);
                }
            }
        }
        over(0, "");
    }

    private void over(int code, String why) {
        end.tryComplete(new ExecEnd(code, 0, false, Duration.ofMillis(5), why));
    }

    @Override
    public void resize(TerminalSize size) {
        output.stdout(Buffer.buffer(size.columns() + "x" + size.rows()));
    }

    @Override
    public void cancel(PlatformException why) {
        if (end.tryFail(why)) {
            CANCELLED.incrementAndGet();
        }
    }

    @Override
    public boolean isFull() {
        return false;
    }

    @Override
    public void onDrain(Runnable look) {
        // It is never full.
    }

    @Override
    public void pause() {
        // It says what it has to say.
    }

    @Override
    public void resume() {
        // As above.
    }
}
