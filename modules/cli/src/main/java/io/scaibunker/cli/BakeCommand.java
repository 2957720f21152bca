package io.scaibunker.cli;

import io.scaibunker.ext4.ImageSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** {@code scaibunker bake}. */
@Command(
        name = "bake",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description = "Bakes an image into one ext4 file, as a worker does, without a server, root or a mount.",
        sortOptions = false,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:the file is there, whole",
            "1:a mistake of this program",
            "2:the command line is wrong",
            "3:the source is not there, cannot be reached to the end, or not with these credentials",
            "4:the source is damaged, or nothing that can be baked",
            "5:the content does not fit into --size-mib; the message says what would do",
            "6:this machine: disk full, a program missing, a file that cannot be written",
            "130, 143:ended by Ctrl-C or SIGTERM; nothing is left"
        },
        footer = {
            "",
            "Examples:",
            "  scaibunker bake --source docker.io/library/debian:12-slim --size-mib 512 --out debian.ext4",
            "  scaibunker bake --source oci-layout:build/image --size-mib 2048 --out image.ext4 --json | jq .segments"
        })
final class BakeCommand implements Callable<Integer> {
    @Spec
    private picocli.CommandLine.Model.@Nullable CommandSpec spec;

    @Option(
            names = "--source",
            required = true,
            paramLabel = "SOURCE",
            converter = RegistryOptions.SourceConverter.class,
            description = RegistryOptions.SOURCES)
    private BakeSource source = new BakeSource.Registry("");

    @Option(
            names = "--size-mib",
            required = true,
            paramLabel = "N",
            converter = SizeConverter.class,
            description = "Size of the file system, and of the file, which is sparse: " + ImageSpec.MIN_SIZE_MIB + ".."
                    + ImageSpec.MAX_SIZE_MIB + ".")
    private Long sizeMib = 0L;

    @Option(
            names = "--out",
            required = true,
            paramLabel = "FILE",
            description = "The file to make; replaced if it is there. It appears whole or not at all.")
    private Path out = Path.of("");

    @Option(names = "--json", description = "Print the result as JSON; no progress bar.")
    private boolean json;

    @Option(
            names = "--baker",
            paramLabel = "BAKER",
            description = "native (default), or mke2fs: slower, by e2fsprogs under fakeroot.")
    private Baker baker = Baker.NATIVE;

    @Option(
            names = "--segments",
            paramLabel = "DIR",
            description =
                    "Remember in this directory, made if it is not there, which layers lie in the images made with it, and"
                            + " take layers from these instead of decompressing them again; on one file system with --out.")
    private @Nullable Path segments;

    @Mixin
    private RegistryOptions registries = new RegistryOptions();

    private final Terminal terminal;

    BakeCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException {
        var order = new BakeOrder(registries.of(source), sizeMib, target(), baker, store());
        var result = new LocalBake(order, json ? Progress.NONE : terminal.progress()).run();
        terminal.out().print(json ? result.json() + System.lineSeparator() : result.text());
        return ExitCode.DONE.number();
    }

    private Path target() {
        var target = out.toAbsolutePath().normalize();
        var directory = target.getParent();
        if (directory == null || Files.isDirectory(target)) {
            throw wrong("--out '" + out + "' is a directory; it must name the file to make");
        }
        if (!Files.isDirectory(directory)) {
            throw wrong("--out '" + out + "': there is no directory " + directory);
        }
        return target;
    }

    private Optional<Path> store() throws IOException {
        if (segments != null && baker != Baker.NATIVE) {
            throw wrong("--segments is for --baker native, not " + baker);
        }
        return OwnDirectory.at(segments);
    }

    private ParameterException wrong(String message) {
        if (spec == null) {
            throw new IllegalStateException(message);
        }
        return new ParameterException(spec.commandLine(), message);
    }

    static final class SizeConverter implements ITypeConverter<Long> {
        @Override
        public Long convert(String text) {
            if (text.matches("[0-9]{1,9}")) {
                var size = Long.parseLong(text);
                if (size >= ImageSpec.MIN_SIZE_MIB && size <= ImageSpec.MAX_SIZE_MIB) {
                    return size;
                }
            }
            throw new TypeConversionException("'" + text + "' is not a whole number from " + ImageSpec.MIN_SIZE_MIB
                    + " to " + ImageSpec.MAX_SIZE_MIB);
        }
    }
}
