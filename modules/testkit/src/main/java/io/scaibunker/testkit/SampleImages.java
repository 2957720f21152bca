package io.scaibunker.testkit;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;

/** Images made on the spot: a program that answers, and bytes that do not compress. */
public final class SampleImages {
    private static final String ANSWER = """
            #include <fcntl.h>
            #include <stdio.h>
            #include <string.h>
            #include <sys/reboot.h>
            #include <unistd.h>
            /* Says 42; of a file, whether it was there before, and makes it for good; told «off», ends the machine; told «wait», never ends. */
            int main(int count, char **words) {
                if (count > 1 && strcmp(words[1], "off") == 0) {
                    return reboot(RB_POWER_OFF);
                }
                while (count > 1 && strcmp(words[1], "wait") == 0) {
                    pause();
                }
                int there = count > 1 && open(words[1], O_CREAT | O_EXCL, 0644) < 0;
                sync();
                return puts(there ? "again" : "42") < 0;
            }
            """;

    private static final String TALK = """
            #include <fcntl.h>
            #include <stdio.h>
            #include <string.h>
            #include <sys/file.h>
            #include <sys/ioctl.h>
            #include <unistd.h>
            /* Says again what it is told, and how large its terminal is; told «hold», keeps a file locked while it lives; of any
               other file that it is told, says whether somebody does. */
            int main(int count, char **words) {
                char line[256];
                struct winsize size;
                if (count > 2) {
                    int file = open(words[2], O_CREAT | O_RDWR, 0644);
                    puts(flock(file, LOCK_EX | LOCK_NB) < 0 ? "held" : "free");
                    fflush(stdout);
                    return strcmp(words[1], "hold") == 0 && pause();
                }
                while (fgets(line, sizeof line, stdin)) {
                    if (strcmp(line, "size\\n") == 0 && ioctl(0, TIOCGWINSZ, &size) == 0) {
                        printf("%dx%d\\n", size.ws_col, size.ws_row);
                    } else {
                        printf("said %s", line);
                    }
                    fflush(stdout);
                }
                return 0;
            }
            """;

    private SampleImages() {}

    /** Whether a program is on the path. */
    public static boolean hasProgram(String name) {
        return List.of(System.getenv("PATH").split(":")).stream()
                .anyMatch(place -> Files.isExecutable(Path.of(place, name)));
    }

    /** {@code bin/answer} below a directory: static, so that it is all that an image needs. */
    public static void answer(Path tree) {
        program(tree, "answer", ANSWER);
    }

    /** {@code bin/talk} below a directory, static, too. */
    public static void talk(Path tree) {
        program(tree, "talk", TALK);
    }

    private static void program(Path tree, String name, String text) {
        try {
            Files.createDirectories(tree.resolve("bin"));
            var source = Files.writeString(Files.createTempFile(name, ".c"), text);
            run(
                    "musl-gcc",
                    "-static",
                    "-Os",
                    "-o",
                    tree.resolve("bin").resolve(name).toString(),
                    source.toString());
            Files.delete(source);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A file of random bytes. */
    public static void bulk(Path file, int mebibytes, long seed) {
        try (var out = Files.newOutputStream(file)) {
            var random = new Random(seed);
            var block = new byte[1 << 20];
            for (var i = 0; i < mebibytes; i++) {
                random.nextBytes(block);
                out.write(block);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A tar of all below a directory. */
    public static Path tar(Path tree, Path tar) {
        run(
                "tar",
                "-C",
                tree.toString(),
                "--sort=name",
                "--mtime=@0",
                "--owner=0",
                "--group=0",
                "-cf",
                tar.toString(),
                ".");
        return tar;
    }

    /** Brings an image of these layers, tars each, lowest first, to a registry. */
    public static void push(LocalRegistry registry, String repository, String tag, List<Path> layers) {
        var diffIds = new ArrayList<String>();
        var descriptors = new ArrayList<String>();
        for (var layer : layers) {
            var tar = bytes(layer);
            var packed = gzip(tar);
            diffIds.add("\"" + digest(tar) + "\"");
            descriptors.add(descriptor("application/vnd.oci.image.layer.v1.tar+gzip", packed));
            registry.putBlob(repository, digest(packed), packed);
        }
        var config =
                "{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":["
                        + String.join(",", diffIds) + "]}}";
        var configBytes = config.getBytes(StandardCharsets.UTF_8);
        registry.putBlob(repository, digest(configBytes), configBytes);
        var manifest = "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"config\":"
                + descriptor("application/vnd.oci.image.config.v1+json", configBytes)
                + ",\"layers\":[" + String.join(",", descriptors) + "]}";
        registry.putManifest(
                repository,
                tag,
                "application/vnd.oci.image.manifest.v1+json",
                manifest.getBytes(StandardCharsets.UTF_8));
    }

    private static byte[] bytes(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] gzip(byte[] bytes) {
        var packed = new ByteArrayOutputStream();
        try (var out = new GZIPOutputStream(packed)) {
            out.write(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return packed.toByteArray();
    }

    private static String descriptor(String type, byte[] bytes) {
        return "{\"mediaType\":\"" + type + "\",\"digest\":\"" + digest(bytes) + "\",\"size\":" + bytes.length + "}";
    }

    private static String digest(byte[] bytes) {
        try {
            return "sha256:"
                    + HexFormat.of()
                            .formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /** Runs a program; fails with its words unless it ends well. */
    public static void run(String... command) {
        try {
            var process = new ProcessBuilder(command).redirectErrorStream(true).start();
            var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new AssertionError(String.join(" ", command) + ":\n" + said);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
