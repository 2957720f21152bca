package io.scaibunker.microvm;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The monitors that we know; each is known again by its words. */
enum MonitorKind {
    QEMU,
    FIRECRACKER;

    /** Whether that is what a process of this kind and of ours was started with. */
    boolean isOf(List<String> words) {
        return switch (this) {
            case QEMU -> {
                var at = words.indexOf(QemuCommand.NAME_OPTION);
                yield at >= 0 && at + 1 < words.size() && words.get(at + 1).startsWith("guest=");
            }
            case FIRECRACKER -> {
                var at = words.indexOf(FirecrackerCommand.SOCKET_OPTION);
                yield at >= 0 && at + 1 < words.size() && words.get(at + 1).equals(FirecrackerCommand.API_SOCKET);
            }
        };
    }

    /**
     * The machine's directory, by its monitor's.
     *
     * @param cwd as the system names it
     */
    Optional<Path> workDir(Path cwd) {
        return switch (this) {
            case QEMU -> Optional.of(cwd);
            case FIRECRACKER -> Optional.ofNullable(cwd.getParent());
        };
    }
}
