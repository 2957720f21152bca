package io.scaibunker.testkit;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

/** Ports on loopback that nobody listened on a moment ago. */
public final class Ports {
    /** Below those that the system gives away by itself: what is free here stays free while its node is away. */
    private static final int FIRST = 15_000;

    private static final int LAST = 32_000;
    private static final int TRIES = 1_000;

    private Ports() {}

    public static int free() {
        for (int i = 0; i < TRIES; i++) {
            int port = ThreadLocalRandom.current().nextInt(FIRST, LAST);
            try (var socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return socket.getLocalPort();
            } catch (IOException taken) {
                // the next one, then
            }
        }
        throw new IllegalStateException("no free port from " + FIRST + " to " + LAST);
    }
}
