package io.scaibunker.layers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.scaibunker.layers.LayerException.Reason;
import io.scaibunker.layers.TarBuilder.Member;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import java.util.function.Consumer;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

/** Layers that somebody made to hurt, or that broke on the way. */
class HostileLayerTest {
    private static final LayerLimits SMALL = new LayerLimits(100, 4096, 255, 64, 1 << 10, 1 << 16, 1 << 20, 1 << 20);

    private static void refused(Reason reason, String message, TarBuilder layer) {
        refused(reason, message, layer.bytes());
    }

    private static void refused(Reason reason, String message, byte[] stored) {
        assertThatThrownBy(() -> readAll(stored, SMALL)).isInstanceOfSatisfying(LayerException.class, problem -> {
            assertThat(problem.reason()).as(problem.getMessage()).isEqualTo(reason);
            assertThat(problem).hasMessageContaining(message);
        });
    }

    private static void readAll(byte[] stored, LayerLimits limits) throws IOException {
        try (var reader = LayerReader.open(TarBuilder.layer(stored), limits)) {
            while (reader.next() != null) {
                reader.content().readAllBytes();
            }
        }
    }

    private static TarBuilder one(Consumer<Member> change) {
        return new TarBuilder().file("victim", "content", change);
    }

    @Test
    void namesThatLeadOutOfTheRootAreRefused() {
        refused(Reason.UNSAFE_PATH, "../etc/passwd", new TarBuilder().file("../etc/passwd", ""));
        refused(Reason.UNSAFE_PATH, "a/../../b", new TarBuilder().file("a/../../b", ""));
        refused(Reason.UNSAFE_PATH, "/etc/passwd", new TarBuilder().file("/etc/passwd", ""));
        refused(Reason.UNSAFE_PATH, "..", new TarBuilder().hardLink("a", "../../etc/shadow"));
        refused(Reason.CORRUPT, "names nothing", new TarBuilder().file("a/.wh...", ""));
        refused(Reason.CORRUPT, "names nothing", new TarBuilder().file("a/.wh.", ""));
        refused(Reason.CORRUPT, "names nothing", new TarBuilder().file("a/.wh..", ""));
        refused(Reason.CORRUPT, "whiteout", new TarBuilder().file(".wh.a/b", ""));
    }

    @Test
    void namesWithZeroBytesOrBeyondTheBoundsAreRefused() {
        refused(Reason.CORRUPT, "zero byte", one(member -> member.pax.put("path", new byte[] {'a', 0, 'b'})));
        refused(Reason.CORRUPT, "zero byte", new TarBuilder().add("l", '2', member -> {
                    member.pax.put("linkpath", new byte[] {'a', 0});
                }));
        refused(Reason.CORRUPT, "nowhere", new TarBuilder().symlink("l", ""));
        refused(Reason.TOO_LARGE, "255", new TarBuilder().file("x".repeat(256), ""));
        refused(Reason.TOO_LARGE, "symbolic link of 4096", new TarBuilder().symlink("l", "x".repeat(4096)));
        refused(Reason.TOO_LARGE, "64 levels", new TarBuilder().file("d/".repeat(64) + "f", ""));
        refused(
                Reason.TOO_LARGE,
                "200000 bytes",
                new TarBuilder().raw(longName("d/".repeat(100_000))).file("x", ""));
        refused(Reason.CORRUPT, "the root", new TarBuilder().file(".", ""));
    }

    /** GNU's way to write a long name; {@link #SMALL} allows 64 KiB, so the header itself must be allowed more. */
    private static byte[] longName(String name) {
        var member = new Member();
        member.name = "././@LongLink";
        member.type = 'L';
        member.data = TarBuilder.bytes(name);
        var out = new ByteArrayOutputStream();
        out.writeBytes(TarBuilder.header(member));
        out.writeBytes(Arrays.copyOf(member.data, (member.data.length + 511) / 512 * 512));
        return out.toByteArray();
    }

