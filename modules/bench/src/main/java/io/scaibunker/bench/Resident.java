package io.scaibunker.bench;

import io.scaibunker.testkit.NodeProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;

/** The memory that a node's process has, looked at again and again until it is closed. */
final class Resident implements AutoCloseable {
    private static final Pattern SIZE = Pattern.compile("VmRSS:\\s+(\\d+) kB");
    private static final long PAUSE = TimeUnit.MILLISECONDS.toNanos(100);

    private final long before;
    private final AtomicLong most;
    private final AtomicBoolean over = new AtomicBoolean();
    private final Thread looking;

    Resident(NodeProcess node) throws IOException {
        before = mb(node);
        most = new AtomicLong(before);
        looking = Thread.startVirtualThread(() -> look(node));
    }

    /** In megabytes; -1 where it is gone. */
    static long mb(NodeProcess node) throws IOException {
        var size = SIZE.matcher(Files.readString(Path.of("/proc/" + node.pid() + "/status")));
        return size.find() ? Long.parseLong(size.group(1)) / 1024 : -1;
    }

    private void look(NodeProcess node) {
        while (!over.get()) {
            try {
                most.accumulateAndGet(mb(node), Math::max);
            } catch (IOException gone) {
                return;
            }
            LockSupport.parkNanos(PAUSE);
        }
    }

    long before() {
        return before;
    }

    long most() {
        return most.get();
    }

    @Override
    public void close() {
        over.set(true);
        LockSupport.unpark(looking);
    }
}
