package io.scaibunker.microvm;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * An internet of one namespace: hosts that say hello on ports 80, 443 and 5000, public ones and some that no bunker should
 * reach; a nameserver that knows them; and a service of the host itself. Needs root.
 */
final class World implements AutoCloseable {
    static final String PUBLIC = "198.51.100.1";
    static final String OTHER = "198.51.100.2";
    static final String THIRD = "198.51.100.3";
    static final String PRIVATE = "192.168.77.1";
    static final String METADATA = "169.254.169.254";
    static final String HOST = "198.51.100.254";
    static final int BYTES = 2_000_000;
    private static final String NAMESPACE = "sbtest-world";
    private static final Map<String, String> NAMES = Map.of(
            "good.example.org", PUBLIC,
            "bad.example.org", THIRD,
            "a.wild.example.org", OTHER,
            "inner.example.org", PRIVATE);

    private final List<Process> servers = new ArrayList<>();
    private final DatagramSocket names;
    private final ServerSocket ofHost;

    private World(DatagramSocket names, ServerSocket ofHost) {
        this.names = names;
        this.ofHost = ofHost;
    }

    /** @param reach the program */
    static World make(Path reach) throws Exception {
        new ProcessBuilder("ip", "netns", "delete", NAMESPACE)
                .redirectErrorStream(true)
                .start()
                .waitFor();
        GuestImage.run("ip", "netns", "add", NAMESPACE);
        GuestImage.run("ip", "link", "add", "sbtest0", "type", "veth", "peer", "name", "eth0", "netns", NAMESPACE);
        GuestImage.run("ip", "address", "add", HOST + "/24", "dev", "sbtest0");
        GuestImage.run("ip", "link", "set", "sbtest0", "up");
        for (var address : List.of(PUBLIC + "/24", OTHER + "/24", THIRD + "/24", PRIVATE + "/32", METADATA + "/32")) {
            GuestImage.run("ip", "-n", NAMESPACE, "address", "add", address, "dev", "eth0");
        }
        GuestImage.run("ip", "-n", NAMESPACE, "link", "set", "eth0", "up");
        GuestImage.run("ip", "-n", NAMESPACE, "route", "add", "default", "via", HOST);
        GuestImage.run("ip", "route", "add", PRIVATE, "dev", "sbtest0");
        GuestImage.run("ip", "route", "add", METADATA, "dev", "sbtest0");
        var world = new World(
                new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)), new ServerSocket(8080));
        world.serve(reach, 0, "80", "443");
        world.serve(reach, BYTES, "5000");
        Thread.ofVirtual().start(world::answer);
        return world;
    }

    private void serve(Path reach, int bytes, String... ports) throws Exception {
        var words = new ArrayList<>(List.of("ip", "netns", "exec", NAMESPACE, reach.toString(), "serve", "" + bytes));
        words.addAll(List.of(ports));
        var server = new ProcessBuilder(words).redirectErrorStream(true).start();
        servers.add(server);
        if (server.getInputStream().read() != 'r') {
            throw new IOException("no server on " + List.of(ports));
        }
    }

    InetSocketAddress names() {
        return (InetSocketAddress) names.getLocalSocketAddress();
    }

    /** A nameserver of its own, since the one under test must not be asked what it should say. */
    private void answer() {
        var packet = new DatagramPacket(new byte[512], 512);
        try {
            while (true) {
                packet.setLength(512);
                names.receive(packet);
                var said = said(ByteBuffer.wrap(packet.getData(), 0, packet.getLength()));
                names.send(new DatagramPacket(said, said.length, packet.getSocketAddress()));
            }
        } catch (IOException closed) {
            // The test is over.
        }
    }

    private static byte[] said(ByteBuffer question) {
        var id = question.getShort(0);
        question.position(12);
        var name = new StringBuilder();
        for (var length = question.get(); length > 0; length = question.get()) {
            var label = new byte[length];
            question.get(label);
            name.append(name.isEmpty() ? "" : ".").append(new String(label, StandardCharsets.US_ASCII));
        }
        var end = question.position() + 4;
        var address = question.getShort() == 1 ? NAMES.get(name.toString()) : null;
        var answer = ByteBuffer.allocate(512)
                .putShort(id)
                .putShort((short) (NAMES.containsKey(name.toString()) ? 0x8580 : 0x8583))
                .putShort((short) 1)
                .putShort((short) (address == null ? 0 : 1))
                .putInt(0)
                .put(question.array(), 12, end - 12);
        if (address != null) {
            answer.putShort((short) 0xc00c)
                    .putShort((short) 1)
                    .putShort((short) 1)
                    .putInt(5)
                    .putShort((short) 4);
            for (var part : address.split("\\.")) {
                answer.put((byte) Integer.parseInt(part));
            }
        }
        var bytes = new byte[answer.position()];
        answer.flip().get(bytes);
        return bytes;
    }

    @Override
    public void close() throws IOException {
        names.close();
        ofHost.close();
        servers.forEach(Process::destroyForcibly);
        new ProcessBuilder("ip", "netns", "delete", NAMESPACE).start().onExit().join();
    }
}
