package io.scaibunker.ext4;

import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.layers.LayerStack;
import io.scaibunker.layers.TarBuilder;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the kernel makes of our images: it reads them as it reads the reference's, and writes to them without harm. */
class MountedImageTest {
    private static final ImageSpec SPEC = new ImageSpec(64, "mounted", Instant.ofEpochSecond(1_700_000_000));

    /** Makes, changes, links, cuts and removes, also what the image brought; enough names for an index that splits. */
    private static final String WRITE = """
            set -e
            cd "$1"
            mkdir -p new/deep/er && echo hello >new/deep/er/file
            i=0; while [ $i -lt 250 ]; do : >"new/a-name-of-some-length-$i"; i=$((i+1)); done
            rm new/a-name-of-some-length-3*
            head -c 3000000 /dev/urandom >new/large && truncate -s 1000 new/large && truncate -s 9000000 new/large
            ln new/large new/larger && ln -s deep new/link && mkfifo new/fifo
            setfattr -n user.x -v "$(head -c 500 /dev/zero | tr '\\0' x)" new/large
            find . -xdev -type f -path './n*' ! -path './new/*' | sort | head -n 20 | while IFS= read -r file; do
                chmod u+w "$file" && echo more >>"$file" && setfattr -n user.more -v 1 "$file"
            done
            find . -xdev -type f -path './n*' ! -path './new/*' | sort | tail -n 5 | while IFS= read -r file; do rm "$file"; done
            sync -f .
            """;

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

    private static Map<String, String> seen(Path image) throws IOException, InterruptedException {
        try (var mounted = Mounted.readOnly(image)) {
            return mounted.walk();
        }
    }

    private static void isClean(Path image) throws IOException, InterruptedException {
        var checked = Programs.run("e2fsck", "-fn", image.toString());
        assertThat(checked.code()).as(checked.output()).isZero();
    }

    static LongStream seeds() {
        return LongStream.rangeClosed(1, 30);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void theKernelReadsWritesAndGrowsIt(long seed) throws Exception {
        var layers = RandomImage.of(seed);
        var image = bake("image", new NativeWriter(), layers);
        assertThat(seen(image)).hasSizeGreaterThan(5).isEqualTo(seen(bake("reference", new Mke2fsWriter(), layers)));
        isClean(image);

        Map<String, String> after;
        try (var mounted = Mounted.writable(image)) {
            mounted.run(WRITE);
            after = mounted.walk();
        }
        isClean(image);
        assertThat(after).containsKeys("new/deep/er/file", "new/larger");
        assertThat(seen(image)).isEqualTo(after);

        // resize2fs insists on a check that has left its date; the one thing that it finds to do is a lost+found.
        var checked = Programs.run("e2fsck", "-fp", image.toString());
        assertThat(checked.code()).as(checked.output()).isEqualTo(1);
        assertThat(checked.output())
                .contains("/lost+found not found.  CREATED.")
                .hasLineCount(2);
        var resized = Programs.run("resize2fs", image.toString(), "200M");
        assertThat(resized.code()).as(resized.output()).isZero();
        isClean(image);
        assertThat(seen(image)).isEqualTo(after);
        try (var mounted = Mounted.writable(image)) {
            mounted.run("head -c 20M /dev/zero | tr '\\0' z >\"$1/fills\" && sync -f \"$1\"");
        }
        isClean(image);
    }

    /** All features of one layer, and what a seed adds, in one image. */
    @Test
    void theKernelSeesEachFeatureAsInTheReference() throws Exception {
        var layers = new ArrayList<>(RandomImage.of(31));
        FeatureImages.all().forEach((feature, image) -> {
            if (!feature.equals("attribute-on-root") && image.layers().size() == 1) {
                layers.addAll(image.layers());
            }
        });
        var ours = seen(bake("image", new NativeWriter(), layers));
        assertThat(ours).hasSizeGreaterThan(300).isEqualTo(seen(bake("reference", new Mke2fsWriter(), layers)));
    }

    /** The rules of how layers are merged, read by the kernel. */
    @Test
    void theKernelSeesLayersMergedByTheRules() throws Exception {
        for (var feature : new TreeMap<>(FeatureImages.all()).entrySet()) {
            var tree = feature.getValue().tree();
            if (tree != null) {
                var image = bake("image", new NativeWriter(), feature.getValue().layers());
                try (var mounted = Mounted.readOnly(image)) {
                    assertThat(mounted.run("""
                            cd "$1"
                            find . -mindepth 1 | LC_ALL=C sort | while IFS= read -r path; do
                                links=$(stat -c %h "$path"); [ "$links" = 1 ] && links= || links="*$links"
                                if [ -L "$path" ]; then printf ' %s->%s%s' "${path#./}" "$(readlink "$path")" "$links"
                                elif [ -d "$path" ]; then printf ' %s/' "${path#./}"
                                elif [ -f "$path" ]; then printf ' %s=%s%s' "${path#./}" "$(cat "$path")" "$links"
                                else printf ' %s!%s' "${path#./}" "$links"; fi
                            done
                            """).strip()).as(feature.getKey()).isEqualTo(tree);
                }
            }
        }
    }
}
