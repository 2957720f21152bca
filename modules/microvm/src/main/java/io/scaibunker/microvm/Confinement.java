package io.scaibunker.microvm;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a monitor is kept in, beside its own system call filter: a user of its own that owns nothing, without a way to more
 * rights, control groups, the network namespace of its machine. {@code launch.c} puts it there and hands it its files open,
 * since that user can reach none of them.
 */
public final class Confinement {
    private static final Logger log = LoggerFactory.getLogger(Confinement.class);
    private static final String PROGRAM = "launch";
    private static final Path KVM = Path.of("/dev/kvm");
    private static final int USERS = 1 << 16;
    private static final int THREADS_MAX = 256;
    private static final int NOBODY = -1;
    private static final long MIB = 1 << 20;

    private final Path launcher;
    private final int firstUser;
    private final List<Integer> groups;
    private final Cages cages;
    private final String user;

    private Confinement(Path launcher, int firstUser, List<Integer> groups, Cages cages, String user) {
        this.launcher = launcher;
        this.firstUser = firstUser;
        this.groups = groups;
        this.cages = cages;
        this.user = user;
    }

    /**
     * Finds out what this host allows.
     *
     * @param programs a directory where a program may lie and run
     * @param firstUser of 65,536 that belong to nobody; each machine runs as one of them. 0: monitors run as the worker does
     */
    public static Confinement find(Path programs, int firstUser, Acceleration acceleration) throws IOException {
        var launcher = install(programs);
        var kvm = acceleration.kind() == Acceleration.Kind.KVM;
        var user = whyNoUser(firstUser, kvm);
        var groups = new ArrayList<Integer>();
        if (user.isEmpty() && kvm && !mode(KVM).endsWith("rw-")) {
            groups.add((Integer) Files.getAttribute(KVM, "unix:gid"));
        }
        var found = new Confinement(
                launcher,
                user.isEmpty() ? firstUser : NOBODY,
                List.copyOf(groups),
                Cages.open(),
                user.isEmpty()
                        ? "a user for each machine, from " + firstUser + " on"
                        : "as the worker's user: " + user);
        log.info("monitors run {}; limits that do not hold: {}", found.user, found.cages.missing());
        return found;
    }

    private static String whyNoUser(int firstUser, boolean kvm) throws IOException {
        if (firstUser == 0) {
            return "conf says so";
        }
        if (!isRoot()) {
            return "the worker is not root";
        }
        return kvm && !mode(KVM).substring(3).contains("rw") ? "nobody else may open /dev/kvm" : "";
    }

