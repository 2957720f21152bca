package io.scaibunker.ext4;

import static io.scaibunker.layers.TarBuilder.mode;
import static io.scaibunker.layers.TarBuilder.mtime;
import static io.scaibunker.layers.TarBuilder.owner;
import static io.scaibunker.layers.TarBuilder.xattr;

import io.scaibunker.layers.TarBuilder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One small image for each thing that writers of images got wrong. */
final class FeatureImages {
    /**
     * One image.
     *
     * @param layers lowest first
     * @param tree what must be seen, where that is a question of how layers are merged, written down by hand from the rules
     *     of OCI: {@code directory/ file=content link->target device!}, with {@code *n} behind what has n names; else null
     */
    record Feature(List<TarBuilder> layers, @Nullable String tree) {}

    /** 36 things that one or the other writer is known to get wrong (two of them are in {@link LargeImageTest}), by image. */
    static final Map<String, String> KNOWN_MISTAKES = knownMistakes();

    private static final String LIST = "\2\0\0\0\1\0\6\0\377\377\377\377\2\0\4\0\127\4\0\0\4\0\4\0\377\377\377\377"
            + "\20\0\4\0\377\377\377\377\40\0\4\0\377\377\377\377";

    private final Map<String, Feature> images = new LinkedHashMap<>();

    private FeatureImages() {
        hardLinks();
        whiteouts();
        types();
        attributes();
        timesNamesAndOwners();
        contents();
    }

    static Map<String, Feature> all() {
        return new FeatureImages().images;
    }

    private void image(String name, TarBuilder layer) {
        images.put(name, new Feature(List.of(layer), null));
    }

    private void merged(String name, String tree, TarBuilder... layers) {
        images.put(name, new Feature(List.of(layers), tree));
    }

    private static Map<String, String> knownMistakes() {
        var images = new LinkedHashMap<String, String>();
        images.put("hl-head-deleted", "hard-link-head-deleted");
        images.put("hl-head-replaced", "hard-link-head-replaced");
        images.put("hl-tail-replaced", "hard-link-tail-replaced");
        images.put("hl-cross-layer", "hard-link-across-layers");
        images.put("hl-to-symlink", "hard-link-to-symlink");
        images.put("wh-file-dir", "whiteout-file-and-directory");
        images.put("wh-readd-after", "whiteout-then-added-again");
        images.put("wh-readd-before", "added-then-whiteout");
        images.put("opq-first", "opaque-first");
        images.put("opq-last", "opaque-last");
        images.put("opq-middle", "opaque-between");
        images.put("type-file-to-dir", "file-to-directory");
        images.put("type-dir-to-file", "directory-to-file");
        images.put("type-dir-to-link", "directory-to-link");
        images.put("type-link-to-dir", "link-to-directory");
        images.put("dir-meta-change", "directory-keeps-children");
        images.put("through-symlink-parent", "through-symlinked-parent");
        images.put("devices-fifo", "devices-and-fifo");
        images.put("xattr-cap", "capability");
        images.put("xattr-cap-newline", "capability-with-line-break");
        images.put("xattr-user", "user-attributes");
        images.put("xattr-empty-value", "empty-attribute");
        images.put("xattr-acl", "access-lists");
        images.put("xattr-many-3k", "many-attributes");
        images.put("xattr-on-symlink", "attribute-on-symlink");
        images.put("mtime-ns", "nanoseconds");
        images.put("mtime-range", "times-1901-to-2446");
        images.put("name-non-utf8", "names-no-utf-8");
        images.put("name-long-deep", "names-long-and-deep");
        images.put("owner-mode", "owners-and-modes");
        images.put("symlink-lengths", "symlink-lengths");
        images.put("implicit-parents", "implicit-parents");
        images.put("dup-path-one-layer", "same-path-twice");
        images.put("zero-runs", "zero-runs");
        return images;
    }

    private static TarBuilder tar() {
        return new TarBuilder();
    }

    private static TarBuilder linked() {
        return tar().file("a", "head").hardLink("b", "a").hardLink("c", "b");
    }

