package io.scaibunker.microvm;

import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.microvm.Acceleration.Kind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class AccelerationProbeTest {
    @TempDir
    Path directory;

    @Test
    @Timeout(60)
    void whatWasFoundIsTrueAndKept() throws Exception {
        var image = GuestImage.make(directory);
        var data = directory.resolve("data");
        var found = AccelerationProbe.probe(
                data, image.kernel(), QemuDriver.probeWords(image.kernel().image(), image.initrd()));
        System.out.println("acceleration: " + found);
        var start = System.nanoTime();
        assertThat(AccelerationProbe.probe(
                        data,
                        image.kernel(),
                        QemuDriver.probeWords(image.kernel().image(), image.initrd())))
                .isEqualTo(found);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(1));
        var driver = QemuDriver.open(QemuSettings.of(found), Machines.confinement(directory));
        var machine = driver.start(Machines.spec(image, directory.resolve("machines/a"), "a"));
        machine.awaitReady(Duration.ofSeconds(40));
        machine.stop(Duration.ZERO);
    }

    @Test
    void aKeptAnswerOfAnotherBootIsNotBelieved() throws Exception {
        Files.writeString(directory.resolve("acceleration"), "6.1 this boot\nKVM\nas it was\n");
        assertThat(AccelerationProbe.kept(directory, "6.1 this boot"))
                .contains(new Acceleration(Kind.KVM, "as it was"));
        assertThat(AccelerationProbe.kept(directory, "6.1 another boot")).isEmpty();
        Files.writeString(directory.resolve("acceleration"), "6.1 this boot\nMAGIC\nas it was\n");
        assertThat(AccelerationProbe.kept(directory, "6.1 this boot")).isEmpty();
    }

    @Test
    void onlyTheAgentsLineMeansKvm() {
        assertThat(AccelerationProbe.judge(true, 1.25, "x\nscaibunker-agent: this host runs the kernel\ny"))
                .isEqualTo(new Acceleration(Kind.KVM, "the kernel ran under KVM in 1.3 s"));
        assertThat(AccelerationProbe.judge(false, 10, "Booting").kind()).isEqualTo(Kind.TCG);
        assertThat(AccelerationProbe.judge(true, 0.1, "qemu: no access to KVM\n")
                        .reason())
                .contains("no access to KVM");
    }
}