    @Test
    void pathsOfAHundredThousandLevelsAreRefused() {
        var stored = new TarBuilder()
                .raw(longName("d/".repeat(100_000)))
                .file("x", "")
                .bytes();
        assertThatThrownBy(() -> readAll(stored, LayerLimits.DEFAULT))
                .isInstanceOfSatisfying(
                        LayerException.class,
                        problem -> assertThat(problem.reason()).isEqualTo(Reason.TOO_LARGE))
                .hasMessageContaining("d/d/d");
    }

    @Test
    void numbersThatCannotBeAreRefused() {
        refused(Reason.CORRUPT, "negative size", one(member -> member.size = -5L));
        refused(Reason.TOO_LARGE, "bytes, at victim", one(member -> member.size = 1L << 62));
        refused(Reason.CORRUPT, "size", one(member -> member.pax.put("size", TarBuilder.bytes("-1"))));
        refused(Reason.CORRUPT, "size", one(member -> member.pax.put("size", TarBuilder.bytes("9".repeat(30)))));
        refused(Reason.CORRUPT, "uid", one(member -> member.uid = 1L << 32));
        refused(Reason.CORRUPT, "gid", one(member -> member.gid = -1));
        refused(Reason.CORRUPT, "time", one(member -> member.mtime = Long.MIN_VALUE));
        refused(Reason.CORRUPT, "mtime", one(member -> member.pax.put("mtime", TarBuilder.bytes("1e9"))));
        refused(Reason.UNSUPPORTED, "device", new TarBuilder().add("dev", '3', member -> member.major = 5000));
        refused(Reason.UNSUPPORTED, "device", new TarBuilder().add("dev", '4', member -> member.minor = 1 << 20));
    }

    @Test
    void whatIsCutShortIsRefused() {
        var whole = new TarBuilder().file("victim", "x".repeat(2000)).bytes();
        refused(Reason.CORRUPT, "ends early, at victim", Arrays.copyOf(whole, 1000));
        refused(Reason.CORRUPT, "ends early", Arrays.copyOf(whole, 300));
        refused(Reason.CORRUPT, "empty", new byte[0]);
        refused(
                Reason.CORRUPT,
                "ends early",
                one(member -> member.size = 500_000L).unfinished());
    }

    @Test
    void headersThatDoNotAddUpAreRefused() {
        refused(Reason.CORRUPT, "checksum", one(member -> member.wrongChecksum = true));
        refused(Reason.CORRUPT, "checksum, at victim", one(member -> {}).add("next", '0', m -> m.wrongChecksum = true));
        refused(
                Reason.UNSUPPORTED,
                "neither",
                "just some text, long enough".repeat(100).getBytes());
        refused(Reason.CORRUPT, "PAX", broken("99 path=x\n"));
        refused(Reason.CORRUPT, "PAX", broken("x path=x\n"));
        refused(Reason.CORRUPT, "PAX", broken("9 path=xy"));
        refused(Reason.CORRUPT, "PAX", broken("7 pathx\n"));
        refused(Reason.CORRUPT, "PAX", broken("-9 path=x\n"));
        refused(Reason.CORRUPT, "PAX", broken("2 \n"));
    }

    private static TarBuilder broken(String records) {
        return new TarBuilder()
                .add("pax", 'x', member -> member.data = TarBuilder.bytes(records))
                .file("x", "");
    }

    @Test
    void kindsThatAreNotTakenAreRefusedByName() {
        refused(Reason.UNSUPPORTED, "sock: tar type 's', a socket", new TarBuilder().add("sock", 's', member -> {}));
        refused(Reason.UNSUPPORTED, "part: tar type 'M'", new TarBuilder().add("part", 'M', member -> {}));
    }

