package io.scaibunker.ext4;

import io.scaibunker.ext4.ImageWriteException.Reason;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** The programs that this module starts, and the Debian packages they come from. */
enum Tool {
    MKE2FS("mke2fs", "e2fsprogs"),
    DEBUGFS("debugfs", "e2fsprogs"),
    E2FSCK("e2fsck", "e2fsprogs"),
    FAKEROOT("fakeroot", "fakeroot"),
    TAR("tar", "tar"),
    SHELL("sh", "dash"),
    REMOVE("rm", "coreutils");

    private final String program;
    private final String debianPackage;

    Tool(String program, String debianPackage) {
        this.program = program;
        this.debianPackage = debianPackage;
    }

    /** Absolute path of the program. An ordinary user's PATH often lacks the sbin directories, where mke2fs is. */
    String path() throws ImageWriteException {
        return find(program, debianPackage, System.getenv().getOrDefault("PATH", ""));
    }

    static String find(String program, String debianPackage, String path) throws ImageWriteException {
        return Stream.concat(
                        Stream.of(path.split(File.pathSeparator)), Stream.of("/usr/sbin", "/sbin", "/usr/bin", "/bin"))
                .filter(directory -> directory.startsWith("/"))
                .map(directory -> Path.of(directory, program))
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow(() -> new ImageWriteException(
                        Reason.TOOL_MISSING, "program " + program + " is missing; Debian package " + debianPackage))
                .toString();
    }

    /** True for a running program that does the work itself; false for a script, whatever it is busy with. */
    static boolean isWorker(ProcessHandle process) {
        var command = process.info().command().orElse("");
        return Stream.of(MKE2FS, DEBUGFS, E2FSCK, TAR, REMOVE).anyMatch(tool -> command.endsWith("/" + tool.program));
    }
}
