package io.scaibunker.vulns;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Properties;
import java.util.jar.Attributes;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import java.util.zip.ZipInputStream;
import org.jspecify.annotations.Nullable;

/**
 * Jars, and jars in jars. What Maven built says so in {@code pom.properties}, once for each artifact shaded into it; else the manifest
 * may name the group. A jar that does neither is counted: its file's name is no proof of what it is.
 */
final class JarReader {
    private static final int STUB = 64 << 10;

    private final Collector found;
    private long inflatedBefore;

    JarReader(Collector found) {
        this.found = found;
    }

    void read(String path, InputStream content) throws IOException {
        var archive = new Archive(path);
        try {
            archive.read(path, zipOf(content), 1);
        } finally {
            inflatedBefore += archive.inflated;
        }
    }

    /** A zip may follow a program that runs it. */
    private static InputStream zipOf(InputStream content) throws IOException {
        var head = content.readNBytes(STUB);
        for (var index = 0; index + 3 < head.length; index++) {
            if (head[index] == 'P' && head[index + 1] == 'K' && (head[index + 2] == 3 || head[index + 2] == 5)) {
                return new SequenceInputStream(new ByteArrayInputStream(head, index, head.length - index), content);
            }
        }
        if (head.length == 0) {
            return InputStream.nullInputStream();
        }
        throw new ScanException(ScanReason.INVENTORY_INCOMPLETE, "called a jar, and no zip");
    }

    /** One jar of the image, with all that is nested in it: they share their bounds. */
    private final class Archive {
        private final String outer;
        private long inflated;
        private int entries;

        Archive(String outer) {
            this.outer = outer;
        }

        void read(String path, InputStream content, int depth) throws IOException {
            if (depth > found.limits().jarDepth()) {
                throw tooLarge(
                        "jars in jars beyond a depth of " + found.limits().jarDepth());
            }
            var named = new HashSet<String>();
            List<Component> components = new ArrayList<>();
            Manifest manifest = null;
            var zip = new ZipInputStream(content);
            for (var entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                if (++entries > found.limits().jarEntries()) {
                    throw tooLarge("more than " + found.limits().jarEntries() + " entries");
                }
                var inside = new Counted(zip);
                var name = entry.getName();
                if (Paths.jar(name)) {
                    read(path + "!/" + name, inside, depth + 1);
                } else if (name.startsWith("META-INF/maven/") && name.endsWith("/pom.properties")) {
                    var component = properties(path, inside);
                    if (component != null && named.add(component.name() + "@" + component.version())) {
                        components.add(component);
                    }
                } else if (name.equals("META-INF/MANIFEST.MF")) {
                    manifest = new Manifest(new ByteArrayInputStream(small(inside)));
                }
                inside.transferTo(java.io.OutputStream.nullOutputStream());
            }
            if (components.isEmpty()) {
                var component = manifest == null ? null : manifest(path, manifest.getMainAttributes());
                if (component == null) {
                    found.unnamedJar();
                } else {
                    components.add(component);
                }
            }
            for (var component : components) {
                found.add(component);
            }
        }

        private byte[] small(InputStream content) throws IOException {
            var bytes = content.readNBytes(found.limits().metadataBytes() + 1);
            if (bytes.length > found.limits().metadataBytes()) {
                throw tooLarge("metadata of more than " + found.limits().metadataBytes() + " bytes");
            }
            return bytes;
        }

        private @Nullable Component properties(String path, InputStream content) throws IOException {
            var properties = new Properties();
            properties.load(new StringReader(new String(small(content), StandardCharsets.UTF_8)));
            return component(
                    path,
                    properties.getProperty("groupId"),
                    properties.getProperty("artifactId"),
                    properties.getProperty("version"));
        }

        private @Nullable Component manifest(String path, Attributes attributes) {
            var file = path.substring(path.lastIndexOf('/') + 1);
            var version = attributes.getValue("Implementation-Version");
            var group = attributes.getValue("Implementation-Vendor-Id");
            var ending = version == null ? -1 : file.indexOf("-" + version + ".");
            return component(path, group, ending < 1 ? null : file.substring(0, ending), version);
        }

        private @Nullable Component component(
                String path, @Nullable String group, @Nullable String artifact, @Nullable String version) {
            var complete = Stream.of(group, artifact, version).allMatch(part -> part != null && !part.isBlank());
            if (!complete || String.valueOf(version).contains("${")) {
                return null;
            }
            return Component.of(
                    Component.Kind.JAR,
                    "Maven",
                    String.valueOf(group).strip() + ":"
                            + String.valueOf(artifact).strip(),
                    String.valueOf(version).strip(),
                    path);
        }

        private ScanException tooLarge(String what) {
            return new ScanException(ScanReason.TOO_LARGE, outer + " holds " + what);
        }

        /** What one entry inflates to, counted against the bounds; its end is the end of the entry. */
        private final class Counted extends java.io.FilterInputStream {
            Counted(InputStream in) {
                super(in);
            }

            @Override
            public int read() throws IOException {
                var one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
            }

            @Override
            public int read(byte[] buffer, int offset, int length) throws IOException {
                var read = in.read(buffer, offset, length);
                inflated += Math.max(read, 0);
                if (inflated > found.limits().jarBytes()
                        || inflated + inflatedBefore > found.limits().allJarBytes()) {
                    throw tooLarge("more than can be looked at");
                }
                return read;
            }

            @Override
            public void close() {
                // The next entry follows.
            }
        }
    }
}