    @Test
    void moreThanTheBoundsIsRefused() throws Exception {
        refused(Reason.TOO_LARGE, "extended header", one(member -> member.pax.put("comment", new byte[1 << 17])));
        refused(
                Reason.TOO_LARGE,
                "extended attributes",
                one(member -> member.pax.put("SCHILY.xattr.user.a", new byte[2000])));
        refused(
                Reason.TOO_LARGE,
                "extended attribute",
                one(member -> member.pax.put("SCHILY.xattr." + "u".repeat(300), new byte[1])));
        refused(Reason.CORRUPT, "extended attribute", one(member -> member.pax.put("SCHILY.xattr.", new byte[1])));
        var many = new TarBuilder();
        for (var index = 0; index < 101; index++) {
            many.file("f" + index, "");
        }
        refused(Reason.TOO_LARGE, "100 entries", many);
        refused(
                Reason.TOO_LARGE,
                "more than",
                new TarBuilder().file("a", "x".repeat(600_000)).file("b", "x".repeat(600_000)));
        refused(
                Reason.TOO_LARGE,
                "more than",
                gzip(new byte[8 << 20], new TarBuilder().file("a", "").unfinished()));
    }

    private static byte[] gzip(byte[] behind, byte[] tar) throws IOException {
        var out = new ByteArrayOutputStream();
        try (var gzip = new GZIPOutputStream(out)) {
            gzip.write(tar);
            gzip.write(behind);
        }
        return out.toByteArray();
    }

    @Test
    void listsOfSparsePartsThatLieAreRefused() {
        refused(Reason.CORRUPT, "sparse", sparse("0,5,3,2", "100"));
        refused(Reason.CORRUPT, "sparse", sparse("0,5,99,2", "100"));
        refused(Reason.CORRUPT, "sparse", sparse("0,6", "100"));
        refused(Reason.CORRUPT, "sparse", sparse("0,5,9", "100"));
        refused(Reason.CORRUPT, "sparse", sparse("", "100"));
        refused(Reason.TOO_LARGE, "more than", sparse("0,7", "99999999999999999"));
        refused(Reason.CORRUPT, "sparse", one(member -> {
            member.pax.put("GNU.sparse.major", TarBuilder.bytes("1"));
            member.pax.put("GNU.sparse.realsize", TarBuilder.bytes("7"));
            member.data = new byte[1024];
            Arrays.fill(member.data, (byte) '1');
        }));
    }

    private static TarBuilder sparse(String map, String size) {
        return one(member -> {
            member.pax.put("GNU.sparse.size", TarBuilder.bytes(size));
            member.pax.put("GNU.sparse.map", TarBuilder.bytes(map));
        });
    }

    /** Whatever bits flip, the answer is an entry or a typed refusal, soon, and nothing else. */
    @Test
    void randomDamageNeverEndsInAnythingButARefusal() throws Exception {
        var random = new Random(7);
        var tar = new TarBuilder()
                .directory("d")
                .file("d/" + "n".repeat(120), "x".repeat(700), TarBuilder.xattr("user.a", "b"))
                .symlink("s", "d")
                .hardLink("h", "d/" + "n".repeat(120))
                .file("z", "zz")
                .bytes();
        for (var kind = 0; kind < 2; kind++) {
            var stored = kind == 0 ? tar : gzip(new byte[0], tar);
            for (var round = 0; round < 1500; round++) {
                var damaged = stored.clone();
                for (var flips = 0; flips <= random.nextInt(3); flips++) {
                    damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
                }
                if (kind == 0 && random.nextBoolean()) {
                    resealHeaders(tar, damaged);
                }
                try {
                    readAll(Arrays.copyOf(damaged, damaged.length - random.nextInt(3) * 100), SMALL);
                } catch (LayerException expected) {
                    assertThat(expected.getMessage()).isNotBlank();
                }
            }
        }
    }

    /** Makes the checksums right again, so that damage gets beyond them. */
    private static void resealHeaders(byte[] tar, byte[] damaged) {
        for (var start = 0; start + 512 <= tar.length; start += 512) {
            var block = Arrays.copyOfRange(damaged, start, start + 512);
            if (TarHeader.hasMagic(Arrays.copyOfRange(tar, start, start + 512))) {
                TarBuilder.seal(block);
                System.arraycopy(block, 0, damaged, start, block.length);
            }
        }
    }
}
