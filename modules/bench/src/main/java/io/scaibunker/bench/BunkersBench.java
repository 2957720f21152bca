package io.scaibunker.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code bench bunkers}: what people do in bunkers, and what bunkers do to their worker. */
@Command(name = "bunkers")
final class BunkersBench implements Callable<Integer> {
    private final ObjectMapper mapper = new ObjectMapper();

    @Option(names = "--boots", required = true)
    private int boots;

    @Option(names = "--bunkers", required = true)
    private int bunkers;

    @Option(names = "--megabytes", required = true)
    private int megabytes;

    @Option(names = "--large-mb", required = true)
    private int largeMb;

    @Option(names = "--flood-gb", required = true)
    private int floodGb;

    @Option(names = "--image", required = true)
    private Path image = Path.of("");

    @Option(names = "--work", required = true)
    private Path work = Path.of("");

    @Override
    public Integer call() throws Exception {
        ObjectNode outcome = mapper.createObjectNode().put("bench", "bunkers");
        List<String> wrong = new ArrayList<>();
        try (BunkerFleet fleet = new BunkerFleet(work, image)) {
            outcome.put("acceleration", fleet.acceleration());
            UsualActs usual = new UsualActs(fleet, work, outcome, wrong);
            usual.boots(boots);
            usual.files(bunkers, megabytes);
            usual.largeFile(largeMb);
            usual.commands(20);
            usual.restarts(4);
            new RoughActs(fleet, work, outcome, wrong).all(floodGb);
        }
        outcome.set("machine", Machine.describe(mapper));
        wrong.forEach(outcome.putArray("wrong")::add);
        System.out.println(mapper.writeValueAsString(outcome));
        return wrong.isEmpty() ? 0 : 1;
    }
}
