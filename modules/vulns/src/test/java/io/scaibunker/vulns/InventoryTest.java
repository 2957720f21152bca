package io.scaibunker.vulns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.scaibunker.vulns.Inventory.Gap;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InventoryTest {
    private final Map<String, byte[]> files = new LinkedHashMap<>();

    @Test
    void debianPackagesAreKnownByTheirSources() throws IOException {
        file("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME='Debian 12'\n");
        file("var/lib/dpkg/status", """
                Package: curl
                Status: install ok installed
                Version: 7.88.1-10+b2
                Description: text
                 Package: not-this

                Package: libssl3
                Status: hold ok installed
                Source: openssl (3.0.9-1)
                Version: 3.0.9-1+b1

                Package: gone
                Status: deinstall ok config-files
                Version: 1
                """);
        Inventory inventory = read();
        assertThat(inventory.gaps()).isEmpty();
        assertThat(inventory.components())
                .extracting(c -> c.ecosystem() + " " + c.name() + " " + c.version() + " " + c.sourceName() + " "
                        + c.sourceVersion())
                .containsExactly(
                        "Debian:12 curl 7.88.1-10+b2 curl 7.88.1-10", "Debian:12 libssl3 3.0.9-1+b1 openssl 3.0.9-1");
        assertThat(inventory.components().getFirst().purl(inventory.system()))
                .isEqualTo("pkg:deb/debian/curl@7.88.1-10%2Bb2?distro=debian-12&upstream=curl%407.88.1-10");
        assertThat(inventory.ecosystems()).containsExactly("Debian");
    }

    @Test
    void imagesWithoutDpkgListTheirPackagesOneByOne() throws IOException {
        file("usr/lib/os-release", "ID=debian\nVERSION_ID=12\n");
        file("var/lib/dpkg/status.d/base", "Package: base-files\nVersion: 12.4\n");
        file("var/lib/dpkg/status.d/base.md5sums", "0123  etc/x\n");
        assertThat(read().components()).extracting(Component::name).containsExactly("base-files");
    }

    @Test
    void alpinePackagesAreKnownByTheirOrigin() throws IOException {
        file("etc/os-release", "ID=alpine\nVERSION_ID=3.18.4\n");
        file("lib/apk/db/installed", "P:libcrypto3\nV:3.1.4-r0\no:openssl\n\nP:busybox\nV:1.36.1-r4\n");
        assertThat(read().components())
                .extracting(c -> c.ecosystem() + " " + c.sourceName() + " " + c.version())
                .containsExactly("Alpine:v3.18 busybox 1.36.1-r4", "Alpine:v3.18 openssl 3.1.4-r0");
    }

    @Test
    void packagesOfLanguagesAreFoundAndThoseOfTheSystemAreNotCountedTwice() throws IOException {
        file("etc/os-release", "ID=debian\nVERSION_ID=12\n");
        file("usr/lib/python3/dist-packages/six-1.16.egg-info", "Metadata-Version: 1.2\nName: six\nVersion: 1.16.0\n");
        file("var/lib/dpkg/status", "Package: python3-six\nStatus: install ok installed\nVersion: 1.16.0-4\n");
        file("var/lib/dpkg/info/python3-six.list", "/.\n/usr/lib/python3/dist-packages/six-1.16.egg-info\n");
        file("app/lib/Jinja_2.dist-info/METADATA", "Name: Jinja.2\nVersion: 3.0\n\nName: other\n");
        file(
                "app/node_modules/@a/b/package.json",
                "{\"name\":\"@a/b\",\"x\":{\"version\":\"9\"},\"version\":\"1.2.3\"}");
        file("app/node_modules/@a/b/test/package.json", "{broken");
        file("app/node_modules/c/package.json", "{\"type\":\"module\"}");
        file("gems/specifications/rack-2.0.gemspec", "# -*- encoding: utf-8 -*-\n# stub: rack 2.0.1 ruby lib\n");
        file(
                "gems/specifications/default/json.gemspec",
                "Gem::Specification.new do |s|\n  s.name = \"json\".freeze\n  s.version = \"2.6\"\n");
        Inventory inventory = read();
        assertThat(inventory.gaps()).isEmpty();
        assertThat(inventory.components())
                .extracting(c -> c.ecosystem() + " " + c.name() + " " + c.version())
                .containsExactly(
                        "Debian:12 python3-six 1.16.0-4",
                        "PyPI jinja-2 3.0",
                        "npm @a/b 1.2.3",
                        "RubyGems json 2.6",
                        "RubyGems rack 2.0.1");
        assertThat(inventory.notes()).singleElement().asString().startsWith("1 packages of languages");
    }

    @Test
    void jarsSayWhatTheyAreAndWhatIsInThem() throws IOException {
        byte[] inner = zip(Map.of(
                "META-INF/maven/g/log/pom.properties",
                bytes("groupId=org.log\nartifactId=log-core\nversion=2.14.1\n")));
        byte[] byManifest = zip(Map.of(
                "META-INF/MANIFEST.MF",
                bytes("Manifest-Version: 1.0\nImplementation-Vendor-Id: com.x\nImplementation-Version: 1.5\n\n")));
        byte[] nameless = zip(Map.of("a.class", new byte[10]));
        byte[] outer = zip(
                Map.of("BOOT-INF/lib/log.jar", inner, "WEB-INF/lib/thing-1.5.jar", byManifest, "lib/n.jar", nameless));
        ByteArrayOutputStream withStub = new ByteArrayOutputStream();
        withStub.writeBytes(bytes("#!/bin/bash\nexec java -jar $0\n"));
        withStub.writeBytes(outer);
        files.put("app/app.jar", withStub.toByteArray());
        Inventory inventory = read();
        assertThat(inventory.gaps()).isEmpty();
        assertThat(inventory.components())
                .extracting(c -> c.name() + " " + c.version() + " " + c.path())
                .containsExactly(
                        "com.x:thing 1.5 app/app.jar!/WEB-INF/lib/thing-1.5.jar",
                        "org.log:log-core 2.14.1 app/app.jar!/BOOT-INF/lib/log.jar");
        assertThat(inventory.components().getFirst().purl(null)).isEqualTo("pkg:maven/com.x/thing@1.5");
        assertThat(inventory.notes()).singleElement().asString().startsWith("2 jars do not say");
    }

    @Test
    void aBombInAJarStopsAtItsBound() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(out)) {
            zip.putNextEntry(new ZipEntry("zeros"));
            byte[] zeros = new byte[1 << 20];
            for (int index = 0; index < 64; index++) {
                zip.write(zeros);
            }
        }
        files.put("bomb.jar", out.toByteArray());
        InventoryLimits limits = new InventoryLimits(1 << 20, 1 << 16, 10, 10, 32 << 20, 64 << 20, 100, 3, 1 << 30);
        assertThat(read(limits).gaps()).extracting(Gap::reason).containsExactly(ScanReason.TOO_LARGE);

        files.clear();
        byte[] nested = zip(Map.of("x", new byte[1]));
        for (int index = 0; index < 5; index++) {
            nested = zip(Map.of("x.jar", nested));
        }
        files.put("nested.jar", nested);
        assertThat(read(limits).gaps()).extracting(Gap::reason).containsExactly(ScanReason.TOO_LARGE);

        files.clear();
        files.put("cut.jar", Arrays.copyOf(out.toByteArray(), 2_000));
        files.put("text.jar", bytes("no zip"));
        assertThat(read(limits).gaps()).hasSize(2);
    }

    @Test
    void hostileStatusFilesEndInTime() throws IOException {
        file("etc/os-release", "ID=debian\nVERSION_ID=12\n");
        StringBuilder status = new StringBuilder();
        for (int index = 0; index < 250_000; index++) {
            status.append("Package: p").append(index).append("\nStatus: install ok installed\nVersion: 1\n\n");
        }
        file("var/lib/dpkg/status", status.toString());
        long start = System.nanoTime();
        Inventory inventory = read();
        System.out.println("a status file of a million lines: " + (System.nanoTime() - start) / 1_000_000 + " ms");
        assertThat(inventory.gaps()).extracting(Gap::reason).containsExactly(ScanReason.TOO_LARGE);

        files.clear();
        file("etc/os-release", "ID=debian\nVERSION_ID=12\n");
        file("var/lib/dpkg/status", "Package: a\0b\nStatus: install ok installed\nVersion: 1\n");
        assertThat(read().gaps()).extracting(Gap::reason).containsExactly(ScanReason.INVENTORY_INCOMPLETE);

        files.clear();
        file("etc/os-release", "ID=debian\nVERSION_ID=12\n");
        files.put("var/lib/dpkg/status", new byte[50 << 20]);
        assertThat(read().gaps()).isNotEmpty();
    }

    @Test
    void aSystemWithoutItsListOfPackagesHasAGap() throws IOException {
        file("etc/os-release", "ID=debian\nVERSION_ID=12\n");
        assertThat(read().gaps()).extracting(Gap::reason).containsExactly(ScanReason.INVENTORY_INCOMPLETE);

        files.clear();
        file("etc/os-release", "ID=gentoo\nVERSION_ID=2\n");
        assertThat(read().gaps()).isEmpty();

        files.clear();
        file("var/lib/dpkg/status", "Package: a\nStatus: install ok installed\nVersion: 1\n");
        assertThat(read().gaps()).extracting(Gap::reason).containsExactly(ScanReason.UNSUPPORTED_OS);

        files.clear();
        file("etc/os-release", "ID=debian\nPRETTY_NAME=sid\n");
        file("var/lib/dpkg/status", "Package: a\nStatus: install ok installed\nVersion: 1\n");
        assertThat(read().gaps()).extracting(Gap::reason).containsExactly(ScanReason.UNSUPPORTED_OS);

        InventoryBuilder hidden = new InventoryBuilder();
        hidden.link("etc/os-release");
        assertThat(hidden.build().gaps()).hasSize(1);
    }

    @Test
    void aStreamThatFailsIsNotTheImagesFault() {
        InputStream failing =
                new SequenceInputStream(new ByteArrayInputStream(bytes("Package: x\n")), new InputStream() {
                    @Override
                    public int read() throws IOException {
                        throw new IOException("the disk is gone");
                    }
                });
        assertThatThrownBy(() -> new InventoryBuilder().offer("var/lib/dpkg/status", 100, failing))
                .hasMessage("the disk is gone");
    }

    @Test
    void onlyWhatTellsOfPackagesIsWanted() {
        InventoryBuilder builder = new InventoryBuilder();
        assertThat(List.of(
                        "etc/os-release",
                        "var/lib/dpkg/status",
                        "var/lib/dpkg/info/x.list",
                        "x/node_modules/y/package.json",
                        "a.jar",
                        "var/lib/rpm/Packages",
                        "usr/lib/sysimage/rpm/rpmdb.sqlite"))
                .allMatch(path -> builder.wants(path, 1, false));
        assertThat(List.of(
                        "etc/passwd",
                        "var/lib/dpkg/status-old",
                        "package.json",
                        "x/my_node_modules/y/package.json",
                        "node_modules/y/lib/package.json",
                        "rpm/Packages"))
                .noneMatch(path -> builder.wants(path, 1, false));
        assertThat(builder.wants("usr/bin/thing", 5 << 20, true)).isTrue();
    }

    @Test
    void goProgramsNameTheirModules() throws IOException {
        for (int offset : new int[] {4_096 + 16, 300_000}) {
            for (int inside : new int[] {0, 32, 256 * 1024 - 16, 700_000 - 700_000 % 16}) {
                files.clear();
                files.put(
                        "bin/tool",
                        go(
                                offset,
                                inside,
                                "go1.21rc2 X:foo",
                                "path\tx/y\nmod\tx/y\t(devel)\t\ndep\tgithub.com/a/b\tv1.2.3\th1:x=\ndep\tgolang.org/x/net\tv0.1.0\n=>\tgithub.com/fork/net\tv0.2.0\th1:y=\n"));
                Inventory inventory = read();
                assertThat(inventory.gaps()).isEmpty();
                assertThat(inventory.components())
                        .extracting(c -> c.name() + " " + c.version())
                        .containsExactly("github.com/a/b 1.2.3", "github.com/fork/net 0.2.0", "stdlib 1.21.0-rc2");
            }
        }
    }

    @Test
    void brokenProgramsDoNoHarm() throws IOException {
        byte[] whole = go(4_096, 64, "go1.21", "dep\ta\tv1\n");
        Random random = new Random(5);
        for (int round = 0; round < 2_000; round++) {
            byte[] broken = Arrays.copyOf(whole, random.nextInt(whole.length));
            for (int flips = random.nextInt(6); flips > 0 && broken.length > 0; flips--) {
                broken[random.nextInt(Math.min(broken.length, 200))] = (byte) random.nextInt();
            }
            files.put("bin/tool", broken);
            read();
        }
    }

    @Test
    void rpmDatabasesOfAllThreeKindsAreRead(@TempDir Path folder) throws Exception {
        byte[][] headers = new byte[40][];
        for (int index = 0; index < headers.length; index++) {
            // Some fit a page, some take many.
            headers[index] = RpmFiles.header(
                    "pkg" + index, index % 2, "1.0", index + ".el9", "src-1.0-1.el9.src.rpm", index * 700);
        }
        Map<String, byte[]> databases = new LinkedHashMap<>();
        databases.put("usr/lib/sysimage/rpm/Packages.db", RpmFiles.ndb(headers));
        databases.put("var/lib/rpm/Packages", RpmFiles.berkeley(headers));
        if (TestData.tool("python3")) {
            databases.put("var/lib/rpm/rpmdb.sqlite", RpmFiles.sqlite(folder, headers));
        }
        for (Map.Entry<String, byte[]> database : databases.entrySet()) {
            files.clear();
            file("etc/os-release", "ID=almalinux\nVERSION_ID=9.3\n");
            files.put(database.getKey(), database.getValue());
            Inventory inventory = read();
            assertThat(inventory.gaps()).as(database.getKey()).isEmpty();
            assertThat(inventory.components())
                    .hasSize(40)
                    .allMatch(
                            c -> c.sourceName().equals("src") && c.ecosystem().equals(new Ecosystem("AlmaLinux", "9")));
            assertThat(inventory.components())
                    .filteredOn(c -> c.name().equals("pkg7"))
                    .extracting(Component::version)
                    .containsExactly("1:1.0-7.el9");
            fuzz(database.getKey(), database.getValue());
        }
    }

    /** However a database is broken: it ends, it throws nothing, and what cannot be read leaves a gap. */
    private void fuzz(String path, byte[] whole) throws IOException {
        Random random = new Random(3);
        long start = System.nanoTime();
        for (int round = 0; round < 300; round++) {
            byte[] broken = random.nextInt(3) == 0 ? Arrays.copyOf(whole, random.nextInt(whole.length)) : whole.clone();
            for (int flips = random.nextInt(20); flips > 0 && broken.length > 0; flips--) {
                broken[random.nextInt(broken.length)] = (byte) random.nextInt();
            }
            for (int flips = random.nextInt(5); flips > 0 && broken.length > 0; flips--) {
                broken[random.nextInt(Math.min(broken.length, 8_192))] = (byte) random.nextInt();
            }
            files.put(path, broken);
            Inventory inventory = read();
            assertThat(inventory.components().isEmpty() && inventory.gaps().isEmpty())
                    .isFalse();
        }
        System.out.println(path + ": 300 broken ones in " + (System.nanoTime() - start) / 1_000_000 + " ms");
    }

    @Test
    void aSqliteFileWhosePagesFormACycleEnds(@TempDir Path folder) throws Exception {
        assumeThat(TestData.tool("python3")).isTrue();
        byte[] whole = RpmFiles.sqlite(folder, new byte[][] {
            RpmFiles.header("a", 0, "1", "1", "a-1-1.src.rpm", 0),
            RpmFiles.header("b", 0, "1", "1", "b-1-1.src.rpm", 40_000)
        });
        ByteBuffer file = ByteBuffer.wrap(whole);
        int pageSize = file.getShort(16);
        for (int page = 2; page * pageSize < whole.length; page++) {
            // Every page but the first two becomes the start of an overflow chain that leads to itself.
            file.putInt(page * pageSize, page + 1);
        }
        file("etc/os-release", "ID=almalinux\nVERSION_ID=9.3\n");
        files.put("var/lib/rpm/rpmdb.sqlite", whole);
        assertThat(read().gaps()).extracting(Gap::reason).contains(ScanReason.RPMDB_FORMAT);
        files.put("var/lib/rpm/rpmdb.sqlite", bytes("something else"));
        files.put("var/lib/rpm/rpmdb.sqlite-wal", new byte[100]);
        assertThat(read().gaps())
                .filteredOn(gap -> gap.reason() == ScanReason.RPMDB_FORMAT)
                .hasSize(2);
    }

    @Test
    void theMachineItselfCanBeRead() throws IOException {
        Path status = Path.of("/var/lib/dpkg/status");
        assumeThat(status).as("a machine with dpkg").exists();
        files.put("etc/os-release", Files.readAllBytes(Path.of("/etc/os-release")));
        files.put("var/lib/dpkg/status", Files.readAllBytes(status));
        long start = System.nanoTime();
        Inventory inventory = read();
        System.out.println("this machine: " + inventory.components().size() + " packages in "
                + (System.nanoTime() - start) / 1_000_000 + " ms");
        assertThat(inventory.components()).hasSizeGreaterThan(10);
    }

    private Inventory read() throws IOException {
        return read(InventoryLimits.DEFAULT);
    }

    private Inventory read(InventoryLimits limits) throws IOException {
        return read(files, limits);
    }

    static Inventory read(Map<String, byte[]> files, InventoryLimits limits) throws IOException {
        InventoryBuilder builder = new InventoryBuilder(limits);
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
            if (builder.wants(file.getKey(), file.getValue().length, true)
                    || file.getKey().startsWith("bin/")) {
                builder.offer(file.getKey(), file.getValue().length, new ByteArrayInputStream(file.getValue()));
            }
        }
        return builder.build();
    }

    private void file(String path, String content) {
        files.put(path, bytes(content));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] zip(Map<String, byte[]> entries) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(out)) {
            for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
                zip.putNextEntry(new ZipEntry(entry.getKey()));
                zip.write(entry.getValue());
            }
        }
        return out.toByteArray();
    }

    /** A program with a segment for code, one for data, and in the latter what Go's linker leaves. */
    static byte[] go(int dataOffset, int inside, String version, String modules) {
        byte[] sentinel = new byte[16];
        ByteArrayOutputStream information = new ByteArrayOutputStream();
        information.writeBytes("\u00ff Go buildinf:".getBytes(StandardCharsets.ISO_8859_1));
        information.write(8);
        information.write(2);
        information.writeBytes(new byte[16]);
        string(information, bytes(version));
        ByteArrayOutputStream framed = new ByteArrayOutputStream();
        framed.writeBytes(sentinel);
        framed.writeBytes(bytes(modules));
        framed.writeBytes(sentinel);
        string(information, framed.toByteArray());
        byte[] data = information.toByteArray();
        ByteBuffer elf =
                ByteBuffer.allocate(dataOffset + inside + data.length + 100).order(ByteOrder.LITTLE_ENDIAN);
        elf.put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1});
        elf.putLong(32, 64);
        elf.putShort(54, (short) 56);
        elf.putShort(56, (short) 2);
        elf.putInt(64, 1).putInt(68, 5).putLong(96, 100);
        elf.putInt(120, 1).putInt(124, 6).putLong(128, dataOffset).putLong(152, elf.capacity() - dataOffset);
        elf.position(dataOffset + inside).put(data);
        return elf.array();
    }

    private static void string(ByteArrayOutputStream out, byte[] text) {
        int length = text.length;
        while (length >= 0x80) {
            out.write(length & 0x7f | 0x80);
            length >>= 7;
        }
        out.write(length);
        out.writeBytes(text);
    }
}
