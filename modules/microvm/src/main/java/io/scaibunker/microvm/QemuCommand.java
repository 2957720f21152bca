package io.scaibunker.microvm;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * The words that start a QEMU. Never a shell; what is data goes where QEMU does not parse it, or as JSON. Sockets are
 * named relative to the machine's directory, which is QEMU's working directory, because the kernel allows a socket no
 * more than 108 bytes of path.
 */
record QemuCommand(QemuSettings settings, OptionalLong tscKilohertz) {
    static final String AGENT_SOCKET = "agent.sock";
    static final String CONSOLE_SOCKET = "console.sock";
    static final String MONITOR_SOCKET = "monitor.sock";

    /** Names the machine's directory on the command line; QEMU itself hardly ever writes there. */
    static final String DIRECTORY_OPTION = "-D";

    List<String> words(MachineSpec spec) {
        var words = common(spec.kernel(), spec.initrd(), spec.memoryMb());
        words.addAll(List.of("-name", "guest=" + spec.id() + ",debug-threads=on"));
        words.addAll(
                List.of(DIRECTORY_OPTION, spec.workDir().resolve("qemu.log").toString()));
        words.addAll(List.of("-smp", Integer.toString(spec.processors())));
        words.addAll(List.of("-append", kernelLine(spec)));
        socket(words, "console", CONSOLE_SOCKET);
        words.addAll(List.of("-serial", "chardev:console"));
        socket(words, "agent", AGENT_SOCKET);
        socket(words, "monitor", MONITOR_SOCKET);
        words.addAll(List.of("-mon", "chardev=monitor,mode=control"));
        words.addAll(List.of("-device", "virtio-serial-device"));
        words.addAll(List.of("-device", "virtserialport,chardev=agent,name=scaibunker.agent"));
        disk(words, "image", spec.rootfs(), true);
        disk(words, "scratch", spec.scratch(), false);
        spec.network().ifPresent(network -> network(words, network));
        return List.copyOf(words);
    }

    /** A machine without disks whose agent says one line on standard output and powers off. */
    List<String> probeWords(Path kernel, Path initrd) {
        var words = common(kernel, initrd, 256);
        words.addAll(List.of("-append", kernelLine() + " scaibunker.probe=1"));
        words.addAll(List.of("-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console"));
        return List.copyOf(words);
    }

    private List<String> common(Path kernel, Path initrd, int memoryMb) {
        var kind = settings.acceleration().kind();
        var words = new ArrayList<>(List.of(settings.program().toString()));
        words.addAll(List.of("-machine", "microvm,acpi=on", "-accel", kind.word()));
        words.addAll(List.of("-cpu", kind == Acceleration.Kind.KVM ? "host" : "max"));
        words.addAll(List.of("-nodefaults", "-no-user-config", "-nographic", "-no-reboot"));
        if (settings.sandbox()) {
            words.addAll(
                    List.of("-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"));
        }
        words.addAll(List.of("-m", memoryMb + "M"));
        words.addAll(List.of("-kernel", kernel.toString(), "-initrd", initrd.toString()));
        words.addAll(List.of("-device", "virtio-rng-device"));
        return words;
    }

    private String kernelLine(MachineSpec spec) {
        return kernelLine()
                + " scaibunker.hostname=" + spec.hostname()
                + spec.network()
                        .map(network -> " scaibunker.net=" + network.address() + "," + network.gateway())
                        .orElse("");
    }

    private String kernelLine() {
        // A panic ends the machine, by a triple fault: the other ways to reset are not there and are tried for ever.
        var line = "console=ttyS0 quiet loglevel=4 cryptomgr.notests panic=-1 reboot=t random.trust_cpu=on";
        // Without its speed one boot in three hangs in the counter's calibration; with it there is nothing to check it
        // by.
        return tscKilohertz.isPresent() ? line + " tsc=reliable tsc_early_khz=" + tscKilohertz.getAsLong() : line;
    }

    private static void socket(List<String> words, String id, String path) {
        words.addAll(List.of("-chardev", "socket,id=" + id + ",path=" + path + ",server=on,wait=off"));
    }

    private static void network(List<String> words, MachineNetwork network) {
        words.addAll(List.of("-netdev", "tap,id=net,ifname=" + network.tap() + ",script=no,downscript=no,vhost=off"));
        words.addAll(List.of(
                "-device",
                "virtio-net-device,netdev=net,mac=" + MachineNetwork.HARDWARE_ADDRESS + ",host_mtu=" + network.mtu()));
    }

    private static void disk(List<String> words, String id, Path file, boolean readOnly) {
        var discard = readOnly ? "" : "\"discard\":\"unmap\",\"detect-zeroes\":\"unmap\",";
        words.addAll(List.of(
                "-blockdev",
                "{\"driver\":\"raw\",\"node-name\":\"" + id + "\",\"read-only\":" + readOnly + "," + discard
                        + "\"file\":{\"driver\":\"file\",\"filename\":" + json(file.toString()) + "}}"));
        words.addAll(List.of("-device", "virtio-blk-device,drive=" + id + ",serial=" + id));
    }

    static String json(String text) {
        var quoted = new StringBuilder("\"");
        text.chars().forEach(c -> {
            if (c == '"' || c == '\\') {
                quoted.append('\\').append((char) c);
            } else if (c < 0x20) {
                quoted.append(String.format("\\u%04x", c));
            } else {
                quoted.append((char) c);
            }
        });
        return quoted.append('"').toString();
    }
}
