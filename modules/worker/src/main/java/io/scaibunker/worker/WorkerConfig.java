package io.scaibunker.worker;

import io.scaibunker.ext4.ImageWriter;
import io.scaibunker.ext4.Mke2fsWriter;
import io.scaibunker.ext4.NativeWriter;
import io.scaibunker.ext4.SegmentStore;
import io.scaibunker.model.Room;
import io.scaibunker.model.Secret;
import io.scaibunker.model.Settings;
import io.scaibunker.network.NetworkSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Keys {@code worker.*}, and {@code cluster.join-token}.
 *
 * @param name shown to operators; default: the host's name
 * @param dataDir where copies, bakes and bunkers lie
 * @param capacity what bunkers may take in all
 * @param baker what writes the file systems
 * @param bakeSlots how many images are baked at once
 * @param blobCacheBytes how much of fetched layers is kept for the next bake
 * @param cacheQuotaBytes what copies and layers may take on disk in all; 0 for no bound
 * @param downloadSlots how many copies come in from other workers at once
 * @param downloadRate what may come in from other workers and from sources, bytes a second; 0 for no limit
 * @param uploadSlots how many workers are served copies at once
 * @param uploadRate what may go to other workers, bytes a second; 0 for no limit
 * @param bootSlots how many bunkers boot at once
 * @param beat how often the worker says that it lives
 * @param sweep how long a lost nudge may cost
 * @param askTimeout how long an answer of a room is waited for
 * @param bootTimeout how long a bunker may take until its agent answers
 * @param copyWait how long a bunker that was placed before its copy waits for it
 * @param onStop what becomes of the bunkers when this worker is stopped
 * @param restartLimit how often in a row a bunker that ends soon after its start is started again
 * @param stopGrace how long a bunker may take to power off before it is killed
 * @param freezeLimit how long a bunker's disk may stand still for a snapshot
 * @param grpcHost where exec is served, and how others reach it
 * @param joinToken what the fleet's members show each other
 * @param guestKernel a directory made by {@code scripts/guest-kernel}
 * @param driver what runs bunkers' machines
 * @param firecracker the program, a name looked for in PATH or a path
 * @param jailer Firecracker's, where it shall be used
 * @param acceleration how bunkers run
 * @param machineUsers the first of those that monitors run as; 0: as the worker does
 * @param diskRate what each bunker may read and write, bytes a second; 0 for no limit
 * @param networks whether bunkers may have networks, where the host can give them
 * @param network how they are connected
 */
