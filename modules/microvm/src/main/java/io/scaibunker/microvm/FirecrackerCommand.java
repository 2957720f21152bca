package io.scaibunker.microvm;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The words that start a Firecracker. It works in the machine's room, in a jail or not, and everything it is told of lies there:
 * so all names are relative, and the same in both.
 */
final class FirecrackerCommand {
    static final String SOCKET_OPTION = "--api-sock";
    static final String API_SOCKET = "api.sock";
    static final String AGENT_SOCKET = "agent.sock";
    static final String KERNEL = "kernel";
    static final String INITRD = "initrd";
    static final String IMAGE = "image";
    static final String SCRATCH = "scratch";

    /** A panic or a power-off is a reset by the keyboard's controller: the only end that Firecracker sees. */
    private static final String KERNEL_LINE =
            "console=ttyS0 quiet loglevel=4 cryptomgr.notests panic=-1 reboot=k random.trust_cpu=on"
                    + " pci=off i8042.noaux i8042.nomux i8042.dumbkbd scaibunker.end=reboot";

    private FirecrackerCommand() {}

    static List<String> words(Path program, MachineSpec spec) {
        return List.of(program.toString(), "--id", name(spec), SOCKET_OPTION, API_SOCKET);
    }

    /** The jailer gives it its id, and whatever else these words do not. */
    static List<String> jailerWords(Path jailer, Path program, MachineSpec spec, int user) {
        var words = new ArrayList<>(List.of(jailer.toString(), "--id", name(spec)));
        words.addAll(List.of("--exec-file", program.toString()));
        words.addAll(List.of("--uid", Integer.toString(user), "--gid", Integer.toString(user)));
        words.addAll(List.of("--chroot-base-dir", jails(spec).toString()));
        spec.network()
                .ifPresent(network ->
                        words.addAll(List.of("--netns", network.namespace().toString())));
        words.addAll(List.of("--", SOCKET_OPTION, API_SOCKET));
        return words;
    }

    /** Below it the jailer has its own order. */
    static Path jails(MachineSpec spec) {
        return spec.workDir().resolve("jail");
    }

    static Path jail(Path program, MachineSpec spec) {
        return jails(spec).resolve(program.getFileName()).resolve(name(spec)).resolve("root");
    }

    /** Letters, digits and hyphens are all that it takes. */
    private static String name(MachineSpec spec) {
        return spec.id().replace('_', '-');
    }

    static String kernelLine(MachineSpec spec) {
        // Disks have no names of ours there: they are known by the order in which they are put.
        return KERNEL_LINE
                + " scaibunker.image=vda scaibunker.scratch=vdb scaibunker.vsock=" + HybridVsock.AGENT_PORT
                + " scaibunker.hostname=" + spec.hostname()
                + spec.network()
                        .map(network -> " scaibunker.net=" + network.address() + "," + network.gateway()
                                + " scaibunker.mtu=" + network.mtu())
                        .orElse("");
    }

    /**
     * A machine without disks or sockets whose agent says one line on standard output and ends it.
     *
     * @param file where its configuration is written
     */
    static List<String> probeWords(Path program, Path kernel, Path initrd, Path file) throws IOException {
        var boot = Map.of(
                "kernel_image_path", kernel.toString(),
                "initrd_path", initrd.toString(),
                "boot_args", KERNEL_LINE + " scaibunker.probe=1");
        var machine = Map.of("vcpu_count", 1, "mem_size_mib", 256);
        Files.writeString(
                file,
                new ObjectMapper()
                        .writeValueAsString(
                                Map.of("boot-source", boot, "machine-config", machine, "drives", List.of())));
        return List.of(program.toString(), "--no-api", "--config-file", file.toString());
    }
}
