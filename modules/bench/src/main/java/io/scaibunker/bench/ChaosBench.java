package io.scaibunker.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.scaibunker.testkit.Chaos;
import io.scaibunker.testkit.ChaosPlan;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code bench chaos}: everything that can go wrong with a fleet, for a while; then whether all is true. */
@Command(name = "chaos")
final class ChaosBench implements Callable<Integer> {
    private static final int CONTROLS = 2;
    private static final int CONTENTS = 6;

    private final ObjectMapper mapper = new ObjectMapper();

    @Option(names = "--seconds", required = true)
    private int seconds;

    @Option(names = "--seed", required = true)
    private long seed;

    @Option(names = "--workers", required = true)
    private int workers;

    @Option(names = "--bunkers", required = true)
    private int bunkers;

    @Option(names = "--settle-seconds", required = true)
    private int settle;

    @Option(names = "--work", required = true)
    private Path work = Path.of("");

    @Override
    public Integer call() throws Exception {
        Files.createDirectories(work);
        Chaos.Outcome outcome = Chaos.run(
                work,
                seed,
                Duration.ofSeconds(seconds),
                new ChaosPlan.Size(CONTROLS, workers, CONTENTS, bunkers),
                Duration.ofSeconds(settle),
                System.out::println);
        ObjectNode json = mapper.createObjectNode()
                .put("bench", "chaos")
                .put("seed", seed)
                .put("seconds", seconds)
                .put("controls", CONTROLS)
                .put("workers", workers);
        outcome.counts().forEach(json.putObject("counts")::put);
        outcome.done().forEach(json.putObject("done")::put);
        json.put("not_done", outcome.refused())
                .put("settle_s", outcome.settled().toMillis() / 1e3)
                .put("violations", outcome.violations().size());
        json.set("machine", Machine.describe(mapper));
        System.out.println(mapper.writeValueAsString(json));
        return outcome.violations().isEmpty() ? 0 : 1;
    }
}
