package io.scaibunker.microvm;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.SocketAddress;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * A program that stands where Firecracker would: it takes Firecracker's words, checks every call against Firecracker's description of
 * its API, and boots what it was told in a QEMU whose vsock is, on the host's side, Firecracker's. So all is real but the monitor.
 * What it does not have from Firecracker: that the disks have no names, that the only ends are a reset and a kill.
 *
 * <p>Its first words are the test's: where {@code vsock} lies, and the path of the one call that it refuses, or {@code -}.
 */
final class StandIn {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String QEMU_SOCKET = "qemu.sock";
    private static final String DEVICE_SOCKET = "device.sock";
    private static final Path CALLS = Path.of("calls");

    private final ApiDescription description;
    private final Path vsock;
    private final String refused;
    private final String id;
    private final Map<String, JsonNode> told = new HashMap<>();
    private final List<JsonNode> drives = new ArrayList<>();

    /** One runs the machine: the process's main thread, since children end with the thread that started them. */
    private final BlockingQueue<Boolean> starts = new ArrayBlockingQueue<>(1);

    private volatile String state = "Not started";
    private @Nullable QemuMonitor qemu;

    private StandIn(ApiDescription description, Path vsock, String refused, String id) {
        this.description = description;
        this.vsock = vsock;
        this.refused = refused;
        this.id = id;
    }

    public static void main(String[] words) throws Exception {
        var given = List.of(words);
        var id = given.get(given.indexOf("--id") + 1);
        var socket = given.get(given.indexOf(FirecrackerCommand.SOCKET_OPTION) + 1);
        if (!id.matches("[A-Za-z0-9-]{1,64}")) {
            System.err.println("Invalid instance ID: " + id);
            System.exit(1);
        }
        var standIn = new StandIn(ApiDescription.read(), Path.of(words[0]), words[1], id);
        var vertx = Vertx.vertx();
        vertx.createHttpServer()
                .requestHandler(standIn::take)
                .listen(SocketAddress.domainSocketAddress(
                        Path.of(socket).toAbsolutePath().toString().length() < 100
                                ? Path.of(socket).toAbsolutePath().toString()
                                : socket))
                .await();
        standIn.starts.take();
        standIn.run();
        vertx.close();
        System.exit(0);
    }

    private void take(HttpServerRequest request) {
        request.body().onSuccess(body -> {
            var text = body.toString();
            var fault = description
                    .fault(request.method().name(), request.path(), text, !state.equals("Not started"))
                    .orElse(request.path().equals(refused) ? "refused, as the test wants it" : "");
            try {
                Files.writeString(
                        CALLS,
                        request.method() + " " + request.path() + (fault.isEmpty() ? "" : " " + fault) + "\n",
                        StandardOpenOption.CREATE,
                        StandardOpenOption.APPEND);
                if (!fault.isEmpty()) {
                    request.response().setStatusCode(400).end(JSON.writeValueAsString(Map.of("fault_message", fault)));
                    return;
                }
                answer(request, request.path(), text);
            } catch (IOException e) {
                request.response()
                        .setStatusCode(500)
                        .end(JSON.createObjectNode()
                                .put("fault_message", "" + e)
                                .toString());
            }
        });
    }

    private void answer(HttpServerRequest request, String path, String text) throws IOException {
        if (path.equals("/")) {
            var info = Map.of("app_name", "Firecracker", "id", id, "state", state, "vmm_version", "1.12.0");
            request.response().end(JSON.writeValueAsString(info));
            return;
        }
        var body = JSON.readTree(text);
        switch (path) {
            case "/actions" -> act(body.path("action_type").asText());
            case "/vm" -> switchTo(body.path("state").asText());
            default -> {
                told.put(path, body);
                if (path.startsWith("/drives/")) {
                    drives.add(body);
                }
            }
        }
        request.response().setStatusCode(204).end();
    }

    private void act(String action) throws IOException {
        if (action.equals("InstanceStart")) {
            for (var path : List.of("/machine-config", "/boot-source", "/vsock")) {
                if (!told.containsKey(path)) {
                    throw new IOException("nothing was told by " + path);
                }
            }
            state = "Running";
            starts.add(true);
        } else if (action.equals("SendCtrlAltDel")) {
            monitor().ask("system_reset");
        }
    }

    private void switchTo(String wanted) throws IOException {
        monitor().ask(wanted.equals("Paused") ? "stop" : "cont");
        state = wanted.equals("Paused") ? "Paused" : "Running";
    }

    private synchronized QemuMonitor monitor() throws IOException {
        if (qemu == null) {
            qemu = QemuMonitor.open(id, SocketChannel.open(UnixDomainSocketAddress.of(QEMU_SOCKET)));
        }
        return qemu;
    }

    /** From its start to its end. */
    private void run() throws Exception {
        var device = child(
                vsock.toString(),
                DEVICE_SOCKET,
                told.get("/vsock").path("guest_cid").asText(),
                told.get("/vsock").path("uds_path").asText());
        while (!Files.exists(Path.of(told.get("/vsock").path("uds_path").asText()))) {
            Thread.onSpinWait();
        }
        child(qemuWords().toArray(String[]::new)).waitFor();
        device.destroyForcibly();
    }

    /** It dies with this process, however that ends. */
    private static Process child(String... words) throws IOException {
        var all = new ArrayList<>(List.of("setpriv", "--pdeathsig", "KILL"));
        all.addAll(List.of(words));
        return new ProcessBuilder(all).inheritIO().start();
    }

    private List<String> qemuWords() throws InterruptedException {
        var machine = told.get("/machine-config");
        var boot = told.get("/boot-source");
        var memory = machine.path("mem_size_mib").asText() + "M";
        var words = new ArrayList<>(List.of("qemu-system-x86_64", "-machine", "microvm,acpi=on,memory-backend=memory"));
        words.addAll(List.of("-object", "memory-backend-memfd,id=memory,share=on,size=" + memory, "-m", memory));
        words.addAll(List.of("-accel", "tcg", "-cpu", "max", "-nodefaults", "-no-user-config", "-nographic"));
        words.addAll(List.of("-no-reboot", "-smp", machine.path("vcpu_count").asText()));
        words.addAll(List.of("-kernel", boot.path("kernel_image_path").asText()));
        words.addAll(List.of("-initrd", boot.path("initrd_path").asText()));
        // What TCG needs, and Firecracker's KVM does not.
        words.addAll(List.of(
                "-append",
                boot.path("boot_args").asText() + " tsc=reliable tsc_early_khz="
                        + HostClock.tscKilohertz().orElseThrow()));
        words.addAll(List.of("-serial", "stdio", "-device", "i8042"));
        words.addAll(List.of("-qmp", "unix:" + QEMU_SOCKET + ",server=on,wait=off"));
        words.addAll(List.of("-chardev", "socket,id=vsock,path=" + DEVICE_SOCKET));
        words.addAll(List.of("-device", "vhost-user-vsock-device,chardev=vsock"));
        if (told.containsKey("/entropy")) {
            words.addAll(List.of("-device", "virtio-rng-device"));
        }
        for (var drive : drives) {
            var name = drive.path("drive_id").asText();
            words.addAll(List.of(
                    "-drive",
                    "if=none,format=raw,id=" + name + ",file="
                            + drive.path("path_on_host").asText() + ",readonly="
                            + (drive.path("is_read_only").asBoolean() ? "on" : "off"),
                    "-device",
                    "virtio-blk-device,drive=" + name));
        }
        return words;
    }
}