    private void hardLinks() {
        merged("hard-link-head-deleted", "b=head*2 c=head*2", linked(), tar().whiteout("a"));
        merged("hard-link-head-replaced", "a=new b=head*2 c=head*2", linked(), tar().file("a", "new"));
        merged("hard-link-tail-replaced", "a=head*2 b=new c=head*2", linked(), tar().file("b", "new"));
        merged("hard-link-across-layers", "a=head*4 b=head*4 c=head*4 d=head*4", linked(), tar().hardLink("d", "a"));
        merged(
                "hard-link-head-deleted-and-linked-again",
                "b=head*3 c=head*3 d=head*3",
                linked(),
                tar().hardLink("d", "b").whiteout("a"));
        merged(
                "hard-link-to-symlink",
                "s->nowhere*2 t->nowhere*2",
                tar().symlink("s", "nowhere").hardLink("t", "s"));
        merged(
                "hard-link-to-device",
                "null!*2 zero!*2",
                tar().add("null", '3', member -> member.minor = 3).hardLink("zero", "null"));
    }

    private void whiteouts() {
        var lower = tar().directory("d")
                .file("d/old", "old")
                .file("f", "f")
                .directory("d/sub")
                .file("d/sub/x", "x");
        merged("whiteout-file-and-directory", "", lower, tar().whiteout("f").whiteout("d"));
        merged(
                "whiteout-then-added-again",
                "d/ d/new=new f=f",
                lower,
                tar().whiteout("d").directory("d").file("d/new", "new"));
        merged(
                "added-then-whiteout",
                "d/ d/new=new f=f",
                lower,
                tar().directory("d", mtime("5")).file("d/new", "new").whiteout("d"));
        merged("whiteout-of-own-entry", "own=x", tar().file("own", "x").whiteout("own"));
        merged(
                "opaque-first",
                "d/ d/new=new f=f",
                lower,
                tar().directory("d").opaque("d").file("d/new", "new"));
        merged(
                "opaque-last",
                "d/ d/new=new f=f",
                lower,
                tar().directory("d", mtime("5")).file("d/new", "new").opaque("d"));
        merged(
                "opaque-between",
                "d/ d/one=1 d/two=2 f=f",
                lower,
                tar().file("d/one", "1").opaque("d").file("d/two", "2"));
        merged(
                "opaque-over-merged-usr",
                "bin->usr/bin usr/ usr/bin/ usr/bin/new=new",
                tar().directory("usr/bin").file("usr/bin/old", "old").symlink("bin", "usr/bin"),
                tar().opaque("bin").file("bin/new", "new"));
        merged("whiteout-of-nothing", "d/ d/old=old d/sub/ d/sub/x=x f=f", lower, tar().whiteout("nothing/at/all"));
    }

    private void types() {
        var lower = tar().directory("d", xattr("user.lower", "1"))
                .file("d/x", "x")
                .file("f", "f")
                .symlink("l", "d");
        merged(
                "file-to-directory",
                "d/ d/x=x f/ f/in=in l->d",
                lower,
                tar().directory("f").file("f/in", "in"));
        merged(
                "file-to-directory-and-back",
                "d/ d/x=x f=back l->d",
                lower,
                tar().directory("f").file("f/in", "in"),
                tar().file("f", "back"));
        merged("directory-to-file", "d=now-a-file f=f l->d", lower, tar().file("d", "now-a-file"));
        merged("directory-to-link", "d->f f=f l->d", lower, tar().symlink("d", "f"));
        merged(
                "link-to-directory",
                "d/ d/x=x f=f l/ l/in=in",
                lower,
                tar().directory("l").file("l/in", "in"));
        merged(
                "directory-keeps-children",
                "d/ d/x=x f=f l->d",
                lower,
                tar().directory("d", mode(0700).andThen(mtime("77.5")).andThen(xattr("user.upper", "2"))));
        merged("through-symlinked-parent", "d/ d/through=t d/x=x f=f l->d", lower, tar().file("l/through", "t"));
        merged("same-path-twice", "p=last", tar().file("p", "first, longer").file("p", "last"));
        merged("implicit-parents", "a/ a/b/ a/b/c/ a/b/c/d=deep", tar().file("a/b/c/d", "deep"));
        image(
                "devices-and-fifo",
                tar().add("null", '3', number(1, 3))
                        .add("big", '4', number(259, 70_000))
                        .add("top", '3', number(4095, 1_048_575))
                        .add("minor", '3', number(8, 256))
                        .add("fifo", '6', member -> {}));
    }

