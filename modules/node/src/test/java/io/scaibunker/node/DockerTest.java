package io.scaibunker.node;

import static io.scaibunker.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.testkit.Ports;
import io.scaibunker.testkit.TestDatabase;
import io.vertx.core.json.JsonArray;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code docker/} says fits this checkout; no container engine is asked. */
class DockerTest {
    private static final Path DOCKER = Checkout.ROOT.resolve("docker");
    private static final Pattern SERVICE = Pattern.compile("^  ([a-z0-9-]+):$");
    private static final Pattern SETTING = Pattern.compile("^      (SCAIBUNKER_[A-Z_]+): \"?([^\"]*)\"?$");

    @TempDir
    Path dir;

    /** The settings of each service, by its name; services without any are no nodes. */
    private static Map<String, Map<String, String>> nodes() {
        Map<String, Map<String, String>> nodes = new LinkedHashMap<>();
        String service = "";
        for (String line : Checkout.text(DOCKER.resolve("compose.yaml")).lines().toList()) {
            Matcher named = SERVICE.matcher(line);
            Matcher set = SETTING.matcher(line);
            if (named.matches()) {
                service = named.group(1);
            } else if (set.matches()) {
                nodes.computeIfAbsent(service, first -> new TreeMap<>()).put(set.group(1), set.group(2));
            }
        }
        return nodes;
    }

    @Test
    void aNodeTakesTheSettingsOfEachService() throws Exception {
        Map<String, Map<String, String>> nodes = nodes();
        assertThat(nodes).containsOnlyKeys("control", "worker-1", "worker-2");
        Path secret = Files.writeString(dir.resolve("secret"), "postgresql://u:p@h:1/d");
        for (var node : nodes.entrySet()) {
            Map<String, String> environment = new TreeMap<>(node.getValue());
            environment.replaceAll((key, value) -> key.endsWith("_FILE") ? secret.toString() : value);

            Configuration read = Configuration.read(java.util.Optional.empty(), List.of(), environment, dir);

            boolean worker = node.getKey().startsWith("worker");
            assertThat(read.node().needsDatabase()).isEqualTo(!worker);
            assertThat(read.store().url().isPresent()).isEqualTo(!worker);
            assertThat(read.cluster().joinToken()).isPresent();
            assertThat(read.cluster().host()).isEqualTo(environment.get("SCAIBUNKER_CLUSTER_HOST"));
            assertThat(Checkout.text(DOCKER.resolve("compose.yaml")))
                    .contains("{ipv4_address: " + read.cluster().host() + "}");
        }
    }

    @Test
    void whatTheImageCopiesIsHereOrMadeByTheBuild() {
        String dockerfile = Checkout.text(DOCKER.resolve("Dockerfile"));
        List<String> copied = Pattern.compile("^COPY (?!--from)(\\S+) ", Pattern.MULTILINE)
                .matcher(dockerfile)
                .results()
                .map(found -> found.group(1))
                .toList();
        assertThat(copied).isNotEmpty().allMatch(path -> Files.exists(Checkout.ROOT.resolve(path)));
        assertThat(dockerfile).contains("io.scaibunker.node.Main").contains("@scripts/node.jvm");
        String pom = Checkout.text(Checkout.ROOT.resolve("pom.xml"));
        Matcher jar = Pattern.compile("node-(\\S+)\\.jar").matcher(dockerfile);
        assertThat(jar.find()).isTrue();
        assertThat(pom).contains("<version>" + jar.group(1) + "</version>");
        assertThat(Set.of("Dockerfile", "compose.yaml")).allMatch(file -> Files.exists(DOCKER.resolve(file)));
    }

    /** What the last stage of the Dockerfile makes, as it says it: where it works, what lies there, how it starts. */
    private record Layout(
            String workdir, List<String[]> copies, Map<String, String> environment, List<String> entrypoint) {
        static Layout read(String dockerfile) {
            String stages = dockerfile.replaceAll("(?m)^#.*\n", "").replace("\\\n", " ");
            String last = stages.substring(stages.lastIndexOf("\nFROM "));
            List<String> built = words(stages.substring(0, stages.lastIndexOf("\nFROM ")), "COPY").stream()
                    .map(copy -> copy[0])
                    .toList();
            List<String[]> copies = words(last, "COPY").stream()
                    .map(copy -> copy[0].equals("--from=build") ? fromBuild(built, copy) : copy)
                    .toList();
            Map<String, String> environment = new TreeMap<>();
            words(last, "ENV").forEach(pairs -> {
                for (String pair : pairs) {
                    environment.put(pair.split("=", 2)[0], pair.split("=", 2)[1]);
                }
            });
            Matcher entrypoint = Pattern.compile("(?m)^ENTRYPOINT (\\[.*])$").matcher(last);
            assertThat(entrypoint.find()).isTrue();
            return new Layout(
                    words(last, "WORKDIR").getFirst()[0],
                    copies,
                    environment,
                    new JsonArray(entrypoint.group(1))
                            .stream().map(String.class::cast).toList());
        }

        /** What one stage takes of another one must be what that had, or has made of it. */
        private static String[] fromBuild(List<String> built, String[] copy) {
            String path = copy[1].replaceFirst("^/src/", "");
            assertThat(built).anyMatch(source -> path.startsWith(source + "/"));
            return new String[] {path, copy[2]};
        }

        private static List<String[]> words(String text, String instruction) {
            return Pattern.compile("(?m)^" + instruction + " +(.+)$")
                    .matcher(text)
                    .results()
                    .map(found -> found.group(1).strip().split(" +"))
                    .toList();
        }
    }

