package io.scaibunker.ext4;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.scaibunker.layers.LayerLimits;
import io.scaibunker.layers.LayerStack;
import io.scaibunker.layers.TarBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Images that a seed decides, against the reference writer and against the kernel. */
class RandomImageTest {
    private static final ImageSpec SPEC = new ImageSpec(64, "random", Instant.ofEpochSecond(1_700_000_000));

    @TempDir
    Path directory;

    @BeforeAll
    static void needsPrograms() {
        Programs.assumeInstalled();
    }

    private Path bake(String name, ImageWriter writer, List<TarBuilder> layers) throws IOException {
        var image = directory.resolve(name);
        var stack = new LayerStack(layers.stream().map(TarBuilder::layer).toList());
        writer.write(stack, SPEC, image, WriteProgress.NONE);
        return image;
    }

    @ParameterizedTest
    @ValueSource(
            longs = {
                1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28,
                29, 30
            })
    void theTreeIsTheReferencesAndThreadsMakeNoDifference(long seed) throws Exception {
        var layers = RandomImage.of(seed);
        var image = bake("image", new NativeWriter(LayerLimits.DEFAULT, 1), layers);
        var checked = Programs.run("e2fsck", "-fn", image.toString());
        assertThat(checked.code()).as(checked.output()).isZero();
        var reference = bake("reference", new Mke2fsWriter(), layers);
        assertThat(Snapshot.of(image)).isEqualTo(Snapshot.of(reference));
        var again = bake("again", new NativeWriter(LayerLimits.DEFAULT, 4), layers);
        assertThat(Files.mismatch(image, again)).isEqualTo(-1);
    }

    /** The kernel's own view of both, whatever our reader thinks. */
    @Test
    void theKernelSeesTheSameInBoth() throws Exception {
        assumeTrue("root".equals(System.getProperty("user.name")), "only root mounts");
        assumeTrue(Files.exists(Path.of("/dev/loop-control")), "there are no loop devices");
        var layers = new java.util.ArrayList<>(RandomImage.of(31));
        FeatureImages.all().forEach((feature, more) -> {
            if (!feature.equals("attribute-on-root") && more.size() == 1) {
                layers.addAll(more);
            }
        });
        var ours = mounted(bake("image", new NativeWriter(), layers));
        var theirs = mounted(bake("reference", new Mke2fsWriter(), layers));
        assertThat(ours).hasSizeGreaterThan(300).isEqualTo(theirs);
    }

    private Map<String, String> mounted(Path image) throws IOException, InterruptedException {
        var point = Files.createDirectory(directory.resolve("mounted-" + image.getFileName()));
        var mounted = Programs.run("mount", "-o", "loop,ro", image.toString(), point.toString());
        assumeTrue(mounted.code() == 0, "cannot mount here: " + mounted.output());
        try {
            var lines = new TreeMap<String, String>();
            var found = Programs.run("find", point.toString(), "-printf", "%P\\t%y %m %U %G %n %T@ %l %s\\0");
            for (var line : found.output().split("\0")) {
                var path = line.substring(0, line.indexOf('\t'));
                // Directories have sizes of their own; the root has one link more where there is a lost+found.
                var isDirectory = line.charAt(line.indexOf('\t') + 1) == 'd';
                if (!path.equals("lost+found")) {
                    lines.put(
                            path,
                            isDirectory
                                    ? line.substring(0, line.lastIndexOf(' '))
                                            .replaceFirst(path.isEmpty() ? " \\d+ (?=\\d+\\.)" : "$^", " ")
                                    : line);
                }
            }
            var hashes = Programs.run(
                    "sh",
                    "-c",
                    "cd \"$1\" && find . -type f -print0 | sort -z | xargs -0 sha256sum",
                    "sh",
                    point.toString());
            lines.put("contents", hashes.output());
            var attributes = Programs.run(
                    "sh",
                    "-c",
                    "cd \"$1\" && find . -path ./lost+found -prune -o -print0 | sort -z | xargs -0 getfattr -h -d -m - -e hex",
                    "sh",
                    point.toString());
            lines.put("attributes", attributes.output());
            var devices = Programs.run(
                    "sh",
                    "-c",
                    "cd \"$1\" && find . -type b -o -type c | sort | xargs stat -c '%n %t %T'",
                    "sh",
                    point.toString());
            lines.put("devices", devices.output());
            return lines;
        } finally {
            Programs.run("umount", point.toString());
        }
    }
}