    private static Consumer<TarBuilder.Member> number(int major, int minor) {
        return member -> {
            member.major = major;
            member.minor = minor;
        };
    }

    private void attributes() {
        var newlines = "\1\0\0\2\0\n\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
        image("capability", tar().file("f", "x", xattr("security.capability", "\1\0\0\2" + "\0".repeat(16))));
        image("capability-with-line-break", tar().file("f", "x", xattr("security.capability", newlines)));
        image("user-attributes", tar().directory("d", xattr("user.d", "1")).file("f", "", xattr("user.f", "2")));
        image("empty-attribute", tar().file("f", "x", xattr("user.empty", "")));
        image(
                "access-lists",
                tar().file("f", "x", xattr("system.posix_acl_access", LIST))
                        .directory("d", xattr("system.posix_acl_default", LIST)));
        var many = mode(0644);
        for (var index = 0; index < 60; index++) {
            many = many.andThen(xattr("user.k" + index, "v".repeat(index % 50)));
        }
        image("many-attributes", tar().file("f", "x", many));
        image("big-attribute", tar().file("f", "x", xattr("user.big", "z".repeat(3900))));
        image(
                "attributes-in-inode-and-block",
                tar().file("f", "", xattr("user.a", "1").andThen(xattr("user.b", "2".repeat(200)))));
        image("attribute-on-root", tar().directory(".", xattr("user.root", "r").andThen(mode(0700))));
        image("attribute-names-of-all-bytes", tar().file("f", "x", xattr("user.\u00e9\u00ff\u0001", "\0\n")));
        image("attribute-on-symlink", tar().add("l", '2', member -> {
            member.link = "f";
            xattr("trusted.l", "1").accept(member);
        }));
    }

    private void timesNamesAndOwners() {
        image("nanoseconds", tar().file("f", "x", mtime("1600000000.123456789")).directory("d", mtime("1.000000001")));
        image(
                "times-1901-to-2446",
                tar().file("a", "", mtime("-2147483648"))
                        .file("b", "", mtime("-1.5"))
                        .file("c", "", mtime("2147483648"))
                        .file("d", "", mtime("4294967295.5"))
                        .file("e", "", mtime("15032385535")));
        image("names-no-utf-8", tar().file("\u00ff\u00fe", "1").file("\u00e9/\u0080", "2"));
        image("names-long-and-deep", tar().file("n".repeat(255), "1").file("deep/".repeat(300) + "x", "2"));
        image(
                "owners-and-modes",
                tar().file("a", "", owner(65_536, 4_294_967_294L).andThen(mode(06755)))
                        .directory("b", owner(70_000, 80_000).andThen(mode(01777))));
        image(
                "symlink-lengths",
                tar().symlink("one", "1")
                        .symlink("s59", "x".repeat(59))
                        .symlink("s60", "x".repeat(60))
                        .symlink("s4095", "x".repeat(4095)));
        var nested = tar().directory("d0").file("d0/f", "x");
        for (var index = 1; index <= 40; index++) {
            nested.symlink("l" + index, index == 1 ? "d0" : "l" + (index - 1));
        }
        image("forty-symlinks", nested.file("l40/through", "40"));
    }

    private void contents() {
        image(
                "zero-runs",
                tar().file("zeros", "", content(new byte[50_000]))
                        .file("holes", "", content(holes(200)))
                        .file("tail", "", content(new byte[4097])));
        image(
                "sizes",
                tar().file("s0", "")
                        .file("s4095", "x".repeat(4095))
                        .file("s4096", "x".repeat(4096))
                        .file("s4097", "x".repeat(4097))
                        .file("s262144", "x".repeat(262_144))
                        .file("s262145", "x".repeat(262_145)));
        var names = tar();
        for (var index = 0; index < 300; index++) {
            names.file("indexed/some-longer-name-for-a-file-" + index, "" + index);
        }
        image("directory-with-index", names);
    }

    /** Each second block of zeros. */
    private static byte[] holes(int blocks) {
        var bytes = new byte[blocks * 4096 + 10];
        for (var block = 0; block < blocks; block += 2) {
            bytes[block * 4096 + block] = 1;
        }
        return bytes;
    }

    static Consumer<TarBuilder.Member> content(byte[] bytes) {
        return member -> member.data = bytes;
    }
}
