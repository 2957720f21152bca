package io.scaibunker.vulns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What rpm itself says and writes, where it is installed. */
class RpmOracleTest {
    @TempDir
    Path folder;

    @Test
    void itIsTheOrderOfRpm() throws Exception {
        assumeThat(TestData.tool("rpm")).isTrue();
        Random random = new Random(23);
        StringBuilder lua = new StringBuilder();
        List<Integer> ours = new ArrayList<>();
        for (int round = 0; round < 2_000; round++) {
            String one = version(random);
            String two = random.nextInt(4) == 0 ? one + "~" : version(random);
            lua.append("print(rpm.vercmp('")
                    .append(one)
                    .append("','")
                    .append(two)
                    .append("')..' ')\n");
            ours.add(Integer.signum(VersionOrder.RPM.compare(one, two)));
        }
        String output = run("rpm", "--eval", "%{lua:" + lua + "}");
        List<Integer> theirs = new ArrayList<>();
        for (String word : output.strip().split("\\s+")) {
            theirs.add(Integer.parseInt(word));
        }
        assertThat(theirs).isEqualTo(ours);
    }

    @Test
    void aDatabaseOfRpmsOwnIsRead() throws Exception {
        assumeThat(TestData.tool("rpmbuild") && TestData.tool("rpm")).isTrue();
        Path spec = Files.writeString(folder.resolve("a.spec"), """
                Name: alpha
                Version: 1.2~rc1
                Release: 3.el9
                Epoch: 2
                Summary: x
                License: MIT
                BuildArch: noarch
                %description
                x
                %package -n beta
                Summary: y
                %description -n beta
                y
                %install
                mkdir -p %{buildroot}/usr/lib/python3/foo.dist-info %{buildroot}/usr/share/alpha
                touch %{buildroot}/usr/lib/python3/foo.dist-info/METADATA
                for i in $(seq 400); do echo $i > %{buildroot}/usr/share/alpha/a-file-of-some-length-$i; done
                %files
                /usr/share/alpha
                %files -n beta
                /usr/lib/python3
                """);
        run(
                "rpmbuild",
                "-bb",
                "--nodeps",
                "--define",
                "_topdir " + folder,
                "--define",
                "__os_install_post %{nil}",
                spec.toString());
        List<String> install = new ArrayList<>(List.of(
                "rpm", "--dbpath", folder + "/db", "--define", "_db_backend sqlite", "--justdb", "--nodeps", "-i"));
        try (var built = Files.list(folder.resolve("RPMS/noarch"))) {
            built.map(Path::toString).forEach(install::add);
        }
        run(install.toArray(String[]::new));
        Map<String, byte[]> files = new LinkedHashMap<>();
        files.put("etc/os-release", "ID=rocky\nVERSION_ID=9.1\n".getBytes(StandardCharsets.UTF_8));
        files.put("usr/lib/python3/foo.dist-info/METADATA", "Name: foo\nVersion: 1\n".getBytes(StandardCharsets.UTF_8));
        files.put("var/lib/rpm/rpmdb.sqlite", Files.readAllBytes(folder.resolve("db/rpmdb.sqlite")));
        Inventory inventory = InventoryTest.read(files, InventoryLimits.DEFAULT);
        assertThat(inventory.gaps()).isEmpty();
        assertThat(inventory.components())
                .extracting(c -> c.ecosystem() + " " + c.name() + " " + c.version() + " " + c.sourceName())
                .containsExactly(
                        "Rocky Linux:9 alpha 2:1.2~rc1-3.el9 alpha", "Rocky Linux:9 beta 2:1.2~rc1-3.el9 alpha");
    }

    private String run(String... command) throws Exception {
        Path output = folder.resolve("output");
        Process process = new ProcessBuilder(command)
                .redirectOutput(output.toFile())
                .redirectError(folder.resolve("errors").toFile())
                .start();
        assertThat(process.waitFor())
                .as(Files.readString(folder.resolve("errors")))
                .isZero();
        return Files.readString(output);
    }

    private static String version(Random random) {
        String alphabet = "001.9a~^_+b";
        StringBuilder text = new StringBuilder().append(random.nextInt(3));
        for (int left = random.nextInt(6); left > 0; left--) {
            text.append(alphabet.charAt(random.nextInt(alphabet.length())));
        }
        return random.nextBoolean() ? text.toString() : text + "a";
    }
}