public record WorkerConfig(
        String name,
        Path dataDir,
        Room capacity,
        String zone,
        Map<String, String> labels,
        Baker baker,
        int bakeSlots,
        long blobCacheBytes,
        long cacheQuotaBytes,
        int downloadSlots,
        long downloadRate,
        int uploadSlots,
        long uploadRate,
        int bootSlots,
        Duration beat,
        Duration sweep,
        Duration askTimeout,
        Duration bootTimeout,
        Duration copyWait,
        int restartLimit,
        Duration stopGrace,
        OnStop onStop,
        Duration freezeLimit,
        String grpcHost,
        int grpcPort,
        Optional<Secret> joinToken,
        Path guestKernel,
        Driver driver,
        Path firecracker,
        Optional<Path> jailer,
        Runs acceleration,
        int machineUsers,
        long diskRate,
        OnOff networks,
        NetworkSettings network,
        Sources sources) {

    /** What writes the file systems: our own writer, or e2fsprogs under fakeroot, against which that one is checked. */
    public enum Baker {
        NATIVE,
        MKE2FS;

        /** @param known the layers that need not be unpacked again; mke2fs cannot use them */
        ImageWriter writer(SegmentStore known) {
            return switch (this) {
                case NATIVE -> new NativeWriter(known);
                case MKE2FS -> new Mke2fsWriter();
            };
        }

        /** Name and version: equal source, size and writer mean equal content. */
        String writerName() {
            return switch (this) {
                case NATIVE -> "native-1";
                case MKE2FS -> "mke2fs-1";
            };
        }
    }

    /** What runs bunkers' machines. */
    public enum Driver {
        QEMU,
        FIRECRACKER
    }

    /** How bunkers run: as a trial shows, or as the operator says. */
    public enum Runs {
        PROBE,
        KVM,
        TCG
    }

    /** Whether something is done where it works. */
    public enum OnOff {
        AUTO,
        OFF
    }

    /** What becomes of bunkers when the worker is asked to stop; after a crash they are always found again. */
    public enum OnStop {
        /** They run on where the worker is a node of its own, and end where the whole platform is one node. */
        AUTO,
        KEEP,
        END;

        /** @param alone whether the worker's node hosts no other room */
        boolean keeps(boolean alone) {
            return switch (this) {
                case AUTO -> alone;
                case KEEP -> true;
                case END -> false;
            };
        }
    }

    /**
     * Where images may come from.
     *
     * @param tarRoots a tar source must lie under one of these
     * @param insecureRegistries {@code host[:port]} that are spoken to in plain http
     * @param mirrors by host, tried before it
     * @param deniedHosts host names that no reference may lead to
     */
    public record Sources(
            List<Path> tarRoots,
            List<String> insecureRegistries,
            Map<String, String> mirrors,
            Optional<Path> dockerConfig,
            List<String> deniedHosts,
            Duration connectTimeout,
            Duration stallTimeout) {
        static Sources from(Settings settings) {
            return new Sources(
                    settings.paths("tar-roots"),
                    settings.list("insecure-registries", List.of()),
                    settings.pairs("mirrors"),
                    settings.path("docker-config"),
                    settings.list("denied-hosts", List.of()),
                    settings.duration(
                            "connect-timeout", Duration.ofSeconds(10), Duration.ofMillis(100), Duration.ofMinutes(5)),
                    settings.duration(
                            "stall-timeout", Duration.ofSeconds(30), Duration.ofMillis(100), Duration.ofMinutes(10)));
        }
    }

    public static WorkerConfig from(Settings all) {
        Settings settings = all.under("worker.");
        return new WorkerConfig(
                settings.text("name").orElseGet(HostFacts::name),
                settings.dataPath("data-dir", "worker"),
                capacity(settings),
                settings.text("zone", ""),
                settings.pairs("labels"),
                settings.choice("baker", Baker.NATIVE),
                settings.integer("bake-slots", 2, 1, 64),
                settings.size("blob-cache", 4L << 30, 0, 1L << 50),
                settings.size("cache-quota", 0, 0, 1L << 50),
                settings.integer("download-slots", 2, 1, 64),
                settings.size("download-rate", 0, 0, 1L << 40),
                settings.integer("upload-slots", 2, 1, 256),
                settings.size("upload-rate", 0, 0, 1L << 40),
                settings.integer("boot-slots", 4, 1, 256),
                settings.duration("beat", Duration.ofSeconds(5), Duration.ofMillis(50), Duration.ofMinutes(1)),
                settings.duration("sweep", Duration.ofSeconds(10), Duration.ofMillis(50), Duration.ofMinutes(10)),
                settings.duration("ask-timeout", Duration.ofSeconds(5), Duration.ofMillis(100), Duration.ofMinutes(1)),
                settings.duration("boot-timeout", Duration.ofMinutes(2), Duration.ofSeconds(1), Duration.ofHours(1)),
                settings.duration("copy-wait", Duration.ofMinutes(10), Duration.ofSeconds(1), Duration.ofHours(6)),
                settings.integer("restart-limit", 8, 1, 1_000),
                settings.duration("stop-grace", Duration.ofSeconds(3), Duration.ZERO, Duration.ofMinutes(5)),
                settings.choice("bunkers-on-stop", OnStop.AUTO),
                settings.duration("freeze-limit", Duration.ofMinutes(1), Duration.ofSeconds(1), Duration.ofHours(1)),
                settings.text("grpc-host", "127.0.0.1"),
                settings.integer("grpc-port", 0, 0, 65535),
                all.under("cluster.").secret("join-token"),
                settings.path("guest-kernel")
                        .orElseGet(() -> Path.of(System.getProperty("user.home"), ".cache/scaibunker/guest-kernel")),
                settings.choice("driver", Driver.QEMU),
                Path.of(settings.text("firecracker", "firecracker")),
                settings.text("jailer").map(Path::of),
                settings.choice("acceleration", Runs.PROBE),
                settings.integer("machine-users", 700_000, 0, 2_000_000_000),
                settings.size("disk-rate", 0, 0, 1L << 40),
                settings.choice("network", OnOff.AUTO),
                NetworkSettings.from(settings),
                Sources.from(settings));
    }

    private static Room capacity(Settings settings) {
        int cpu = settings.integer("cpu-millicores", 0, 0, 10_000_000);
        int memory = settings.integer("memory-mb", 0, 0, 100_000_000);
        int disk = settings.integer("disk-mb", 0, 0, 1_000_000_000);
        return new Room(
                cpu > 0 ? cpu : HostFacts.cpuMillicores(),
                memory > 0 ? memory : HostFacts.memoryMb(),
                disk > 0 ? disk : HostFacts.diskMb(settings.dataPath("data-dir", "worker")));
    }
}
