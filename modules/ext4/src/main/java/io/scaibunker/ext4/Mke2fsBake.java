package io.scaibunker.ext4;

import io.scaibunker.ext4.ImageWriteException.Reason;
import io.scaibunker.layers.EntryKind;
import io.scaibunker.layers.LayerLimits;
import io.scaibunker.layers.LayerMerge;
import io.scaibunker.layers.LayerReader;
import io.scaibunker.layers.LayerStack;
import io.scaibunker.layers.MergedTree;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** One bake by {@link Mke2fsWriter}: merge → fill → amend → check → digest → publish. */
final class Mke2fsBake {
    private static final int TAR_FAILED = 90;

    /**
     * The two programs that must share one fakeroot session. The text is fixed, whatever differs from bake to bake comes as
     * a positional argument. Names are taken as they are (the tar has been made canonical), so nothing may be stripped.
     */
    private static final String FILL = """
            tree=$1; tar=$2; shift 2
            "$tar" --extract --file=- --directory="$tree" --absolute-names --numeric-owner --same-owner \
              --same-permissions --delay-directory-restore --no-acls --no-selinux --no-xattrs --warning=no-timestamp \
              || exit 90
            exec "$@"
            """;

    private final LayerLimits limits;
    private final LayerStack layers;
    private final ImageSpec spec;
    private final WorkDirectory work;
    private final BakeProgress progress;
    private final Path image;
    private final Path commands;
    private final Path values;
    private final Map<String, Duration> phases = new LinkedHashMap<>();
    private long phaseStart = System.nanoTime();

    Mke2fsBake(LayerLimits limits, LayerStack layers, ImageSpec spec, WorkDirectory work, WriteProgress told) {
        this.limits = limits;
        this.layers = layers;
        this.spec = spec;
        this.work = work;
        this.progress = new BakeProgress(told, 2 * layers.storedBytes());
        this.image = work.resolve("image");
        this.commands = work.resolve("commands");
        this.values = work.resolve("values");
    }

    WrittenImage run(Path target) throws IOException {
        var tree = merge();
        var space = SpaceNeeded.of(tree);
        if (!space.fits(spec.sizeMib())) {
            throw new SizeCapExceeded(space.mib(), spec.sizeMib());
        }
        ended("merge");
        fill(tree, space);
        ended("fill");
        amend(space);
        ended("amend");
        check();
        ended("check");
        var reading = WholeReading.of(image, progress::tick);
        ended("digest");
        WorkDirectory.publish(image, target);
        ended("publish");
        return new WrittenImage(reading.table(), reading.allocatedBytes(), tree.names(), Set.of(), phases);
    }

    private void ended(String phase) {
        var now = System.nanoTime();
        phases.put(phase, Duration.ofNanos(now - phaseStart));
        phaseStart = now;
    }

    private MergedTree merge() throws IOException {
        var merge = new LayerMerge(limits);
        for (var layer : layers.layers()) {
            merge.beginLayer();
            try (var reader = LayerReader.open(progress.metered(layer, progress::tick), limits)) {
                for (var entry = reader.next(); entry != null; entry = reader.next()) {
                    merge.add(entry);
                }
            }
        }
        return merge.finish();
    }