    static boolean isRoot() throws IOException {
        return Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0);
    }

    private static String mode(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file))
                .replace('x', '-');
    }

    private static Path install(Path directory) throws IOException {
        Files.createDirectories(directory);
        var program = directory.resolve(PROGRAM).toAbsolutePath();
        var beside = Files.createTempFile(directory, PROGRAM, ".part");
        try (var in = Confinement.class.getResourceAsStream("/io/scaibunker/microvm/" + PROGRAM)) {
            if (in == null) {
                throw new IOException("this build holds no " + PROGRAM);
            }
            Files.copy(in, beside, StandardCopyOption.REPLACE_EXISTING);
            Files.setPosixFilePermissions(beside, PosixFilePermissions.fromString("rwxr-xr-x"));
            Files.move(beside, program, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(beside);
        }
        return program;
    }

    /** Whether monitors run as users of their own. */
    boolean hasUsers() {
        return firstUser != NOBODY;
    }

    /** The user that a machine's monitor runs as: always the same for one id, and hardly ever another's; -1 for our own. */
    public int user(String id) {
        return firstUser == NOBODY ? NOBODY : firstUser + Math.floorMod(id.hashCode() * 0x9e3779b1, USERS);
    }

    /**
     * The words that start a monitor in here. Makes the machine's groups.
     *
     * @param overheadMb what the monitor itself may take beside the guest's memory
     * @param opened what it finds open, by the words of {@code launch.c}: {@code -r}, {@code 10=/a/file}, …
     */
    List<String> words(MachineSpec spec, int overheadMb, List<String> opened, List<String> command) throws IOException {
        var words = caged(spec, overheadMb, opened);
        spec.network()
                .ifPresent(network ->
                        words.addAll(List.of("-n", network.namespace().toString())));
        if (hasUsers()) {
            words.addAll(List.of("-u", Integer.toString(user(spec.id()))));
            groups.forEach(group -> words.addAll(List.of("-g", Integer.toString(group))));
        }
        words.add("--");
        words.addAll(command);
        return words;
    }

    /** The same for a program that becomes the machine's user, and enters its namespace, by itself. */
    List<String> wordsOfJailer(MachineSpec spec, int overheadMb, List<String> opened, List<String> command)
            throws IOException {
        var words = caged(spec, overheadMb, opened);
        words.add("--");
        words.addAll(command);
        return words;
    }

    private List<String> caged(MachineSpec spec, int overheadMb, List<String> opened) throws IOException {
        var words = new ArrayList<>(List.of(launcher.toString()));
        for (var members : cages.make(spec.id(), (spec.memoryMb() + overheadMb) * MIB, THREADS_MAX)) {
            words.addAll(List.of("-c", members.toString()));
        }
        words.addAll(opened);
        return words;
    }

    /** Starts them, in a session of their own: what the terminal sends to the worker does not reach it. */
    static Process spawn(List<String> words, Path workDir) throws IOException {
        var builder = new ProcessBuilder(words)
                .directory(workDir.toFile())
                .redirectInput(Redirect.from(Path.of("/dev/null").toFile()))
                .redirectOutput(Redirect.DISCARD);
        var path = builder.environment().getOrDefault("PATH", "/usr/bin:/bin");
        builder.environment().clear();
        builder.environment().put("PATH", path);
        return builder.start();
    }

    /**
     * Makes the directory {@code run} anew, the only place where the monitor may write. What lies beside it is ours: a monitor
     * that was taken over finds nothing there to lie to us with.
     */
    Path makeRoom(MachineSpec spec) throws IOException {
        var run = spec.workDir().resolve(MachineSpec.RUN);
        Leftovers.remove(run);
        Files.createDirectory(run, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        if (hasUsers()) {
            Files.setPosixFilePermissions(spec.workDir(), PosixFilePermissions.fromString("rwx--x--x"));
        }
        give(run, spec);
        return run;
    }

    /** Makes the machine's user the owner of a file. */
    void give(Path file, MachineSpec spec) throws IOException {
        if (hasUsers()) {
            Files.setAttribute(file, "unix:uid", user(spec.id()));
            Files.setAttribute(file, "unix:gid", user(spec.id()));
        }
    }

    /** Its boot is over: it is held to its share of the processors. */
    public static void hold(String id, int millicores) {
        Cages.hold(id, millicores);
    }

    /** Removes what a machine that is gone had beside its directory. */
    public static void release(String id) {
        Cages.remove(id);
    }

    /** Which limits hold here, by the words of the API. */
    public List<String> enforced() {
        var enforced = new ArrayList<>(List.of("memory", "disk"));
        for (var limit : List.of(Cages.Limit.CPU, Cages.Limit.PROCESSES)) {
            if (!cages.missing().containsKey(limit)) {
                enforced.add(word(limit));
            }
        }
        return enforced;
    }

    /** How, or why not, by the words of the API. */
    public Map<String, String> reasons() {
        var reasons = new TreeMap<String, String>();
        reasons.put("confinement", "system call filter; " + user);
        reasons.put(
                "memory",
                "the machine's size"
                        + (cages.missing().containsKey(Cages.Limit.MEMORY)
                                ? "; the monitor's own is not bounded: "
                                        + cages.missing().get(Cages.Limit.MEMORY)
                                : ", and a control group around the monitor"));
        reasons.put("disk", "the scratch disk's size");
        cages.missing().forEach((limit, why) -> reasons.putIfAbsent(word(limit), why));
        return reasons;
    }

    private static String word(Cages.Limit limit) {
        return switch (limit) {
            case CPU -> "cpu";
            case MEMORY -> "memory";
            case PROCESSES -> "processes";
        };
    }
}
