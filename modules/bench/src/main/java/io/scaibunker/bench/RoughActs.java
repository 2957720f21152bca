package io.scaibunker.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/** What a bunker may do to itself. A neighbour on the same worker is asked all the while, and the worker's memory is looked at. */
final class RoughActs {
    private final BunkerFleet fleet;
    private final Path work;
    private final ObjectNode outcome;
    private final List<String> wrong;
    private String neighbour = "";

    RoughActs(BunkerFleet fleet, Path work, ObjectNode outcome, List<String> wrong) {
        this.fleet = fleet;
        this.work = work;
        this.outcome = outcome.putObject("rough");
        this.wrong = wrong;
    }

    /** Something that a bunker does, and what is looked at afterwards. */
    @FunctionalInterface
    private interface Act {
        void perform(String bunker, ObjectNode figures) throws IOException, InterruptedException;
    }

    void all(int floodGb) throws IOException, InterruptedException {
        neighbour = fleet.bunker(64).path("id").asText();
        act("nothing", (bunker, figures) -> fleet.exec(bunker, 60, "sleep 5"));
        act("fork_bomb", this::forkBomb);
        act("flood", (bunker, figures) -> flood(bunker, floodGb, figures));
        act("full_disk", this::fullDisk);
        act("killed_agent", this::killedAgent);
        act("dead_kernel", this::deadKernel);
        fleet.end(neighbour);
    }

    /** An act that goes wrong is told, and the next one follows. */
    private void act(String name, Act act) throws InterruptedException {
        ObjectNode figures = outcome.putObject(name);
        try {
            String bunker = fleet.bunker(64).path("id").asText();
            try {
                perform(name, act, bunker, figures);
            } finally {
                fleet.end(bunker);
            }
        } catch (IOException | RuntimeException e) {
            figures.put("broken_off", String.valueOf(e));
            wrong.add(name + ": " + e);
        }
        System.err.println(name + ": " + figures);
    }

    private void perform(String name, Act act, String bunker, ObjectNode figures)
            throws IOException, InterruptedException {
        List<Double> asked = Collections.synchronizedList(new ArrayList<>());
        AtomicBoolean over = new AtomicBoolean();
        Thread asking = Thread.startVirtualThread(() -> ask(asked, over));
        long begun = System.nanoTime();
        try {
            act.perform(bunker, figures);
        } finally {
            figures.put("seconds", Math.round((System.nanoTime() - begun) / 1e8) / 10.0);
            over.set(true);
            asking.join();
        }
        boolean silent = asked.contains(-1.0);
        Collections.sort(asked);
        figures.put("neighbour_asked", asked.size())
                .put("neighbour_p50_ms", Math.round(asked.get(asked.size() / 2)))
                .put("neighbour_max_ms", Math.round(asked.getLast()))
                .put("worker_mb", Resident.mb(fleet.worker()));
        if (silent) {
            wrong.add(name + ": the neighbour did not answer");
        }
    }

    private void ask(List<Double> asked, AtomicBoolean over) {
        do {
            long begun = System.nanoTime();
            try {
                boolean right = fleet.exec(neighbour, 60, "echo here")
                        .path("stdout")
                        .asText()
                        .equals("here\n");
                asked.add(right ? (System.nanoTime() - begun) / 1e6 : -1);
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
            } catch (IOException | InterruptedException e) {
                wrong.add("the neighbour was not reached: " + e.getMessage());
                asked.add(-1.0);
            }
        } while (!over.get());
    }

    private void forkBomb(String bunker, ObjectNode figures) throws IOException, InterruptedException {
        try {
            JsonNode bomb = fleet.exec(bunker, 10, "bomb() { bomb | bomb & }; bomb; sleep 60");
            figures.put("timed_out", bomb.path("timed_out").asBoolean());
        } catch (IOException told) {
            figures.put("caller_was_told", String.valueOf(told.getMessage()));
        }
        long begun = System.nanoTime();
        try {
            figures.put(
                    "answers_after",
                    fleet.execSoon(bunker, "echo here").path("stdout").asText().equals("here\n"));
        } catch (IOException dead) {
            figures.put("answers_after", false);
        }
        figures.put("looked_for_s", Math.round((System.nanoTime() - begun) / 1e8) / 10.0);
    }

    private void flood(String bunker, int gigabytes, ObjectNode figures) throws IOException, InterruptedException {
        JsonNode flood = fleet.exec(bunker, 3600, "dd if=/dev/zero bs=1M count=" + gigabytes * 1000L + " 2>/dev/null");
        figures.put("gigabytes", gigabytes)
                .put("exit_code", flood.path("exit_code").asInt(-1))
                .put("kept_bytes", flood.path("stdout").asText().length())
                .put("truncated", flood.path("stdout_truncated").asBoolean());
        if (flood.path("exit_code").asInt(-1) != 0
                || !flood.path("stdout_truncated").asBoolean()) {
            wrong.add("flood: " + figures);
        }
    }

    private void fullDisk(String bunker, ObjectNode figures) throws IOException, InterruptedException {
        figures.put(
                "fill_exit_code",
                fleet.exec(bunker, 120, "dd if=/dev/zero of=/fill bs=1M")
                        .path("exit_code")
                        .asInt());
        Path file = Files.write(work.resolve("more"), new byte[1 << 20]);
        int refused = fleet.put(bunker, "/more", file);
        int taken = fleet.exec(bunker, 60, "rm /fill").path("exit_code").asInt() == 0
                ? fleet.put(bunker, "/more", file)
                : -1;
        figures.put("upload_while_full", refused).put("upload_after", taken);
        if (refused != 409 || taken != 200) {
            wrong.add("full disk: " + figures);
        }
    }

    /** The first process hears no signal that it does not want, but root may write over what it executes. */
    private void killedAgent(String bunker, ObjectNode figures) throws IOException, InterruptedException {
        lastAct(
                bunker,
                "kill -9 1; sleep 1; "
                        + "code=$(grep r-xp /proc/1/maps | head -n 1 | cut -d- -f1); "
                        + "dd if=/dev/urandom of=/proc/1/mem bs=4096 seek=$((0x$code / 4096)) count=4 conv=notrunc; sleep 60",
                figures);
    }

    private void deadKernel(String bunker, ObjectNode figures) throws IOException, InterruptedException {
        lastAct(bunker, "echo c > /proc/sysrq-trigger; sleep 60", figures);
    }

    private void lastAct(String bunker, String command, ObjectNode figures) throws IOException, InterruptedException {
        try {
            JsonNode survived = fleet.exec(bunker, 120, command);
            figures.put("survived", survived.toString());
            wrong.add("a command survived its machine: " + survived);
            return;
        } catch (IOException told) {
            figures.put("caller_was_told", String.valueOf(told.getMessage()));
        }
        JsonNode row = fleet.await(
                "/bunkers/" + bunker, seen -> seen.path("status").asText().equals("failed"));
        figures.put("failure", row.path("failure").path("message").asText());
        figures.put("console_kept", fleet.console(bunker).contains("Kernel panic"));
    }
}
