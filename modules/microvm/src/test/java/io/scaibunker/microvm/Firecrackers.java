package io.scaibunker.microvm;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;

/** Programs that stand where Firecracker would, and drivers that use them. */
final class Firecrackers {
    private static final Acceleration KVM = new Acceleration(Acceleration.Kind.KVM, "as far as the driver knows");

    /** The stand-in is a Java of its own and a QEMU that translates. */
    private static final int OVERHEAD_MB = 2048;

    private final Path directory;
    private int made;

    private Firecrackers(Path directory) {
        this.directory = directory;
    }

    static Firecrackers make(Path directory) throws Exception {
        GuestImage.run(
                "gcc",
                "-O1",
                "-Wall",
                "-Wextra",
                "-Werror",
                "-o",
                directory.resolve("vsock").toString(),
                Path.of("src/test/c/vsock.c").toAbsolutePath().toString());
        return new Firecrackers(directory);
    }

    /** @param refused the path of the call that it refuses, or {@code -} */
    Path standIn(String refused) throws Exception {
        return program("exec '" + Path.of(System.getProperty("java.home"), "bin/java") + "' -Xmx64m -Xshare:auto"
                + " -XX:TieredStopAtLevel=1 -XX:+UseSerialGC --enable-native-access=ALL-UNNAMED"
                + " --sun-misc-unsafe-memory-access=allow -cp '" + System.getProperty("java.class.path") + "' "
                + StandIn.class.getName() + " '" + directory.resolve("vsock") + "' " + refused + " \"$@\"");
    }

    Path program(String script) throws Exception {
        return versioned("1.12.0", script);
    }

    Path versioned(String version, String script) throws Exception {
        return script("firecracker-" + made++, version, script);
    }

    private Path script(String name, String version, String script) throws Exception {
        var file = directory.resolve(name);
        Files.writeString(
                file,
                "#!/bin/sh\n[ \"$1\" = --version ] && { echo 'Firecracker v" + version + "'; exit 0; }\n" + script
                        + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
        return file;
    }

    MachineDriver driver(Path program) throws Exception {
        var settings = new FirecrackerSettings(program, Optional.empty(), KVM, 0, OVERHEAD_MB);
        return FirecrackerDriver.open(DriverContractTest.vertx, settings, Confinement.find(directory, 0, KVM_LESS));
    }

    MachineDriver jailed(Path jailer, Confinement confinement) throws Exception {
        var program = script("firecracker-jailed", "1.12.0", "exit 1");
        var settings = new FirecrackerSettings(program, Optional.of(jailer), KVM, 0, OVERHEAD_MB);
        return FirecrackerDriver.open(DriverContractTest.vertx, settings, confinement);
    }

    private static final Acceleration KVM_LESS = new Acceleration(Acceleration.Kind.TCG, "the tests run anywhere");
}
