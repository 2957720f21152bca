package io.scaibunker.microvm;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * The words that start a QEMU. Never a shell; its files it finds open. Sockets are named relative to the machine's directory,
 * which is QEMU's working directory, because the kernel allows a socket no more than 108 bytes of path.
 */
record QemuCommand(QemuSettings settings, OptionalLong tscKilohertz) {
    static final String AGENT_SOCKET = MachineSpec.RUN + "/agent.sock";
    static final String CONSOLE_SOCKET = MachineSpec.RUN + "/console.sock";
    static final String MONITOR_SOCKET = MachineSpec.RUN + "/monitor.sock";

    /** By this, and by its working directory, a running one is known. */
    static final String NAME_OPTION = "-name";

    /** How much of the guest's code TCG keeps translated. */
    static final int TRANSLATED_MB = 256;

    private static final int KERNEL = 10;
    private static final int INITRD = 11;
    private static final int IMAGE = 12;
    private static final int SCRATCH = 13;
    private static final int TAP = 14;

    /** What it must find open, by the words of {@code launch.c}. */
    static List<String> opened(MachineSpec spec) {
        var words = new ArrayList<String>();
        words.addAll(List.of("-r", KERNEL + "=" + spec.kernel(), "-r", INITRD + "=" + spec.initrd()));
        words.addAll(List.of("-r", IMAGE + "=" + spec.rootfs(), "-w", SCRATCH + "=" + spec.scratch()));
        spec.network().ifPresent(network -> words.addAll(List.of("-t", TAP + "=" + network.tap())));
        return words;
    }

    List<String> words(MachineSpec spec) {
        var words = common(open(KERNEL), open(INITRD), spec.memoryMb());
        words.addAll(List.of(NAME_OPTION, "guest=" + spec.id() + ",debug-threads=on"));
        words.addAll(List.of("-smp", Integer.toString(spec.processors())));
        words.addAll(List.of("-append", kernelLine(spec)));
        socket(words, "console", CONSOLE_SOCKET);
        words.addAll(List.of("-serial", "chardev:console"));
        socket(words, "agent", AGENT_SOCKET);
        socket(words, "monitor", MONITOR_SOCKET);
        words.addAll(List.of("-mon", "chardev=monitor,mode=control"));
        words.addAll(List.of("-device", "virtio-serial-device"));
        words.addAll(List.of("-device", "virtserialport,chardev=agent,name=scaibunker.agent"));
        if (settings.diskRate() > 0) {
            words.addAll(List.of("-object", "throttle-group,id=rate,x-bps-total=" + settings.diskRate()));
        }
        disk(words, "image", IMAGE, true);
        disk(words, "scratch", SCRATCH, false);
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
        words.addAll(List.of("-machine", "microvm,acpi=on"));
        words.addAll(List.of(
                "-accel", kind == Acceleration.Kind.KVM ? kind.word() : kind.word() + ",tb-size=" + TRANSLATED_MB));
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
        words.addAll(List.of("-netdev", "tap,id=net,fd=" + TAP + ",vhost=off"));
        words.addAll(List.of(
                "-device",
                "virtio-net-device,netdev=net,mac=" + MachineNetwork.HARDWARE_ADDRESS + ",host_mtu=" + network.mtu()));
    }

    private void disk(List<String> words, String id, int descriptor, boolean readOnly) {
        words.addAll(List.of("-add-fd", "fd=" + descriptor + ",set=" + descriptor));
        var discard = readOnly ? "" : "\"discard\":\"unmap\",\"detect-zeroes\":\"unmap\",";
        var file = "{\"driver\":\"raw\",%s\"read-only\":" + readOnly + "," + discard
                + "\"file\":{\"driver\":\"file\",\"filename\":\"/dev/fdset/" + descriptor + "\"}}";
        var name = "\"node-name\":\"" + id + "\",";
        words.addAll(List.of(
                "-blockdev",
                settings.diskRate() == 0
                        ? file.formatted(name)
                        : "{\"driver\":\"throttle\"," + name + "\"read-only\":" + readOnly + "," + discard
                                + "\"throttle-group\":\"rate\",\"file\":" + file.formatted("") + "}"));
        words.addAll(List.of("-device", "virtio-blk-device,drive=" + id + ",serial=" + id));
    }

    /** What is open already, for a user who could not open it by its name. */
    private static Path open(int descriptor) {
        return Path.of("/proc/self/fd", Integer.toString(descriptor));
    }
}
