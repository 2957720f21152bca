package io.scaibunker.node;

import io.scaibunker.model.SettingsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * The program: starts a node and runs it until a signal comes. Ends with 0 after an orderly stop, 2 when the command
 * line or the configuration is wrong (each problem is a line on standard error), 1 when it could not start or stop.
 */
@Command(
        name = "scaibunker up",
        description = "Runs a ScaiBunker node in the foreground until SIGTERM or Ctrl-C.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class)
public final class Main implements Callable<Integer> {
    private static final String HOME = "scaibunker.home";

    @Option(
            names = "--conf",
            paramLabel = "FILE",
            description = "Settings; default: conf/scaibunker.properties under the installation, if there.")
    private @Nullable Path conf;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "One setting, stronger than the file's; may be repeated.")
    private List<String> overrides = new ArrayList<>();

    /** Made by {@link #main}, filled by the command line. */
    private Main() {}

    public static void main(String[] arguments) {
        int code = new CommandLine(new Main()).execute(arguments);
        // No shutdown hooks, no waiting for threads of libraries: whatever had to be closed is closed.
        System.out.flush();
        System.err.flush();
        Runtime.getRuntime().halt(code);
    }

    @Override
    public Integer call() throws InterruptedException {
        var signals = Signals.listen();
        Configuration configuration;
        try {
            configuration = read();
        } catch (SettingsException e) {
            System.err.println(e.getMessage());
            return CommandLine.ExitCode.USAGE;
        }
        configuration.log().apply();
        return run(configuration, signals);
    }

    private Configuration read() {
        var home = Path.of(System.getProperty(HOME, "")).toAbsolutePath();
        var standard = home.resolve("conf/scaibunker.properties");
        var file =
                Optional.ofNullable(conf).or(() -> Files.exists(standard) ? Optional.of(standard) : Optional.empty());
        return Configuration.read(file, overrides, System.getenv(), home);
    }

    private static int run(Configuration configuration, Signals signals) throws InterruptedException {
        Logger log = LoggerFactory.getLogger(Main.class);
        Node node;
        try {
            node = start(configuration, signals);
        } catch (Exception e) {
            if (signals.heard()) {
                log.info("stopped while starting");
                return CommandLine.ExitCode.OK;
            }
            // Our own words say all that the user of a node can do about it; anything else is for whoever mends it.
            log.error("not started: {}", e.getMessage(), e instanceof StartException ? null : e);
            log.debug("not started, because", e);
            return CommandLine.ExitCode.SOFTWARE;
        }
        node.firstWay()
                .ifPresent(way -> System.out.println("The first key, shown once and kept in " + way.file() + ":\n  "
                        + way.key().reveal()));
        log.info("ready{}", node.url().map(url -> ": " + url).orElse(""));
        signals.await();
        log.info("stopping");
        boolean inTime = node.stop(configuration.node().stopTime());
        log.info(inTime ? "stopped" : "stopped the hard way: the time was over");
        return inTime ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
    }

    /** A signal while starting interrupts whatever the start waits for. */
    private static Node start(Configuration configuration, Signals signals) {
        signals.interruptUntilReady(Thread.currentThread());
        try {
            return Node.start(configuration);
        } finally {
            signals.ready();
        }
    }

    static final class Version implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            var version = Main.class.getPackage().getImplementationVersion();
            return new String[] {"scaibunker " + (version == null ? "(not from a jar)" : version)};
        }
    }
}
