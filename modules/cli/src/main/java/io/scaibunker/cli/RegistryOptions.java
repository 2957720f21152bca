package io.scaibunker.cli;

import io.scaibunker.oci.Platform;
import io.scaibunker.oci.SourceException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** How an image is reached: options of every command that takes a {@code --source}. */
final class RegistryOptions {
    static final String SOURCES =
            "A reference such as docker.io/library/debian:12, or oci-layout:DIR, docker-archive:FILE, tar:FILE"
                    + " (a root file system; plain, gzip, zstd or xz). What a file is, is told by its content.";

    @Spec(Spec.Target.MIXEE)
    private @Nullable CommandSpec spec;

    @Option(
            names = "--platform",
            paramLabel = "OS/ARCH",
            converter = PlatformConverter.class,
            description = "Which image of an index; default: the one for this machine.")
    private @Nullable Platform platform;

    @Option(
            names = "--insecure-registry",
            paramLabel = "HOST:PORT",
            description = "A registry to speak plain http to; may be repeated.")
    private Set<String> insecureRegistries = new LinkedHashSet<>();

    @Option(
            names = "--docker-config",
            paramLabel = "FILE",
            description = "Credentials for registries; default: ~/.docker/config.json where it is there.")
    private @Nullable Path dockerConfig;

    @Option(
            names = "--blobs",
            paramLabel = "DIR",
            description =
                    "Keep layers from registries in this directory, made if it is not there: after a cut link, the same command"
                            + " fetches only the rest. Those that were not used for longest go beyond 10 GiB.")
    private @Nullable Path blobs;

    SourceOrder of(BakeSource source) throws IOException {
        return new SourceOrder(source, wanted(), insecureRegistries, credentials(), OwnDirectory.at(blobs));
    }

    private Platform wanted() {
        return platform != null ? platform : Platform.parse("linux/" + architecture());
    }

    private static String architecture() {
        var name = System.getProperty("os.arch", "amd64");
        return name.equals("aarch64") ? "arm64" : name;
    }

    private Optional<Path> credentials() {
        if (dockerConfig == null) {
            return Optional.of(Path.of(System.getProperty("user.home", "/"), ".docker/config.json"))
                    .filter(Files::isRegularFile);
        }
        if (!Files.isReadable(dockerConfig) && spec != null) {
            throw new ParameterException(spec.commandLine(), "--docker-config '" + dockerConfig + "' cannot be read");
        }
        return Optional.of(dockerConfig);
    }

    static final class SourceConverter implements ITypeConverter<BakeSource> {
        @Override
        public BakeSource convert(String text) {
            try {
                return BakeSource.parse(text);
            } catch (IllegalArgumentException unfit) {
                throw new TypeConversionException(unfit.getMessage());
            }
        }
    }

    static final class PlatformConverter implements ITypeConverter<Platform> {
        @Override
        public Platform convert(String text) {
            try {
                return Platform.parse(text);
            } catch (SourceException unfit) {
                throw new TypeConversionException(unfit.getMessage());
            }
        }
    }
}
