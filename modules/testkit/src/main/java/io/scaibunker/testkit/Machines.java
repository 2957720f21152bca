package io.scaibunker.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** The processes of microVMs, known by their directories on their command lines. */
public final class Machines {
    private Machines() {}

    /** Those whose directory lies somewhere below, by the bunker's id. */
    public static Map<String, ProcessHandle> below(Path dir) {
        var place = Pattern.compile(
                Pattern.quote(dir.toAbsolutePath().normalize() + "/") + "(?:\\S*?/)?bunkers/(bnk_\\w+)");
        var found = new TreeMap<String, ProcessHandle>();
        try (var processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
            for (var process : processes) {
                var words = commandLine(process);
                var named = place.matcher(String.join(" ", words));
                if (!words.isEmpty() && words.getFirst().contains("qemu") && named.find()) {
                    ProcessHandle.of(Long.parseLong(process.getFileName().toString()))
                            .ifPresent(handle -> found.put(named.group(1), handle));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return found;
    }

    private static List<String> commandLine(Path process) {
        try {
            var bytes = Files.readAllBytes(process.resolve("cmdline"));
            return List.of(new String(bytes, StandardCharsets.UTF_8).split("\0"));
        } catch (IOException ended) {
            return List.of();
        }
    }
}
