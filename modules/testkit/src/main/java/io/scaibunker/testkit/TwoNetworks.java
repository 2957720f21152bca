package io.scaibunker.testkit;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Two networks with one link between them, which can be cut without anybody being told; this host reaches both. Made of network
 * namespaces, so for root alone.
 *
 * <pre>
 *   side 0: 10.x.0.2 ──┐ 10.x.2.1 ═══ the link ═══ 10.x.2.2 ┌── side 1: 10.x.1.2
 *                      │                                    │
 *        this host: 10.x.0.1                          10.x.1.1
 * </pre>
 */
public final class TwoNetworks implements AutoCloseable {
    /** Another one for each process, as far as there are. */
    private static final String NET = "10." + (130 + ProcessHandle.current().pid() % 100) + ".";

    private final String name = "sb" + ProcessHandle.current().pid() % 100_000;

    /** Why there can be none here; empty if there can. */
    public static Optional<String> whyNot() {
        if (!"root".equals(System.getProperty("user.name"))) {
            return Optional.of("only root makes network namespaces");
        }
        for (var program : List.of("ip", "nft")) {
            if (!SampleImages.hasProgram(program)) {
                return Optional.of(program + " is not installed");
            }
        }
        var probe = "sbprobe" + ProcessHandle.current().pid();
        if (!did("ip", "netns", "add", probe)) {
            return Optional.of("network namespaces cannot be made here");
        }
        did("ip", "netns", "delete", probe);
        return Optional.empty();
    }

    public TwoNetworks() {
        for (var side = 0; side < 2; side++) {
            SampleImages.run("ip", "netns", "add", netns(side));
            SampleImages.run("ip", "-n", netns(side), "link", "set", "lo", "up");
            var here = name + "h" + side;
            SampleImages.run("ip", "link", "add", here, "type", "veth", "peer", "name", "up0", "netns", netns(side));
            SampleImages.run("ip", "address", "add", host(side) + "/24", "dev", here);
            SampleImages.run("ip", "link", "set", here, "up");
            address(side, "up0", api(side));
        }
        SampleImages.run(
                "ip", "-n", netns(0), "link", "add", "between", "type", "veth", "peer", "name", "between", "netns",
                netns(1));
        address(0, "between", node(0));
        address(1, "between", node(1));
        SampleImages.run("ip", "netns", "exec", netns(0), "nft", "add", "table", "inet", "cut");
    }

    private void address(int side, String device, String address) {
        SampleImages.run("ip", "-n", netns(side), "address", "add", address + "/24", "dev", device);
        SampleImages.run("ip", "-n", netns(side), "link", "set", device, "up");
    }

    private String netns(int side) {
        return name + "n" + side;
    }

    /** The words that make a program run there. */
    public List<String> in(int side) {
        return List.of("ip", "netns", "exec", netns(side));
    }

    /** This host, as a side sees it. */
    public String host(int side) {
        return NET + side + ".1";
    }

    /** A side, as this host sees it. */
    public String api(int side) {
        return NET + side + ".2";
    }

    /** A side, as the other one sees it. */
    public String node(int side) {
        return NET + "2." + (side + 1);
    }

    /** From now on nothing gets from one side to the other. */
    public void cut() {
        SampleImages.run(
                "ip",
                "netns",
                "exec",
                netns(0),
                "nft",
                "add chain inet cut in { type filter hook input priority 0; }; add rule inet cut in iifname between drop;"
                        + " add chain inet cut out { type filter hook output priority 0; };"
                        + " add rule inet cut out oifname between drop");
    }

    public void heal() {
        SampleImages.run("ip", "netns", "exec", netns(0), "nft", "flush table inet cut");
    }

    @Override
    public void close() {
        for (var side = 0; side < 2; side++) {
            did("ip", "link", "delete", name + "h" + side);
            did("ip", "netns", "delete", netns(side));
        }
    }

    private static boolean did(String... command) {
        try {
            var process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return process.waitFor(10, TimeUnit.SECONDS) && process.exitValue() == 0;
        } catch (IOException missing) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
