package io.scaibunker.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Every line that the documentation shows is run as it stands, by a shell, against a real server. */
class CurlTest {
    private static final String ANSWERED = "\nanswered %{http_code}";
    /** What curl says when it was told how long to wait, and that is over: a stream has no end. */
    private static final int TIMED_OUT = 28;

    private static RunningApi api;
    private static Contract contract;
    private static World shared;

    @BeforeAll
    static void start() {
        api = new RunningApi();
        api.startScheduler();
        contract = RunningApi.get(Contract.read(api.vertx));
        shared = new World(api);
    }

    @AfterAll
    static void stop() {
        api.close();
    }

    @TestFactory
    Stream<DynamicTest> theLineOf() {
        return contract.entries().stream().map(entry -> DynamicTest.dynamicTest(entry.id(), () -> run(entry)));
    }

    private static void run(Contract.Entry entry) throws Exception {
        // Who only looks leaves it as it was.
        World world = entry.method() == HttpMethod.GET ? shared : new World(api);
        FakeBunker.put("/tmp/hello");
        String line = CurlLines.of(entry);
        boolean endless = entry.isStream() || entry.route().endsWith("/shell");
        String timed = line.replaceFirst("curl ", "curl --max-time " + (endless ? 1 : 20) + " -w '" + ANSWERED + "' ");

        ProcessBuilder shell = new ProcessBuilder("bash", "-c", timed).redirectErrorStream(true);
        shell.environment().putAll(variables(entry, world));
        Process process = shell.start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();

        assertThat(process.exitValue())
                .as("%s\n%s", line, said)
                .isIn(endless ? new Object[] {TIMED_OUT, 0} : new Object[] {0});
        assertThat(said).as(line).containsPattern("answered (2\\d\\d|101)$");
    }

    private static Map<String, String> variables(Contract.Entry entry, World world) {
        Map<String, String> variables = new TreeMap<>(Map.of(
                "server",
                "http://127.0.0.1:" + api.verticle.port(),
                "auth",
                "Authorization: Bearer " + api.superKey,
                "image",
                world.image,
                "worker",
                world.worker.toString(),
                "group",
                world.group,
                "bunker",
                world.bunker));
        Map<String, String> path =
                PermissionWalkTest.steps(world).get(entry.id()).path();
        CurlLines.variables(entry).forEach((variable, parameter) -> {
            if (path.containsKey(parameter)) {
                variables.put(variable, path.get(parameter));
            }
        });
        return variables;
    }

    @Test
    void theContractAsJsonHasThemAllAndNothingOfItsReader() {
        JsonObject served = CurlLines.in(contract);
        assertThat(served.encode()).doesNotContain("__");
        assertThat(served.getJsonObject("paths").stream()
                        .flatMap(path -> ((JsonObject) path.getValue()).stream())
                        .filter(item -> item.getValue() instanceof JsonObject)
                        .map(item -> ((JsonObject) item.getValue()).getString(CurlLines.FIELD)))
                .hasSameSizeAs(contract.entries())
                .allSatisfy(line -> assertThat(line).contains("curl -s", "$server"));
    }
}
