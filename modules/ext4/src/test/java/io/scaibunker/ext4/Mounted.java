package io.scaibunker.ext4;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/** An image that the kernel has mounted: what it sees, whatever our reader thinks. */
final class Mounted implements AutoCloseable {
    /** Names, looks, links; then contents, attributes and device numbers. */
    private static final String WALK = """
            cd "$1" || exit 1
            find . -path ./lost+found -prune -o -printf '%P\\t%y %m %U %G %n %T@ %l %s\\0'
            printf '\\0\\0'
            find . -type f -print0 | sort -z | xargs -0 -r sha256sum
            find . -path ./lost+found -prune -o -print0 | sort -z | xargs -0 getfattr -h -d -m - -e hex
            find . -type b -print0 -o -type c -print0 | sort -z | xargs -0 -r stat -c '%n %t %T'
            """;

    private final Path point;

    private Mounted(Path point) {
        this.point = point;
    }

    /** Skips the test where nobody can mount. */
    static Mounted readOnly(Path image) throws IOException, InterruptedException {
        return mount(image, "ro");
    }

    static Mounted writable(Path image) throws IOException, InterruptedException {
        return mount(image, "rw");
    }

    private static Mounted mount(Path image, String how) throws IOException, InterruptedException {
        skipUnless("root".equals(System.getProperty("user.name")), "only root mounts");
        skipUnless(Files.exists(Path.of("/dev/loop-control")), "there are no loop devices");
        var point = Files.createTempDirectory(image.toAbsolutePath().getParent(), "mounted-");
        var mounted =
                Programs.run("mount", "-t", "ext4", "-o", "loop,user_xattr,acl," + how, image.toString(), point + "");
        if (mounted.code() != 0) {
            Files.delete(point);
            // A kernel that mounts what mke2fs makes must mount ours.
            skipUnless(mountsOthers(point), "cannot mount here: " + mounted.output());
        }
        assertThat(mounted.code()).as(mounted.output()).isZero();
        return new Mounted(point);
    }

    /** Says why on the console: a report tells it to those only who open it. */
    private static void skipUnless(boolean possible, String why) {
        if (!possible) {
            System.getLogger(Mounted.class.getName()).log(Level.INFO, "skipped: " + why);
        }
        assumeTrue(possible, why);
    }

    private static boolean mountsOthers(Path point) throws IOException, InterruptedException {
        var other = point.resolveSibling("other.ext4").toString();
        Files.createDirectory(point);
        try {
            return Programs.run("mke2fs", "-q", "-t", "ext4", other, "8m").code() == 0
                    && Programs.run("mount", "-o", "loop", other, point.toString())
                                    .code()
                            == 0
                    && Programs.run("umount", point.toString()).code() == 0;
        } finally {
            Files.deleteIfExists(Path.of(other));
            Files.delete(point);
        }
    }

    /** One line a name, and one with all contents, attributes and device numbers. */
    Map<String, String> walk() throws IOException, InterruptedException {
        var found = run(WALK);
        var end = found.indexOf("\0\0\0");
        var lines = new TreeMap<String, String>();
        Arrays.stream(found.substring(0, end).split("\0")).forEach(line -> {
            var path = line.substring(0, line.indexOf('\t'));
            lines.put(path, looks(path, line));
        });
        lines.put("contents", found.substring(end));
        return lines;
    }

    /** Directories have sizes of their own; the root has one link more where there is a lost+found. */
    private static String looks(String path, String line) {
        if (line.charAt(line.indexOf('\t') + 1) != 'd') {
            return line;
        }
        var withoutSize = line.substring(0, line.lastIndexOf(' '));
        return path.isEmpty() ? withoutSize.replaceFirst(" \\d+ (?=\\d+\\.)", " ") : withoutSize;
    }

    /** What a shell script says that is given the mount point; it must end well. */
    String run(String script) throws IOException, InterruptedException {
        var outcome = Programs.run("sh", "-c", script, "sh", point.toString());
        assertThat(outcome.code()).as(outcome.output()).isZero();
        return outcome.output();
    }

    @Override
    public void close() throws IOException {
        try {
            var ended = Programs.run("umount", point.toString());
            assertThat(ended.code()).as(ended.output()).isZero();
            Files.delete(point);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        }
    }
}
