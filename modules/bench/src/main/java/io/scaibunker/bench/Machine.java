package io.scaibunker.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;

/** Where and when it was measured. */
final class Machine {
    private Machine() {}

    static ObjectNode describe(ObjectMapper mapper) throws IOException {
        return mapper.createObjectNode()
                .put("date", LocalDate.now(ZoneOffset.UTC).toString())
                .put("processor", value("/proc/cpuinfo", "model name"))
                .put("processors", Runtime.getRuntime().availableProcessors())
                .put("memory", value("/proc/meminfo", "MemTotal"))
                .put(
                        "kernel",
                        Files.readString(Path.of("/proc/sys/kernel/osrelease")).strip())
                .put("java", Runtime.version().toString());
    }

    private static String value(String file, String key) throws IOException {
        return Files.readAllLines(Path.of(file)).stream()
                .filter(line -> line.startsWith(key))
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .findFirst()
                .orElse("unknown");
    }
}