    /** The class path of this test as the build packs it: libraries as they are, each module as one jar. */
    private static void packLibraries(Path lib) throws IOException {
        Files.createDirectories(lib);
        for (String entry : System.getProperty("java.class.path").split(":")) {
            Path path = Path.of(entry);
            if (Files.isRegularFile(path)) {
                Files.copy(path, lib.resolve(path.getFileName()), StandardCopyOption.REPLACE_EXISTING);
            } else if (path.endsWith("target/classes")) {
                pack(path, lib.resolve(path.getParent().getParent().getFileName() + ".jar"));
            }
        }
    }

    private static void pack(Path classes, Path jar) {
        int failed = ToolProvider.findFirst("jar")
                .orElseThrow()
                .run(System.out, System.err, "--create", "--file", jar.toString(), "-C", classes.toString(), ".");
        assertThat(failed).isZero();
    }

    /** Puts everything where the image would have it, below {@code home}. */
    private static void assemble(Layout layout, Path home) throws IOException {
        for (String[] copy : layout.copies()) {
            Path source = Checkout.ROOT.resolve(copy[0]);
            Path target = home.resolve(copy[1]);
            if (copy[0].equals("modules/node/target/lib")) {
                packLibraries(target);
            } else if (copy[0].matches("modules/node/target/node-.*\\.jar")) {
                // The module's own classes are among what was packed.
                assertThat(home.resolve(copy[1]).resolve("node.jar")).exists();
            } else if (Files.isDirectory(source)) {
                try (Stream<Path> files = Files.walk(source)) {
                    for (Path file : files.filter(Files::isRegularFile).toList()) {
                        Path to = target.resolve(source.relativize(file));
                        Files.createDirectories(to.getParent());
                        Files.copy(file, to);
                    }
                }
            } else {
                Files.createDirectories(target.getParent());
                Files.copy(source, target);
            }
        }
    }

    private static Process start(Layout layout, Path home, Path output, Map<String, String> more, String... words)
            throws IOException {
        List<String> command = new ArrayList<>();
        layout.entrypoint().forEach(word -> command.add(word.replace(layout.workdir(), home.toString())));
        command.set(0, Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(words));
        ProcessBuilder builder =
                new ProcessBuilder(command).directory(home.toFile()).redirectErrorStream(true);
        builder.environment().putAll(layout.environment());
        builder.environment().putAll(more);
        return builder.redirectOutput(output.toFile()).start();
    }

    @Test
    void whatTheImageHoldsStartsByItsEntrypointAndIsReady() throws Exception {
        Layout layout = Layout.read(Checkout.text(DOCKER.resolve("Dockerfile")));
        Path home = Files.createDirectories(dir.resolve("opt"));
        assemble(layout, home);

        Path usage = dir.resolve("usage.log");
        Process help = start(layout, home, usage, Map.of(), "--help");
        assertThat(help.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(help.exitValue()).as(Checkout.text(usage)).isZero();
        assertThat(usage).content().contains("--set");

        try (TestDatabase database = TestDatabase.empty()) {
            Path secret = Files.writeString(dir.resolve("store-url"), database.url());
            Map<String, String> environment = new TreeMap<>(nodes().get("control"));
            environment.put("SCAIBUNKER_STORE_URL_FILE", secret.toString());
            environment.put(
                    "SCAIBUNKER_CLUSTER_JOIN_TOKEN_FILE",
                    Files.writeString(dir.resolve("token"), "a word among tests")
                            .toString());
            environment.put("SCAIBUNKER_CLUSTER_HOST", "127.0.0.1");
            environment.put("SCAIBUNKER_CLUSTER_MEMBERS", "");
            environment.put("SCAIBUNKER_CLUSTER_PORT", "" + Ports.free());
            environment.put("SCAIBUNKER_CLUSTER_BUS_PORT", "0");
            environment.put("SCAIBUNKER_API_PORT", "0");
            environment.put("SCAIBUNKER_NODE_DATA_DIR", dir.resolve("data").toString());
            Path said = dir.resolve("node.log");
            Process node = start(layout, home, said, environment);
            try {
                eventually(Duration.ofSeconds(90), () -> {
                    assertThat(node.isAlive()).as(Checkout.text(said)).isTrue();
                    assertThat(said).content().containsPattern("Main +ready");
                });
                node.destroy();
                assertThat(node.waitFor(30, TimeUnit.SECONDS)).isTrue();
                assertThat(node.exitValue()).as(Checkout.text(said)).isZero();
            } finally {
                node.destroyForcibly();
            }
        }
    }
}
