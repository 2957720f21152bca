package io.scaibunker.vulns;

import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.vulns.Component.Kind;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Module streams of Red Hat's family: several builds of one package that are repaired by different versions. */
class RpmModulesTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({
        // installed, stream, affected
        "1:18.19.0-1.module_el8.9.0+1+aaaaaaaa, nodejs:18, true",
        "1:18.20.4-1.module_el8.9.0+1+aaaaaaaa, nodejs:18, false",
        // The same sources, built for an earlier platform: its mark sorts lower and says nothing.
        "1:18.20.2-1.module_el8.3.0+1+aaaaaaaa, nodejs:18, false",
        // Of another stream, which has an erratum of its own: 20.12.2.
        "1:20.11.0-1.module_el8.9.0+1+aaaaaaaa, nodejs:20, true",
        "1:20.12.2-1.module_el8.9.0+1+aaaaaaaa, nodejs:20, false",
        "1:16.20.2-1.module_el8.9.0+1+aaaaaaaa, nodejs:16, false",
        // Which stream it is of is not said: what is lower than any repair may be affected.
        "1:16.20.2-1.module_el8.9.0+1+aaaaaaaa, '', true",
        "1:16.20.2-1.module_el8.9.0+1+aaaaaaaa, nodejs:rhel8, true",
        // No module at all, of a repository that is not the distribution's.
        "1:16.20.2-1nodesource, '', false",
    })
    void aPackageOfAModuleIsHeldAgainstRepairsOfItsOwnStream(String installed, String stream, boolean affected)
            throws IOException {
        AdvisoriesTest.write(
                folder,
                "AlmaLinux",
                AdvisoriesTest.record(
                        "ALSA-2024:18",
                        "AlmaLinux:8",
                        "nodejs",
                        MatcherTest.fixedIn("1:18.20.2-1.module_el8.9.0+2+bbbbbbbb")),
                AdvisoriesTest.record(
                        "ALSA-2024:20",
                        "AlmaLinux:8",
                        "nodejs",
                        MatcherTest.fixedIn("1:20.12.2-1.module_el8.9.0+2+bbbbbbbb")));
        assertThat(match(new Component(
                                Kind.RPM,
                                new Ecosystem("AlmaLinux", "8"),
                                "nodejs",
                                installed,
                                "nodejs",
                                installed,
                                "var/lib/rpm/Packages",
                                stream))
                        .isEmpty())
                .isEqualTo(!affected);
    }

    @Test
    void aPlainPackageIsNotHeldAgainstTheRepairsOfAModule() throws IOException {
        AdvisoriesTest.write(
                folder,
                "AlmaLinux",
                AdvisoriesTest.record(
                        "ALSA-1", "AlmaLinux:8", "perl", MatcherTest.fixedIn("4:5.30.1-452.module_el8.6.0+1+a")),
                AdvisoriesTest.record("ALSA-2", "AlmaLinux:8", "perl", MatcherTest.fixedIn("4:5.26.3-422.el8")));
        Component perl = new Component(
                Kind.RPM,
                new Ecosystem("AlmaLinux", "8"),
                "perl",
                "4:5.26.3-422.el8",
                "perl",
                "4:5.26.3-422.el8",
                "var/lib/rpm/Packages");
        assertThat(match(perl)).isEmpty();
    }

    private List<Finding> match(Component component) throws IOException {
        AdvisorySnapshot advisories = new AdvisoryDatabase(folder).snapshot(List.of("AlmaLinux"));
        return new Matcher(advisories)
                .match(new Inventory(
                        new OperatingSystem("almalinux", "8", "AlmaLinux 8"),
                        List.of(component),
                        List.of(),
                        List.of()));
    }
}
