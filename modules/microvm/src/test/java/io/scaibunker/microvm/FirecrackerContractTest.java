package io.scaibunker.microvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.scaibunker.guest.CollectedExec;
import io.scaibunker.guest.ExecOutcome.Exited;
import io.scaibunker.guest.ExecRequest;
import io.scaibunker.guest.GuestKernel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The contract with {@link StandIn} where Firecracker would be, and what is Firecracker's alone. No Firecracker runs here. */
class FirecrackerContractTest extends DriverContractTest {
    private static Firecrackers firecrackers;

    @BeforeAll
    static void prepare() throws Exception {
        var made = GuestImage.make(directory);
        var kernel = FirecrackerDriver.kernel(made.kernel(), directory);
        image = new GuestImage(
                new GuestKernel(made.kernel().version(), kernel, made.kernel().modules()),
                made.initrd(),
                made.rootfs());
        firecrackers = Firecrackers.make(directory);
        driver = firecrackers.driver(firecrackers.standIn("-"));
    }

    @Test
    void theGuestRunsWhenAllIsToldInItsOrder() throws Exception {
        var machine = ready("bnk_a");
        var room = machines.resolve("bnk_a").resolve(MachineSpec.RUN);
        assertThat(Files.readAllLines(room.resolve("calls")))
                .containsExactly(
                        "PUT /logger",
                        "PUT /machine-config",
                        "PUT /boot-source",
                        "PUT /drives/image",
                        "PUT /drives/scratch",
                        "PUT /entropy",
                        "PUT /vsock",
                        "PUT /actions",
                        "GET /");
        var bytes = new byte[700_000];
        new Random(1).nextBytes(bytes);
        var copied = CollectedExec.run(
                machine::exec, ExecRequest.of("helper", "copy"), bytes, Duration.ofSeconds(20), 1 << 20);
        assertThat(copied.outcome()).isEqualTo(new Exited(0));
        assertThat(copied.stdout()).isEqualTo(bytes);
        assertThat(new String(run(machine, "helper", "print", "/proc/mounts").stdout()))
                .startsWith("overlay / overlay rw,");
        machine.stop(Duration.ZERO);
        // Once to start it; and since its agent was given no time, the keyboard was tried.
        assertThat(Files.readAllLines(room.resolve("calls")).stream().filter("PUT /actions"::equals))
                .hasSize(2);
    }

    @Test
    void whatItRefusesIsToldInItsWords() throws Exception {
        var refusing = firecrackers.driver(firecrackers.standIn("/drives/scratch"));
        assertThatThrownBy(() -> refusing.start(Machines.spec(image, machines.resolve("a"), "a")))
                .isInstanceOf(MachineException.class)
                .hasMessageContaining("PUT /drives/scratch: 400, refused, as the test wants it");
        assertThat(Leftovers.running(machines)).isEmpty();
    }

    @Test
    void oneThatEndsAtOnceIsToldInItsWords() throws Exception {
        var broken = firecrackers.driver(firecrackers.program("echo 'Error creating the Kvm object' >&2; exit 3"));
        assertThatThrownBy(() -> broken.start(Machines.spec(image, machines.resolve("a"), "a")))
                .isInstanceOf(MachineException.class)
                .hasMessageContaining("Error creating the Kvm object");
    }

    @Test
    void oneThatNeverListensIsGivenUp() throws Exception {
        var mute = firecrackers.driver(firecrackers.program("exec /bin/sleep 600"));
        assertThatThrownBy(() -> mute.start(Machines.spec(image, machines.resolve("a"), "a")))
                .isInstanceOf(MachineException.class)
                .hasMessageContaining("did not open its api.sock");
    }

    @Test
    void aHostThatIsNotFitSaysWhat() throws Exception {
        assertThatThrownBy(() -> firecrackers.driver(Path.of("no-such-firecracker")))
                .hasMessageContaining("no-such-firecracker is not there");
        var old = firecrackers.versioned("1.7.0", "exit 0");
        assertThatThrownBy(() -> firecrackers.driver(old)).hasMessageContaining("must be v1.8 or newer");
        var tcg = new Acceleration(Acceleration.Kind.TCG, "this host has no /dev/kvm");
        var settings = FirecrackerSettings.of(firecrackers.standIn("-"), Optional.empty(), tcg, 0);
        assertThatThrownBy(() -> FirecrackerDriver.open(vertx, settings, Machines.confinement(directory)))
                .hasMessageContaining("KVM alone")
                .hasMessageContaining("no /dev/kvm");
    }

    @Test
    void moreProcessorsThanItHasAreRefused() {
        assertThatThrownBy(() -> driver.start(Machines.spec(image, machines.resolve("a"), "a", 33_000)))
                .isInstanceOf(MachineException.class)
                .hasMessageContaining("32 processors");
    }

    @Test
    void inAJailItFindsWhatItNeedsAndNothingElse() throws Exception {
        if (!Confinement.isRoot()) {
            GuestImage.skip("this needs root");
        }
        var jailer = firecrackers.program(
                "echo \"$@\"; cd $8/firecracker-jailed/bnk-a/root; stat -c '%n %u %a %h' . *; exit 3");
        var jailed = firecrackers.jailed(jailer, Machines.confinement(directory));
        var spec = Machines.spec(image, machines.resolve("bnk_a"), "bnk_a");
        var user = Machines.confinement(directory).user("bnk_a");
        assertThatThrownBy(() -> jailed.start(spec))
                .hasMessageContaining("--id bnk-a --exec-file " + directory.resolve("firecracker-jailed"))
                .hasMessageContaining("--uid " + user + " --gid " + user)
                .hasMessageContaining("--chroot-base-dir " + spec.workDir().resolve("jail") + " -- --api-sock api.sock")
                .hasMessageContaining(". " + user + " 700 ")
                .hasMessageContaining("image 0 644 2")
                .hasMessageContaining("scratch " + user)
                .hasMessageContaining("kernel 0 644 2")
                .hasMessageContaining("initrd 0 644 2");
        assertThat(spec.workDir().resolve(MachineSpec.RUN)).isSymbolicLink();
    }
}
