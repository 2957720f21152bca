package io.scaibunker.bench;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** Started by {@code scripts/bench}, which has the help for people. */
@Command(name = "bench")
public final class Main {
    private Main() {}

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new Main())
                .addSubcommand(new BakeBench())
                .addSubcommand(new BunkersBench())
                .addSubcommand(new ChaosBench())
                .addSubcommand(new CliBench())
                .addSubcommand(new ConvergeBench())
                .addSubcommand(new FanoutBench())
                .addSubcommand(new PlacementBench())
                .execute(arguments));
    }
}
