package io.scaibunker.worker;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What this host has, where conf does not say. */
final class HostFacts {
    private static final long MIB = 1 << 20;

    /** Left to the host and the worker itself. */
    private static final long MEMORY_KEPT_MB = 1024;

    private HostFacts() {}

    static String name() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "worker";
        }
    }

    static int cpuMillicores() {
        return Runtime.getRuntime().availableProcessors() * 1000;
    }

    static int memoryMb() {
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        return (int) Math.max(256, system.getTotalMemorySize() / MIB - MEMORY_KEPT_MB);
    }

    /** Nine tenths of what is free where {@code directory} lies or will lie. */
    static int diskMb(Path directory) {
        Path there = directory.toAbsolutePath();
        while (there != null && !Files.exists(there)) {
            there = there.getParent();
        }
        try {
            long free = there == null ? 0 : Files.getFileStore(there).getUsableSpace();
            return (int) Math.min(Integer.MAX_VALUE, free / MIB / 10 * 9);
        } catch (IOException e) {
            return 0;
        }
    }
}
