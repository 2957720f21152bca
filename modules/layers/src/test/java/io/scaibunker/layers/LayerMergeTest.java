package io.scaibunker.layers;

import static io.scaibunker.layers.TarBuilder.mode;
import static io.scaibunker.layers.TarBuilder.owner;
import static io.scaibunker.layers.TarBuilder.xattr;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.scaibunker.layers.LayerException.Reason;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class LayerMergeTest {
    private MergedTree tree;

    /** Each surviving path with the content of its file, the target of its link, or the mode of its directory. */
    private Map<String, String> merge(TarBuilder... layers) throws IOException {
        return merge(LayerLimits.DEFAULT, layers);
    }

    private Map<String, String> merge(LayerLimits limits, TarBuilder... layers) throws IOException {
        var merge = new LayerMerge(limits);
        var contents = new TreeMap<String, String>();
        for (var index = 0; index < layers.length; index++) {
            merge.beginLayer();
            try (var reader = LayerReader.open(layers[index].layer(), limits)) {
                var ordinal = 0;
                for (var entry = reader.next(); entry != null; entry = reader.next()) {
                    merge.add(entry);
                    var content = new String(reader.content().readAllBytes(), StandardCharsets.ISO_8859_1);
                    contents.put(index + ":" + ordinal++, content);
                }
            }
        }
        tree = merge.finish();
        var found = new TreeMap<String, String>();
        tree.forEach(name -> {
            var node = name.node();
            found.put(
                    name.path().toString(),
                    switch (node.kind()) {
                        case DIRECTORY -> "dir " + Integer.toOctalString(node.mode());
                        case SYMLINK -> "-> " + new String(node.linkTarget(), StandardCharsets.ISO_8859_1);
                        case FILE -> contents.get(node.layer() + ":" + node.ordinal());
                        default -> node.kind().name();
                    });
        });
        found.remove("/");
        return found;
    }

    private Node node(String path) throws IOException {
        var found = new TreeMap<String, Node>();
        tree.forEach(name -> found.put(name.path().toString(), name.node()));
        return found.get(path);
    }

    @Test
    void aNameOfALowerFileOutlivesTheNameItWasMadeUnder() throws Exception {
        var lower = new TarBuilder().file("head", "old").hardLink("tail", "head");
        assertThat(merge(lower, new TarBuilder().whiteout("head"))).isEqualTo(Map.of("tail", "old"));
        assertThat(node("tail").links()).isEqualTo(1);
        assertThat(merge(lower, new TarBuilder().file("head", "new"))).isEqualTo(Map.of("head", "new", "tail", "old"));
        assertThat(node("tail").links()).isEqualTo(1);
        assertThat(merge(lower, new TarBuilder().file("tail", "new"))).isEqualTo(Map.of("head", "old", "tail", "new"));
    }

    @Test
    void aHardLinkMayReachIntoALowerLayer() throws Exception {
        var found = merge(
                new TarBuilder().file("a", "1"),
                new TarBuilder().hardLink("b", "a").file("a", "2"));
        assertThat(found).isEqualTo(Map.of("a", "2", "b", "1"));
        assertThat(tree.at(0, 0)).isSameAs(node("b"));
        assertThat(tree.at(1, 1)).isSameAs(node("a"));
        assertThat(tree.at(1, 0)).isNull();
    }

    @Test
    void aHardLinkToASymbolicLinkIsOneLinkWithTwoNames() throws Exception {
        merge(new TarBuilder().symlink("s", "nowhere").hardLink("t", "s"));
        assertThat(node("t")).isSameAs(node("s"));
        assertThat(node("t").links()).isEqualTo(2);
        assertThat(node("t").firstName().path()).isEqualTo(EntryPath.of("s"));
    }

    @Test
    void aHardLinkMayBeNamedFromTheRoot() throws Exception {
        assertThat(merge(new TarBuilder().file("a", "1").hardLink("b", "/a"))).containsEntry("b", "1");
    }

    @Test
    void aWhiteoutHidesFilesAndTrees() throws Exception {
        var lower =
                new TarBuilder().file("f", "").directory("d").file("d/x", "").file("keep", "k");
        assertThat(merge(lower, new TarBuilder().whiteout("f").whiteout("d").whiteout("never-there")))
                .isEqualTo(Map.of("keep", "k"));
    }

    @Test
    void aWhiteoutSparesItsOwnLayerBeforeAndAfter() throws Exception {
        var lower =
                new TarBuilder().directory("d", mode(0700)).file("d/old", "").file("f", "old");
        var before = new TarBuilder()
                .whiteout("d")
                .whiteout("f")
                .directory("d")
                .file("d/new", "n")
                .file("f", "new");
        var after = new TarBuilder()
                .directory("d")
                .file("d/new", "n")
                .file("f", "new")
                .whiteout("d")
                .whiteout("f");
        var expected = Map.of("d", "dir 755", "d/new", "n", "f", "new");
        assertThat(merge(lower, before)).isEqualTo(expected);
        assertThat(merge(lower, after)).isEqualTo(expected);
    }

    @Test
    void aWhiteoutBehindNewerThingsLeavesTheirDirectoryAsUnlisted() throws Exception {
        var lower = new TarBuilder()
                .directory("d", mode(0700))
                .directory("d/e", mode(0700))
                .file("d/e/old", "");
        var found = merge(lower, new TarBuilder().file("d/e/new", "n").whiteout("d"));
        assertThat(found).isEqualTo(Map.of("d", "dir 755", "d/e", "dir 755", "d/e/new", "n"));
    }

    @Test
    void anOpaqueMarkerActsOnLowerLayersWhereverItStands() throws Exception {
        var lower = new TarBuilder()
                .directory("d")
                .file("d/old", "")
                .directory("d/sub")
                .file("d/sub/old", "");
        var first = new TarBuilder()
                .directory("d")
                .opaque("d")
                .file("d/new", "n")
                .directory("d/sub")
                .file("d/sub/n", "");
        var middle = new TarBuilder()
                .directory("d")
                .file("d/new", "n")
                .opaque("d")
                .directory("d/sub")
                .file("d/sub/n", "");
        var last = new TarBuilder()
                .directory("d")
                .file("d/new", "n")
                .directory("d/sub")
                .file("d/sub/n", "")
                .opaque("d");
        var expected = Map.of("d", "dir 755", "d/new", "n", "d/sub", "dir 755", "d/sub/n", "");
        assertThat(merge(lower, first)).isEqualTo(expected);
        assertThat(merge(lower, middle)).isEqualTo(expected);
        assertThat(merge(lower, last)).isEqualTo(expected);
    }

    @Test
    void anOpaqueRootHidesEverythingBelow() throws Exception {
        assertThat(merge(
                        new TarBuilder().file("a/b", ""),
                        new TarBuilder().file(".wh..wh..opq", "").file("c", "c")))
                .isEqualTo(Map.of("c", "c"));
    }

    @Test
    void theLowestLayersMarkersLeaveNothingBehind() throws Exception {
        assertThat(merge(new TarBuilder()
                        .whiteout("x/y")
                        .opaque("z")
                        .file("a", "a")
                        .file(".wh..wh.plnk/1.2", "")))
                .isEqualTo(Map.of("a", "a"));
    }

    @Test
    void whatIsNearlyAnOpaqueMarkerIsNone() throws Exception {
        var lower = new TarBuilder().file("d/old", "o");
        assertThat(merge(lower, new TarBuilder().file("d/.wh..wh..opqX", ""))).containsEntry("d/old", "o");
    }

    @Test
    void aChangeOfKindReplacesAll() throws Exception {
        var lower = new TarBuilder()
                .directory("d")
                .file("d/x", "")
                .file("f", "")
                .directory("target")
                .file("target/t", "t")
                .symlink("l", "target");
        assertThat(merge(lower, new TarBuilder().file("d", "now a file")))
                .containsEntry("d", "now a file")
                .doesNotContainKey("d/x");
        assertThat(merge(lower, new TarBuilder().symlink("d", "target")))
                .containsEntry("d", "-> target")
                .doesNotContainKey("d/x");
        assertThat(merge(lower, new TarBuilder().directory("f").file("f/x", "x")))
                .containsEntry("f/x", "x");
        assertThat(merge(lower, new TarBuilder().file("f/x", "x"))).containsEntry("f", "dir 755");
        assertThat(merge(lower, new TarBuilder().directory("l").file("l/x", "x")))
                .containsEntry("l", "dir 755")
                .containsEntry("l/x", "x")
                .doesNotContainKey("target/x");
    }

    @Test
    void aDirectoryListedAgainKeepsItsInsideAndTakesAllElse() throws Exception {
        var lower = new TarBuilder()
                .directory("d", mode(0700).andThen(owner(1, 2)).andThen(xattr("user.a", "1")))
                .file("d/x", "x");
        var found = merge(lower, new TarBuilder().directory("d", mode(01777).andThen(owner(3, 4))));
        assertThat(found).isEqualTo(Map.of("d", "dir 1777", "d/x", "x"));
        assertThat(node("d").uid()).isEqualTo(3);
        assertThat(node("d").xattrBytes()).isZero();
    }

    @Test
    void parentsAreFoundThroughSymbolicLinksButNotAboveTheRoot() throws Exception {
        var lower = new TarBuilder()
                .directory("usr/lib")
                .symlink("lib", "usr/lib")
                .symlink("up", "../../../usr")
                .symlink("usr/root", "/")
                .file("usr/lib/gone", "");
        var found = merge(
                lower,
                new TarBuilder()
                        .file("lib/a", "a")
                        .file("up/b", "b")
                        .file("usr/root/c", "c")
                        .whiteout("lib/gone")
                        .hardLink("d", "up/lib/a"));
        assertThat(found)
                .containsEntry("usr/lib/a", "a")
                .containsEntry("usr/b", "b")
                .containsEntry("c", "c")
                .containsEntry("d", "a")
                .containsEntry("lib", "-> usr/lib")
                .doesNotContainKey("usr/lib/gone");
    }

    @Test
    void aParentBehindADanglingLinkIsMadeWhereTheLinkPoints() throws Exception {
        assertThat(merge(new TarBuilder().symlink("lib", "usr/lib"), new TarBuilder().file("lib/a", "a")))
                .isEqualTo(Map.of("lib", "-> usr/lib", "usr", "dir 755", "usr/lib", "dir 755", "usr/lib/a", "a"));
    }

    @Test
    void aParentThatNobodyListsIsRootsAndOf1970() throws Exception {
        assertThat(merge(new TarBuilder().file("a/b/c", ""))).containsEntry("a/b", "dir 755");
        assertThat(node("a/b").uid()).isZero();
        assertThat(node("a/b").mtimeSeconds()).isZero();
        assertThat(node("a/b").layer()).isEqualTo(-1);
    }

    @Test
    void theLastOfSeveralEntriesForOnePathCounts() throws Exception {
        assertThat(merge(new TarBuilder()
                        .file("a", "first")
                        .file("a", "last")
                        .directory("d", mode(0700))
                        .file("d/x", "")
                        .directory("d", mode(0711))))
                .isEqualTo(Map.of("a", "last", "d", "dir 711", "d/x", ""));
        assertThat(tree.at(0, 0)).isNull();
    }

    @Test
    void namesComeInTheOrderOfBytesAndDirectoriesFirst() throws Exception {
        merge(new TarBuilder().file("b", "").file("\u00ff", "").file("a-b", "").file("a/z", ""));
        var order = new java.util.ArrayList<String>();
        tree.forEach(name -> order.add(name.path().toString()));
        assertThat(order).containsExactly("/", "a", "a/z", "a-b", "b", "\\xff");
        assertThat(tree.names()).isEqualTo(6);
    }

    @Test
    void whatMakesNoSenseIsRefusedByName() {
        refused(Reason.CORRUPT, "b: hard link to a, which is not there", new TarBuilder().hardLink("b", "a"));
        refused(
                Reason.CORRUPT,
                "b: hard link to d, a directory",
                new TarBuilder().directory("d").hardLink("b", "d"));
        refused(
                Reason.CORRUPT,
                "f/x: inside of f",
                new TarBuilder().file("f", "").file("f/x", ""));
        refused(
                Reason.CORRUPT,
                "circle",
                new TarBuilder().symlink("a", "b").symlink("b", "a").file("a/x", ""));
        refused(Reason.CORRUPT, "circle", new TarBuilder().symlink("a", "a/a").whiteout("a/x"));
    }

    @Test
    void depthAndNumbersAreBoundedAlsoThroughLinks() {
        var deep = new TarBuilder();
        var hundred = "d/".repeat(99) + "d";
        deep.directory(hundred);
        for (var index = 0; index < 20; index++) {
            deep.symlink("l" + index, (index == 0 ? "" : "l" + (index - 1) + "/") + hundred);
            deep.directory("l" + index + "/" + hundred);
        }
        refused(Reason.TOO_LARGE, "too long", deep);
        var few = new LayerLimits(2, 4096, 255, 1024, 1 << 16, 1 << 20, 1 << 30, 1 << 20);
        assertThatThrownBy(() -> merge(
                        few,
                        new TarBuilder().file("a", ""),
                        new TarBuilder().file("b", "").file("c", "")))
                .hasMessageContaining("more than 2 entries");
        var short_ = new LayerLimits(100, 4096, 255, 1024, 1 << 16, 1 << 20, 1 << 30, 20);
        assertThatThrownBy(() -> merge(short_, new TarBuilder().symlink("a", "x".repeat(30))))
                .hasMessageContaining("20 bytes in all");
    }

    private void refused(Reason reason, String message, TarBuilder... layers) {
        assertThatThrownBy(() -> merge(layers)).isInstanceOfSatisfying(LayerException.class, problem -> {
            assertThat(problem.reason()).isEqualTo(reason);
            assertThat(problem).hasMessageContaining(message);
        });
    }
}
