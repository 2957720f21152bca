package io.scaibunker.ext4;

import io.scaibunker.ext4.ImageWriteException.Reason;
import io.scaibunker.layers.EntryKind;
import io.scaibunker.layers.EntryPath;
import io.scaibunker.layers.Node;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * What neither fakeroot nor mke2fs keeps, as commands for one run of debugfs: extended attributes (fakeroot takes 1 KiB at
 * most), fractions of seconds, times after 2038, symbolic links with several names, modes that shut out the
 * owner, and all of the root directory.
 *
 * <p>debugfs reads lines and has no way to write a line break in a name.
 */
final class Amendments implements AutoCloseable {
    /** debugfs cuts a line at 8,191 bytes. */
    private static final int LINE = 8000;
    /** ext4 counts seconds from 1901 in 34 bits. */
    private static final long EARLIEST = Integer.MIN_VALUE;

    private static final long LATEST = EARLIEST + (1L << 34) - 1;
    private static final int ATTRIBUTE_BLOCK = Mke2fs.BLOCK - 32 - 4;

    private final Path values;
    private final OutputStream commands;
    private int count;

    Amendments(Path commandFile, Path values) throws IOException {
        this.values = Files.createDirectory(values);
        this.commands = new BufferedOutputStream(Files.newOutputStream(commandFile));
    }

    /** The root's owner, mode and time, which mke2fs leaves alone. */
    void root(Node root) throws IOException {
        mode(EntryPath.ROOT, root);
        write("set_inode_field", EntryPath.ROOT, "uid " + root.uid());
        write("set_inode_field", EntryPath.ROOT, "gid " + root.gid());
        time(EntryPath.ROOT, root);
    }

    /** The time, where whole seconds before 2038 do not do. Names that debugfs cannot be told go without their fraction. */
    void timeIfNeeded(EntryPath path, Node node) throws IOException {
        var seconds = node.mtimeSeconds();
        var plain = node.mtimeNanos() == 0 && seconds >= 0 && seconds <= Integer.MAX_VALUE;
        if (!plain && canBeTold(path)) {
            time(path, node);
        }
    }

    /** The mode, where the tar must not have it. */
    void modeIfNeeded(EntryPath path, Node node) throws IOException {
        if (GnuTarWriter.writtenMode(node) == node.mode()) {
            return;
        }
        if (!canBeTold(path)) {
            throw new ImageWriteException(
                    Reason.UNSUPPORTED,
                    path + ": a line break in a name that its owner may not read, or too long a name");
        }
        mode(path, node);
    }

    private void mode(EntryPath path, Node node) throws IOException {
        var kind = node.kind() == EntryKind.DIRECTORY ? 0040000 : 0100000;
        write("set_inode_field", path, "mode 0" + Integer.toOctalString(kind | node.mode()));
    }

    private void time(EntryPath path, Node node) throws IOException {
        var seconds = Math.clamp(node.mtimeSeconds(), EARLIEST, LATEST);
        var epoch = seconds - (int) seconds >> 32 & 3;
        write("set_inode_field", path, "mtime @" + Integer.toUnsignedString((int) seconds));
        write("set_inode_field", path, "mtime_extra " + ((long) node.mtimeNanos() << 2 | epoch));
    }

    /**
     * One more name for a symbolic link: mke2fs has made a second link of it. Left so where debugfs cannot be told the
     * names; the difference is in the count of names alone.
     */
    void sameLink(EntryPath path, Node link) throws IOException {
        var first = link.firstName().path();
        if (canBeTold(path) && canBeTold(first) && path.length() + first.length() < LINE / 3) {
            write("rm", path, "");
            write("link", first, new String(quoted(path.bytes(), true), StandardCharsets.ISO_8859_1));
            write("set_inode_field", first, "links_count " + link.links());
        }
    }

    /**
     * A node's extended attributes; those of name spaces that Linux's ext4 does not have are dropped, as container engines
     * do.
     *
     * @throws ImageWriteException as UNSUPPORTED, for values that ext4 cannot hold
     */
    void attributes(EntryPath path, Map<String, byte[]> attributes) throws IOException {
        for (var attribute : attributes.entrySet()) {
            if (isKnown(attribute.getKey())) {
                attribute(path, attribute.getKey(), attribute.getValue());
            }
        }
    }

    private static boolean isKnown(String name) {
        return name.startsWith("user.")
                || name.startsWith("trusted.")
                || name.startsWith("security.")
                || isAccessList(name);
    }

    private static boolean isAccessList(String name) {
        return name.equals("system.posix_acl_access") || name.equals("system.posix_acl_default");
    }

    private void attribute(EntryPath path, String name, byte[] value) throws IOException {
        if (!canBeTold(path) || name.chars().anyMatch(one -> one == '\n' || one == '\r')) {
            throw unsupported(path, name, "with a line break in a name, or a name that is too long");
        }
        if (16 + name.length() + value.length > ATTRIBUTE_BLOCK) {
            throw unsupported(path, name, "of " + value.length + " bytes; ext4 holds 4 KiB");
        }
        if (isAccessList(name) && !AccessList.isValid(value)) {
            throw unsupported(path, name, "that is no access list");
        }
        var file = values.resolve(String.valueOf(count++));
        Files.write(file, value);
        var line = new ByteArrayOutputStream();
        line.writeBytes(("ea_set -f " + file.getFileName() + " ").getBytes(StandardCharsets.US_ASCII));
        line.writeBytes(quoted(path.bytes(), true));
        line.write(' ');
        line.writeBytes(quoted(name.getBytes(StandardCharsets.ISO_8859_1), false));
        line.write('\n');
        line.writeTo(commands);
    }

    private static ImageWriteException unsupported(EntryPath path, String name, String what) {
        return new ImageWriteException(Reason.UNSUPPORTED, path + ": extended attribute " + name + " " + what);
    }

    private void write(String command, EntryPath path, String argument) throws IOException {
        commands.write((command + " ").getBytes(StandardCharsets.US_ASCII));
        commands.write(quoted(path.bytes(), true));
        commands.write((" " + argument + "\n").getBytes(StandardCharsets.ISO_8859_1));
    }

    private static boolean canBeTold(EntryPath path) {
        var bytes = path.bytes();
        for (var one : bytes) {
            if (one == '\n' || one == '\r') {
                return false;
            }
        }
        return quoted(bytes, true).length < LINE - 300;
    }

    /** In quotes, a quote inside doubled: debugfs knows no other special character there. */
    private static byte[] quoted(byte[] text, boolean fromRoot) {
        var result = new ByteArrayOutputStream(text.length + 3);
        result.write('"');
        if (fromRoot) {
            result.write('/');
        }
        for (var one : text) {
            if (one == '"') {
                result.write('"');
            }
            result.write(one);
        }
        result.write('"');
        return result.toByteArray();
    }

    @Override
    public void close() throws IOException {
        commands.close();
    }
}
