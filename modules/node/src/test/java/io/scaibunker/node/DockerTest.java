package io.scaibunker.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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
}
