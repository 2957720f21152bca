package io.scaibunker.ext4;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** What debugfs sees in an image. Each character of a name is one byte. */
final class ReadBack {
    /** One name; times as the raw seconds and the extra field, extended attributes as debugfs prints them. */
    record Found(
            String type,
            String mode,
            long uid,
            long gid,
            long size,
            int links,
            long inode,
            String mtime,
            String target,
            String device,
            Map<String, String> xattrs) {}

    private static final Pattern LISTED = Pattern.compile("^/(\\d+)/(\\d+)/(-?\\d+)/(-?\\d+)/(.*)/(\\d*)/$");

    private final Path image;
    private final TreeMap<String, Found> tree = new TreeMap<>();

    private ReadBack(Path image) {
        this.image = image;
    }

    static ReadBack of(Path image) throws IOException, InterruptedException {
        var result = new ReadBack(image);
        var paths = new ArrayList<>(List.of("/"));
        var directories = List.of("/");
        while (!directories.isEmpty()) {
            directories = result.list(directories, paths);
        }
        result.stat(paths);
        return result;
    }

    /** All names but lost+found, by path from the root; the root is "/". */
    Map<String, Found> tree() {
        return tree;
    }

    Found at(String path) {
        var found = tree.get(path);
        if (found == null) {
            throw new AssertionError(path + " is not there, but " + tree.keySet());
        }
        return found;
    }

    String content(String path) throws IOException, InterruptedException {
        var said = ask("cat", List.of(path)).getFirst();
        return said.substring(said.indexOf('\n') + 1);
    }

    private List<String> list(List<String> directories, List<String> paths) throws IOException, InterruptedException {
        var below = new ArrayList<String>();
        var answers = ask("ls -p", directories);
        for (var index = 0; index < directories.size(); index++) {
            var directory = directories.get(index);
            for (var line : answers.get(index).split("\n")) {
                var listed = LISTED.matcher(line);
                if (listed.matches() && !List.of(".", "..", "lost+found").contains(listed.group(5))) {
                    var path = (directory.equals("/") ? "" : directory) + "/" + listed.group(5);
                    paths.add(path);
                    if (listed.group(2).startsWith("04")) {
                        below.add(path);
                    }
                }
            }
        }
        return below;
    }

    private void stat(List<String> paths) throws IOException, InterruptedException {
        var answers = ask("stat", paths);
        for (var index = 0; index < paths.size(); index++) {
            tree.put(paths.get(index), found(answers.get(index)));
        }
    }

    private List<String> ask(String command, List<String> paths) throws IOException, InterruptedException {
        var commands = Files.createTempFile("ask", ".debugfs");
        try {
            var lines = new StringBuilder();
            paths.forEach(path ->
                    lines.append(command).append(' ').append(quoted(path)).append('\n'));
            Files.write(commands, lines.toString().getBytes(StandardCharsets.ISO_8859_1));
            var said = Programs.run("debugfs", "-f", commands.toString(), image.toString())
                    .output();
            var answers = said.split("(?m)^debugfs: ", -1);
            return List.of(answers).subList(1, answers.length);
        } finally {
            Files.delete(commands);
        }
    }

    private static String quoted(String path) {
        return '"' + path.replace("\"", "\"\"") + '"';
    }

    private static Found found(String said) {
        var xattrs = new TreeMap<String, String>();
        var attributes = Pattern.compile("(?m)^  ((?:user|trusted|security|system)\\.\\S*) \\((\\d+)\\)(?: = (.*))?$")
                .matcher(said);
        while (attributes.find()) {
            xattrs.put(
                    attributes.group(1),
                    attributes.group(3) == null
                            ? attributes.group(2) + " bytes"
                            : attributes.group(3).strip());
        }
        return new Found(
                text(said, "Type: (.*?) +Mode:"),
                text(said, "Mode: +(\\d+)"),
                Integer.toUnsignedLong((int) Long.parseLong(text(said, "User: +(-?\\d+)"))),
                Integer.toUnsignedLong((int) Long.parseLong(text(said, "Group: +(-?\\d+)"))),
                Long.parseLong(text(said, "Size: (\\d+)").isEmpty() ? "0" : text(said, "Size: (\\d+)")),
                Integer.parseInt(text(said, "Links: (\\d+)")),
                Long.parseLong(text(said, "Inode: (\\d+)")),
                text(said, " mtime: 0x([0-9a-f]+:[0-9a-f]+)"),
                text(said, "Fast link dest: \"(.*)\""),
                text(said, "Device major/minor number: (\\S+)"),
                xattrs);
    }

    private static String text(String said, String pattern) {
        var found = Pattern.compile(pattern).matcher(said);
        return found.find() ? found.group(1) : "";
    }
}
