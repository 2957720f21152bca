package io.scaibunker.console;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.zip.GZIPOutputStream;

/** All files of the console and of the documentation, in memory: some hundred KiB. */
public final class Pages {
    /** What every one of them is served with: nothing from elsewhere, no script or style in the text, in nobody's frame. */
    public static final Map<String, String> HEADERS = Map.of(
            "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
                    + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            "X-Content-Type-Options",
            "nosniff",
            "X-Frame-Options",
            "DENY",
            "Referrer-Policy",
            "no-referrer",
            "Cross-Origin-Opener-Policy",
            "same-origin",
            "Permissions-Policy",
            "camera=(), microphone=(), geolocation=()");

    private static final List<String> ROOTS = List.of("console", "docs");
    private static final Map<String, String> TYPES = Map.of(
            "html", "text/html; charset=utf-8",
            "css", "text/css; charset=utf-8",
            "js", "text/javascript; charset=utf-8",
            "mjs", "text/javascript; charset=utf-8",
            "svg", "image/svg+xml",
            "txt", "text/plain; charset=utf-8");

    private final Map<String, Page> byPath;

    private Pages(Map<String, Page> byPath) {
        this.byPath = Map.copyOf(byPath);
    }

    /** Blocks while it reads. */
    public static Pages load() throws IOException {
        Map<String, Page> pages = new HashMap<>();
        URI place = place();
        if (place.getScheme().equals("jar")) {
            try (FileSystem jar = FileSystems.newFileSystem(place, Map.of())) {
                read(jar.getPath("/"), pages);
            }
        } else {
            // …/console/index.html
            read(Path.of(place).resolve("../..").normalize(), pages);
        }
        return new Pages(pages);
    }

    private static URI place() {
        try {
            return Objects.requireNonNull(Pages.class.getResource("/console/index.html"))
                    .toURI();
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void read(Path folder, Map<String, Page> into) throws IOException {
        for (String root : ROOTS) {
            try (var files = Files.walk(folder.resolve(root))) {
                for (Path file : files.filter(Files::isRegularFile).toList()) {
                    into.put("/" + folder.relativize(file).toString().replace('\\', '/'), page(file));
                }
            }
        }
    }

    private static Page page(Path file) throws IOException {
        String name = file.getFileName().toString();
        String type = TYPES.get(name.substring(name.lastIndexOf('.') + 1));
        if (type == null) {
            throw new IllegalStateException(name + ": a kind of file that is not served");
        }
        byte[] plain = Files.readAllBytes(file);
        byte[] packed = pack(plain);
        return new Page(type, tag(plain), plain, packed.length < plain.length ? packed : plain);
    }

    private static byte[] pack(byte[] plain) throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
            out.write(plain);
        }
        return packed.toByteArray();
    }

    private static String tag(byte[] content) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(content);
            return '"' + HexFormat.of().formatHex(digest, 0, 12) + '"';
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * What lies at a path. A path of the console that is no file is one of its pages, which its one document shows; below
     * {@code assets} there are files alone.
     */
    public Optional<Page> at(String path) {
        Page file = byPath.get(path);
        if (file != null) {
            return Optional.of(file);
        }
        return ROOTS.stream()
                .filter(root -> path.equals("/" + root) || path.startsWith("/" + root + "/"))
                .filter(root -> !path.startsWith("/" + root + "/assets/"))
                .findFirst()
                .map(root -> byPath.get("/" + root + "/index.html"));
    }

    /** The paths of all files. */
    public Set<String> paths() {
        return byPath.keySet();
    }
}