    private void fill(MergedTree tree, SpaceNeeded space) throws IOException {
        var root = Files.createDirectory(work.resolve("tree"));
        Files.createFile(image, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        try (var file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(spec.sizeMib() << 20);
        }
        var command = new ArrayList<>(List.of(
                Tool.FAKEROOT.path(),
                Tool.SHELL.path(),
                "-c",
                FILL,
                "fill",
                root.toString(),
                Tool.TAR.path(),
                Tool.MKE2FS.path()));
        command.addAll(Mke2fs.arguments(image.toString(), spec.sizeMib(), options(space, root)));
        var variables = new LinkedHashMap<>(variables());
        // As root, fakeroot would else give the files to the owners they only pretend to have.
        variables.put("FAKEROOTDONTTRYCHOWN", "1");
        try (var child = Child.start("mke2fs", command, variables, work.path())) {
            try (var amendments = new Amendments(commands, values)) {
                stream(tree, new GnuTarWriter(new BufferedOutputStream(child.input(), 64 << 10)), amendments);
            } catch (Child.Gone gone) {
                throw failure(child, child.await(progress::tick), space);
            }
            var code = child.await(progress::tick);
            if (code != 0) {
                throw failure(child, code, space);
            }
        }
    }

    private List<String> options(SpaceNeeded space, Path root) {
        var identity = Identity.of(spec.seed());
        var options = new ArrayList<String>(List.of(
                "-U",
                identity.uuid().toString(),
                "-N",
                String.valueOf(space.inodes()),
                "-d",
                root.toString(),
                "-E",
                Mke2fs.EXTENDED + ",hash_seed=" + identity.hashSeed()));
        var group = space.blocksInGroup(spec.sizeMib());
        if (group < Mke2fs.BLOCKS_IN_GROUP) {
            options.addAll(List.of("-g", String.valueOf(group)));
        }
        return options;
    }

    private Map<String, String> variables() {
        var variables = new LinkedHashMap<>(Mke2fs.variables());
        var seconds = Math.clamp(spec.timestamp().getEpochSecond(), 1, Integer.MAX_VALUE);
        variables.put("E2FSPROGS_FAKE_TIME", String.valueOf(seconds));
        return variables;
    }

    private ImageWriteException failure(Child child, int code, SpaceNeeded space) {
        var said = child.words();
        if (said.contains("Could not allocate") || said.contains("No free space")) {
            // The count before was a little too low.
            return new SizeCapExceeded(Math.max(space.mib(), spec.sizeMib() + 1 + spec.sizeMib() / 64), spec.sizeMib());
        }
        return code == TAR_FAILED && !said.contains("No space left on device")
                ? new ImageWriteException(Reason.FAILED, "tar could not unpack the tree: " + said)
                : child.failure(code);
    }

    /** The second reading: directories, then all else as it passes by, then the further names. */
    private void stream(MergedTree tree, GnuTarWriter tar, Amendments amendments) throws IOException {
        tree.forEach(name -> {
            var node = name.node();
            if (node == tree.root()) {
                amendments.root(node);
            } else if (node.kind() == EntryKind.DIRECTORY) {
                tar.add(name.path(), node);
            }
            if (node.firstName() == name) {
                amendments.timeIfNeeded(name.path(), node);
                amendments.modeIfNeeded(name.path(), node);
            }
        });
        for (var layer = 0; layer < layers.layers().size(); layer++) {
            streamLayer(layer, tree, tar, amendments);
        }
        tree.forEach(name -> {
            var first = name.node().firstName();
            if (first != name) {
                tar.addHardLink(name.path(), first.path(), name.node());
                if (name.node().kind() == EntryKind.SYMLINK) {
                    amendments.sameLink(name.path(), name.node());
                }
            }
        });
        tar.finish();
    }

    private void streamLayer(int layer, MergedTree tree, GnuTarWriter tar, Amendments amendments) throws IOException {
        var metered = progress.metered(layers.layers().get(layer), progress::tick);
        try (var reader = LayerReader.openChecked(metered, limits)) {
            var ordinal = 0;
            for (var entry = reader.next(); entry != null; entry = reader.next()) {
                var node = tree.at(layer, ordinal++);
                if (node != null) {
                    var path = node.firstName().path();
                    amendments.attributes(path, entry.xattrs());
                    switch (node.kind()) {
                        case FILE -> tar.addFile(path, node, reader.content());
                        case DIRECTORY -> {}
                        default -> tar.add(path, node);
                    }
                }
            }
        }
    }

    private void amend(SpaceNeeded space) throws IOException {
        var command = List.of(Tool.DEBUGFS.path(), "-w", "-f", commands.toString(), image.toString());
        try (var debugfs = Child.start("debugfs", command, variables(), values)) {
            var code = debugfs.await(progress::tick);
            // The first line is the program's version; each other one is a command that failed.
            var said = debugfs.words().lines().skip(1).toList();
            if (code != 0) {
                throw debugfs.failure(code);
            }
            if (said.stream().anyMatch(line -> line.contains("Insufficient space to store"))) {
                throw new ImageWriteException(
                        Reason.UNSUPPORTED, "an entry has more extended attributes than ext4 holds, 4 KiB");
            }
            if (!said.isEmpty()) {
                throw failure(debugfs, code, space);
            }
        }
    }

    private void check() throws IOException {
        var command = List.of(Tool.E2FSCK.path(), "-fn", image.toString());
        try (var e2fsck = Child.start("e2fsck", command, variables(), work.path())) {
            var code = e2fsck.await(progress::tick);
            if (code != 0) {
                throw e2fsck.failure(code);
            }
        }
    }
}
