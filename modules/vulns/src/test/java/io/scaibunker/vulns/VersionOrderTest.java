package io.scaibunker.vulns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class VersionOrderTest {
    @ParameterizedTest
    @CsvSource({
        "debian.txt, DPKG, 0",
        "redhat.txt, RPM, 0",
        // Six with revisions that are none.
        "alpine.txt, APK, 6",
        "pypi.txt, PEP440, 0",
        "semver.txt, SEMVER, 0",
        "maven.txt, MAVEN, 1",
        "rubygems.txt, GEM, 0",
    })
    void knownOrdersAreKept(String file, VersionOrder order, int mostMismatches) throws IOException {
        List<String> wrong = new ArrayList<>();
        int checked = 0;
        for (String line : Files.readAllLines(TestData.at("versions/" + file))) {
            String[] parts = line.strip().split("\\s+");
            if (parts.length == 3 && "<=>".contains(parts[1])) {
                checked++;
                int expected = "<=>".indexOf(parts[1]) - 1;
                if (Integer.signum(order.compare(parts[0], parts[2])) != expected
                        || Integer.signum(order.compare(parts[2], parts[0])) != -expected) {
                    wrong.add(line);
                }
            }
        }
        System.out.println(order + ": " + checked + " of " + file + ", mismatches " + wrong);
        assertThat(checked).isGreaterThan(10);
        assertThat(wrong).hasSizeLessThanOrEqualTo(mostMismatches);
    }

    @ParameterizedTest
    @CsvSource({
        "DPKG, 1.0~rc1, 1.0",
        "DPKG, 1.0-1, 1:0.1",
        "DPKG, 1.2-1+deb12u1, 1.2-1+deb12u2",
        "DPKG, 1.2-1~deb12u1, 1.2-1",
        "DPKG, 1.9, 1.10",
        "DPKG, 1.0a, 1.0+",
        "RPM, 1.0~rc1-1, 1.0-1",
        "RPM, 1.0-1, 1.0^git1-1",
        "RPM, 9-1, 1:1-1",
        "RPM, 2.79-31.el8_9.1, 2.79-31.el8_9.2",
        "APK, 1.2.3_rc1-r0, 1.2.3-r0",
        "APK, 1.2.3-r9, 1.2.3-r10",
        "APK, 1.2.3-r0, 1.2.3_p1-r0",
        "PEP440, 1.0.dev1, 1.0a1",
        "PEP440, 1.0a1, 1.0",
        "PEP440, 1.0, 1.0.post1",
        "PEP440, 1.0, 1!0.1",
        "PEP440, foobar, 0.1",
        "SEMVER, 1.0.0-rc.1, 1.0.0",
        "SEMVER, v1.9.0, v1.10.0",
        "SEMVER, 1.0.0-9, 1.0.0-a",
        "SEMVER, 0.0.0-20200101000000-abcdef, 0.0.0-20210101000000-abcdef",
        "MAVEN, 1.0-SNAPSHOT, 1.0",
        "MAVEN, 1.0-rc1, 1.0",
        "GEM, 1.0.0.rc1, 1.0.0",
        "GEM, 1.0.0-rc.1, 1.0.0",
        "GEM, 1.9, 1.10",
    })
    void theSmallerComesFirst(VersionOrder order, String smaller, String greater) {
        assertThat(order.compare(smaller, greater)).isNegative();
        assertThat(order.compare(greater, smaller)).isPositive();
        assertThat(order.compare(smaller, smaller)).isZero();
    }

    @ParameterizedTest
    @EnumSource(VersionOrder.class)
    void anyTextHasItsPlaceAndTheOrderIsOne(VersionOrder order) {
        Random random = new Random(7);
        for (int round = 0; round < 20_000; round++) {
            String one = anything(random);
            String two = anything(random);
            String three = anything(random);
            int ordered = order.compare(one, two);
            assertThat(Integer.signum(order.compare(two, one)))
                    .as("%s | %s", one, two)
                    .isEqualTo(-Integer.signum(ordered));
            // Maven's own order is not transitive for odd qualifiers; Alpine's for texts that are no versions.
            if (order != VersionOrder.MAVEN
                    && order != VersionOrder.APK
                    && ordered <= 0
                    && order.compare(two, three) <= 0) {
                assertThat(order.compare(one, three))
                        .as("%s | %s | %s", one, two, three)
                        .isNotPositive();
            }
        }
    }

    @Test
    void anEndlessVersionIsComparedInNoTime() {
        String endless = "1.".repeat(1_000_000);
        for (VersionOrder order : VersionOrder.values()) {
            assertThat(order.compare(endless, endless)).isZero();
            order.compare(endless, "1");
        }
    }

    @Test
    void itIsTheOrderOfDpkg() throws Exception {
        assumeThat(TestData.tool("dpkg")).isTrue();
        Random random = new Random(11);
        int wrong = 0;
        for (int round = 0; round < 400; round++) {
            String one = debian(random);
            String two = random.nextInt(3) == 0 ? one + "~" : debian(random);
            int ours = VersionOrder.DPKG.compare(one, two);
            String relation = ours < 0 ? "lt" : ours > 0 ? "gt" : "eq";
            Process dpkg = new ProcessBuilder("dpkg", "--compare-versions", one, relation, two)
                    .redirectErrorStream(true)
                    .start();
            dpkg.getInputStream().readAllBytes();
            if (dpkg.waitFor() != 0) {
                wrong++;
                System.out.println("dpkg does not say " + one + " " + relation + " " + two);
            }
        }
        assertThat(wrong).isZero();
    }

    @Test
    void itIsTheOrderOfNode(@TempDir Path folder) throws Exception {
        assumeThat(TestData.tool("node")).isTrue();
        Path semver = Stream.of("/usr/lib/node_modules/npm/node_modules/semver", "/usr/share/nodejs/semver")
                .map(Path::of)
                .filter(Files::isDirectory)
                .findFirst()
                .orElse(null);
        assumeThat(semver).as("node's semver").isNotNull();
        Random random = new Random(13);
        List<String> pairs = new ArrayList<>();
        List<Integer> ours = new ArrayList<>();
        for (int round = 0; round < 5_000; round++) {
            String one = semver(random);
            String two = semver(random);
            pairs.add(one + " " + two);
            ours.add(Integer.signum(VersionOrder.SEMVER.compare(one, two)));
        }
        assertThat(oracle(
                        folder,
                        pairs,
                        "node",
                        "-e",
                        "const s=require(process.argv[1]);for(const l of require('fs').readFileSync(0,'utf8').trim().split('\\n')){const [a,b]=l.split(' ');console.log(s.compare(a,b))}",
                        semver.toString()))
                .isEqualTo(ours);
    }

    @Test
    void itIsTheOrderOfPythonPackaging(@TempDir Path folder) throws Exception {
        assumeThat(TestData.tool("python3")).isTrue();
        assumeThat(new ProcessBuilder("python3", "-c", "import packaging.version")
                        .redirectErrorStream(true)
                        .start()
                        .waitFor())
                .as("python's packaging")
                .isZero();
        Random random = new Random(17);
        List<String> pairs = new ArrayList<>();
        List<Integer> ours = new ArrayList<>();
        for (int round = 0; round < 5_000; round++) {
            String one = python(random);
            String two = python(random);
            pairs.add(one + " " + two);
            ours.add(Integer.signum(VersionOrder.PEP440.compare(one, two)));
        }
        assertThat(oracle(folder, pairs, "python3", "-c", """
                import sys
                from packaging.version import Version as V
                for l in sys.stdin:
                    a, b = map(V, l.split())
                    print((a > b) - (a < b))
                """)).isEqualTo(ours);
    }

    private static List<Integer> oracle(Path folder, List<String> pairs, String... command) throws Exception {
        Path input = Files.write(folder.resolve("pairs"), pairs);
        Process process = new ProcessBuilder(command)
                .redirectInput(input.toFile())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).isZero();
        return output.lines().map(Integer::valueOf).toList();
    }

    private static String anything(Random random) {
        String alphabet = "0019ab.-_~^+:! rcdevpost";
        StringBuilder text = new StringBuilder();
        for (int left = random.nextInt(9); left > 0; left--) {
            text.append(alphabet.charAt(random.nextInt(alphabet.length())));
        }
        return text.toString();
    }

    private static String debian(Random random) {
        StringBuilder text = new StringBuilder(random.nextInt(4) == 0 ? random.nextInt(3) + ":" : "");
        text.append(random.nextInt(3));
        String alphabet = "001.9a~+b";
        for (int left = random.nextInt(6); left > 0; left--) {
            text.append(alphabet.charAt(random.nextInt(alphabet.length())));
        }
        return random.nextBoolean()
                ? text.toString()
                : text + "-" + random.nextInt(3) + pick(random, "", "~", "+b1", "a", ".1");
    }

    private static String semver(Random random) {
        String core = random.nextInt(3) + "." + random.nextInt(12) + "." + random.nextInt(2);
        String pre = pick(random, "", "", "-rc.1", "-rc.10", "-rc", "-alpha", "-1", "-0a", "-rc.1.x", "-a-b");
        return core + pre + pick(random, "", "", "+build.1");
    }

    private static String python(Random random) {
        return pick(random, "", "", "", "1!", "v")
                + random.nextInt(2)
                + pick(random, "", ".0", ".1", ".0.0", ".10")
                + pick(random, "", "", "a1", "b2", "rc1", ".c1", "-alpha", "_preview.3")
                + pick(random, "", "", ".post1", "-1", ".rev2", "r")
                + pick(random, "", "", ".dev0", ".dev3", "dev")
                + pick(random, "", "", "", "+local", "+1.2", "+a.1");
    }

    private static String pick(Random random, String... choices) {
        return Arrays.asList(choices).get(random.nextInt(choices.length));
    }
}
