package io.scaibunker.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.scaibunker.testkit.NodeProcess;
import io.scaibunker.testkit.Ports;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code bench cli}: how long the command line takes to start, from outside; all contenders take turns. */
@Command(name = "cli")
final class CliBench implements Callable<Integer> {
    private static final Duration START = Duration.ofMinutes(2);
    /** Each makes what later starts live from, which takes seconds. */
    private static final int FIRST_RUNS = 3;

    private static final int VERSION_AIM_MS = 400;
    private static final int CALL_AIM_MS = 700;

    private record Started(String name, List<String> command, Latencies taken) {}

    private final ObjectMapper mapper = new ObjectMapper();

    @Option(names = "--runs", required = true)
    private int runs;

    /** Of the checkout; what a first start keeps for later ones lies in {@code modules/cli/target}. */
    @Option(names = "--root", required = true)
    private Path root = Path.of("");

    @Option(names = "--work", required = true)
    private Path work = Path.of("");

    @Override
    public Integer call() throws Exception {
        int port = Ports.free();
        Map<String, String> settings = Map.of(
                "node.rooms",
                "fanout,scheduler,scanner,api",
                "cluster.port",
                "" + Ports.free(),
                "cluster.bus-port",
                "0",
                "cluster.join-token",
                "bench",
                "api.port",
                "" + port);
        Path home = work.resolve("control");
        try (NodeProcess node = NodeProcess.start(home, settings).awaitReady(START)) {
            Map<String, String> signedIn = Map.of(
                    "SCAIBUNKER_URL",
                    "http://127.0.0.1:" + port,
                    "SCAIBUNKER_KEY",
                    Files.readString(home.resolve("var/super-admin.key")).strip());
            ObjectNode outcome = mapper.createObjectNode();
            outcome.put("runs", runs);
            measure(signedIn, outcome);
            outcome.set("machine", Machine.describe(mapper));
            System.out.println(mapper.writeValueAsString(outcome));
            return node.isAlive() ? 0 : 1;
        }
    }

    private void measure(Map<String, String> signedIn, ObjectNode outcome) throws IOException, InterruptedException {
        String cli = root.resolve("scripts/cli").toString();
        String scaibunker = root.resolve("scripts/scaibunker").toString();
        Started first = new Started("first", List.of(cli, "--version"), new Latencies());
        Started version = new Started("version", List.of(cli, "--version"), new Latencies());
        Started checkout = new Started("checkout_version", List.of(scaibunker, "--version"), new Latencies());
        Started call = new Started("call", List.of(cli, "image", "ls", "-o", "name"), new Latencies());
        for (int run = 0; run < FIRST_RUNS; run++) {
            forget();
            run(first, signedIn);
        }
        for (int run = 0; run < runs; run++) {
            run(version, signedIn);
            run(checkout, signedIn);
            run(call, signedIn);
        }
        System.out.printf("%-18s %10s %10s%n", "", "p50 ms", "p99 ms");
        for (Started one : List.of(first, version, checkout, call)) {
            double middle = one.taken().quantile(0.5);
            double late = one.taken().quantile(0.99);
            System.out.printf("%-18s %10.0f %10.0f%n", one.name(), middle, late);
            outcome.put(one.name() + "_p50_ms", Math.round(middle)).put(one.name() + "_p99_ms", Math.round(late));
        }
        outcome.put("version_met", version.taken().quantile(0.5) < VERSION_AIM_MS);
        outcome.put("call_met", call.taken().quantile(0.5) < CALL_AIM_MS);
    }

    /** As after a build: the next start makes anew what it lives from. */
    private void forget() throws IOException {
        try (var kept = Files.newDirectoryStream(root.resolve("modules/cli/target"), "start-*")) {
            for (Path one : kept) {
                Files.delete(one);
            }
        }
    }

    private void run(Started what, Map<String, String> signedIn) throws IOException, InterruptedException {
        Path said = work.resolve("said");
        ProcessBuilder builder =
                new ProcessBuilder(what.command()).redirectErrorStream(true).redirectOutput(said.toFile());
        builder.environment().putAll(signedIn);
        what.taken().said("run");
        Process process = builder.start();
        int code = process.waitFor();
        what.taken().heard("run");
        if (code != 0) {
            throw new IllegalStateException(what.command() + " ended with " + code + ": " + Files.readString(said));
        }
    }
}
