package io.scaibunker.microvm;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.scaibunker.guest.GuestKernel;
import io.scaibunker.guest.Initrd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** What the tests boot: the kernel that scripts/guest-kernel brought, and an image with one program in it. */
record GuestImage(GuestKernel kernel, Path initrd, Path rootfs) {

    /** Makes it below a directory, or skips the test with the reason printed. */
    static GuestImage make(Path directory) throws Exception {
        var kernel = hostsKernel();
        require("qemu-system-x86_64", "qemu-system-x86");
        require("mke2fs", "e2fsprogs");
        require("musl-gcc", "musl-tools");
        var initrd = directory.resolve("initrd");
        Initrd.write(kernel, initrd);
        var tree = tree(directory.resolve("tree"));
        var rootfs = directory.resolve("image.ext4");
        run("mke2fs", "-q", "-F", "-t", "ext4", "-d", tree.toString(), rootfs.toString(), "16m");
        return new GuestImage(kernel, initrd, rootfs);
    }

    private static GuestKernel hostsKernel() {
        var given = Optional.ofNullable(System.getProperty("SCAIBUNKER_GUEST_KERNEL"))
                .or(() -> Optional.ofNullable(System.getenv("SCAIBUNKER_GUEST_KERNEL")));
        var directory =
                given.map(Path::of).orElse(Path.of(System.getProperty("user.home"), ".cache/scaibunker/guest-kernel"));
        try {
            return GuestKernel.read(directory);
        } catch (IOException missing) {
            skip(missing.getMessage());
            throw new AssertionError("unreachable", missing);
        }
    }

    private static Path tree(Path tree) throws Exception {
        for (var directory : new String[] {"bin", "etc", "home/ann"}) {
            Files.createDirectories(tree.resolve(directory));
        }
        for (var program : new String[] {"helper", "reach"}) {
            run(
                    "musl-gcc",
                    "-static",
                    "-Os",
                    "-o",
                    tree.resolve("bin").resolve(program).toString(),
                    Path.of("src/test/c", program + ".c").toAbsolutePath().toString());
        }
        Files.writeString(tree.resolve("bin/broken"), "no program at all\n");
        run("chmod", "755", tree.resolve("bin/broken").toString());
        Files.writeString(tree.resolve("etc/plain"), "text\n");
        Files.writeString(
                tree.resolve("etc/passwd"),
                "root:x:0:0:root:/root:/bin/sh\n" + "#".repeat(10_000) + "\nann:x:1000:1000:Ann:/home/ann:/bin/sh\n");
        Files.writeString(
                tree.resolve("etc/group"), "root:x:0:\nann:x:1000:\nstaff:x:50:bob,ann\nwheel:x:10:ann\nother:x:7:\n");
        return tree;
    }

    private static void require(String program, String debianPackage) {
        var there = Stream.of(System.getenv("PATH").split(":"), new String[] {"/usr/sbin", "/sbin"})
                .flatMap(Stream::of)
                .anyMatch(directory -> Files.isExecutable(Path.of(directory, program)));
        if (!there) {
            skip(program + " is missing (Debian package " + debianPackage + ")");
        }
    }

    static void skip(String reason) {
        System.out.println("skipped: " + reason);
        assumeTrue(false, reason);
    }

    static void run(String... words) throws Exception {
        var builder = new ProcessBuilder(words).inheritIO();
        builder.environment().merge("PATH", "/usr/sbin:/sbin", (path, more) -> path + ":" + more);
        var process = builder.start();
        if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
            throw new IOException("failed: " + String.join(" ", words));
        }
    }
}
