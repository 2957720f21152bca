package io.scaibunker.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.FileChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** What the mere copying of bytes over loopback takes: one sender, several receivers at once, each into a file. */
final class PlainCopies {
    private PlainCopies() {}

    /**
     * @param file its bytes from {@code offset} on are sent
     * @return seconds until all have them, on disk
     */
    static double seconds(Path file, long offset, long bytes, int receivers, Path directory) throws Exception {
        long begun = System.nanoTime();
        try (var server = ServerSocketChannel.open();
                var threads = Executors.newCachedThreadPool()) {
            server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            List<Future<Void>> all = new ArrayList<>();
            for (int number = 0; number < receivers; number++) {
                Path target = directory.resolve("plain-" + number);
                all.add(threads.submit((Callable<Void>) () -> receive(server, target, bytes)));
                SocketChannel socket = server.accept();
                all.add(threads.submit((Callable<Void>) () -> send(file, offset, bytes, socket)));
            }
            for (Future<Void> one : all) {
                one.get();
            }
        } finally {
            for (int number = 0; number < receivers; number++) {
                Files.deleteIfExists(directory.resolve("plain-" + number));
            }
        }
        return (System.nanoTime() - begun) / 1e9;
    }

    private static Void send(Path file, long offset, long bytes, SocketChannel socket) throws IOException {
        try (socket;
                var from = FileChannel.open(file, StandardOpenOption.READ)) {
            for (long sent = 0; sent < bytes; ) {
                sent += from.transferTo(offset + sent, bytes - sent, socket);
            }
        }
        return null;
    }

    private static Void receive(ServerSocketChannel server, Path target, long bytes) throws IOException {
        try (var socket = SocketChannel.open(server.getLocalAddress());
                var to = FileChannel.open(target, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            for (long taken = 0; taken < bytes; ) {
                taken += to.transferFrom(socket, taken, bytes - taken);
            }
            to.force(true);
        }
        return null;
    }
}
