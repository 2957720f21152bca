package io.scaibunker.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** A way to a server on loopback that can be made bad. What is sent passes through it unchanged while it is well. */
public final class Link implements AutoCloseable {
    /** What is wrong with it. */
    public enum Trouble {
        NONE,
        /** Connections are closed as soon as they are made, and those that are there. */
        CUT,
        /** Nothing gets through, and nobody is told. */
        STALLED,
        /** Answers end in the middle. */
        TRUNCATED,
        /** Answers end in the middle, by a reset. */
        RESET,
        /** Every request is answered 429. */
        TOO_MANY,
        /** Every request is answered 500. */
        BROKEN
    }

    /** After so many bytes an answer ends. */
    private static final long TRUNCATED_AT = 300_000;

    private final ServerSocket server;
    private final int target;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private Trouble trouble = Trouble.NONE;
    private boolean closed;

    private Link(ServerSocket server, int target) {
        this.server = server;
        this.target = target;
    }

    /** A way to what listens at this port. */
    public static Link to(int port) {
        return from(InetAddress.getLoopbackAddress(), port);
    }

    /** The same, for those who reach another address of this host. */
    public static Link from(InetAddress address, int port) {
        try {
            var link = new Link(new ServerSocket(0, 100, address), port);
            Thread.ofVirtual().name("link-" + port).start(link::accept);
            return link;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public int port() {
        return server.getLocalPort();
    }

    /** From now on. What is under way suffers, too. */
    public synchronized void suffer(Trouble from) {
        trouble = from;
        notifyAll();
        if (from != Trouble.NONE && from != Trouble.STALLED) {
            closeAll();
        }
    }

    private void closeAll() {
        open.forEach(Link::close);
        open.clear();
    }

    private synchronized Trouble trouble() {
        return trouble;
    }

    private synchronized void awaitFlow() throws InterruptedException {
        while (trouble == Trouble.STALLED && !closed) {
            wait();
        }
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                var client = server.accept();
                open.add(client);
                Thread.ofVirtual().start(() -> serve(client));
            } catch (SocketException over) {
                return;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private void serve(Socket client) {
        try (client) {
            awaitFlow();
            switch (trouble()) {
                case CUT -> {
                    return;
                }
                case TOO_MANY -> answer(client, "429 Too Many Requests");
                case BROKEN -> answer(client, "500 Internal Server Error");
                case NONE, STALLED, TRUNCATED, RESET -> connect(client);
            }
        } catch (IOException | InterruptedException cut) {
            close(client);
        } finally {
            open.remove(client);
        }
    }

    private static void answer(Socket client, String status) throws IOException {
        var head = new byte[8192];
        if (client.getInputStream().read(head) > 0) {
            var text = "HTTP/1.1 " + status + "\r\nContent-Length: 0\r\nRetry-After: 1\r\nConnection: close\r\n\r\n";
            client.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
        }
    }

    private void connect(Socket client) throws IOException, InterruptedException {
        try (var way = new Socket()) {
            way.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), target));
            open.add(way);
            var asking = Thread.ofVirtual().start(() -> pump(client, way, Trouble.NONE));
            pump(way, client, trouble());
            asking.join();
            open.remove(way);
        }
    }

    private void pump(Socket from, Socket to, Trouble ending) {
        var passed = new AtomicLong();
        try {
            var buffer = new byte[16 << 10];
            for (var length = from.getInputStream().read(buffer);
                    length >= 0;
                    length = from.getInputStream().read(buffer)) {
                awaitFlow();
                to.getOutputStream().write(buffer, 0, length);
                if (isCut(ending) && passed.addAndGet(length) > TRUNCATED_AT) {
                    to.setSoLinger(ending == Trouble.RESET, 0);
                    break;
                }
            }
        } catch (IOException | InterruptedException over) {
            // The other direction ends with it.
            passed.set(0);
        }
        close(to);
        close(from);
    }

    private static boolean isCut(Trouble ending) {
        return ending == Trouble.TRUNCATED || ending == Trouble.RESET;
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        notifyAll();
        try {
            server.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        closeAll();
    }
}
