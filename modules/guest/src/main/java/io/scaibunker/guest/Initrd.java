package io.scaibunker.guest;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Locale;
import org.apache.commons.compress.archivers.cpio.CpioArchiveEntry;
import org.apache.commons.compress.archivers.cpio.CpioArchiveOutputStream;
import org.apache.commons.compress.archivers.cpio.CpioConstants;

/**
 * The archive that the guest's kernel unpacks before anything else: our agent as {@code /init}, the modules with
 * numbers in front so that their order is their names', and a console. Same kernel and same agent give the same bytes.
 */
public final class Initrd {
    private static final String AGENT = "/io/scaibunker/guest/agent";
    private static final int DIRECTORY = CpioConstants.C_ISDIR | 0755;
    private static final int PROGRAM = CpioConstants.C_ISREG | 0755;
    private static final int FILE = CpioConstants.C_ISREG | 0644;
    private static final int CONSOLE = CpioConstants.C_ISCHR | 0600;

    private Initrd() {}

    /** Writes beside and renames, so that {@code target} is never half there. An existing file is replaced. */
    public static void write(GuestKernel kernel, Path target) throws IOException {
        var parent = target.toAbsolutePath().getParent();
        if (parent == null) {
            throw new IOException("not a file: " + target);
        }
        Files.createDirectories(parent);
        var beside = Files.createTempFile(parent, "initrd", ".part");
        try {
            try (var out = Files.newOutputStream(beside)) {
                pack(kernel, out);
            }
            // What is in there is no secret, and its reader may be a monitor that runs as nobody.
            Files.setPosixFilePermissions(beside, PosixFilePermissions.fromString("rw-r--r--"));
            Files.move(beside, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(beside);
        }
    }

    static void pack(GuestKernel kernel, OutputStream out) throws IOException {
        var archive = new Archive(out);
        for (var directory : new String[] {"dev", "proc", "sys", "modules", "image", "scratch", "root"}) {
            archive.add(directory, DIRECTORY, new byte[0]);
        }
        archive.add("dev/console", CONSOLE, new byte[0]);
        archive.add("init", PROGRAM, agent());
        var number = 0;
        for (var module : kernel.modules()) {
            var name = String.format(Locale.ROOT, "modules/%02d-%s", number++, module.getFileName());
            archive.add(name, FILE, Files.readAllBytes(module));
        }
        archive.finish();
    }

    private static byte[] agent() throws IOException {
        try (var in = Initrd.class.getResourceAsStream(AGENT)) {
            if (in == null) {
                throw new IOException("this build of ScaiBunker holds no guest agent");
            }
            return in.readAllBytes();
        }
    }

    /** Entries without a time, an owner or a number of the host's. */
    private static final class Archive {
        private final CpioArchiveOutputStream out;
        private int inode = 1;

        Archive(OutputStream to) {
            out = new CpioArchiveOutputStream(to, CpioConstants.FORMAT_NEW);
        }

        void add(String name, int mode, byte[] content) throws IOException {
            var entry = new CpioArchiveEntry(CpioConstants.FORMAT_NEW, name, content.length);
            entry.setMode(mode);
            entry.setTime(0);
            entry.setInode(inode++);
            entry.setNumberOfLinks(1);
            if (mode == CONSOLE) {
                entry.setRemoteDeviceMaj(5);
                entry.setRemoteDeviceMin(1);
            }
            out.putArchiveEntry(entry);
            out.write(content);
            out.closeArchiveEntry();
        }

        void finish() throws IOException {
            out.finish();
        }
    }
}
