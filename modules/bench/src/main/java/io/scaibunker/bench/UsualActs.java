package io.scaibunker.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Booting, files, commands and terminals, and a worker that goes away under its bunkers. */
final class UsualActs {
    private static final List<String> PHASES =
            List.of("decide_ms", "queued_ms", "scratch_ms", "spawn_ms", "kernel_ms", "agent_ms");

    /** What a heap may grow by that had not much to do before. */
    private static final int LARGE_FILE_MEMORY_MB = 256;

    private final BunkerFleet fleet;
    private final Path work;
    private final ObjectNode outcome;
    private final List<String> wrong;

    UsualActs(BunkerFleet fleet, Path work, ObjectNode outcome, List<String> wrong) {
        this.fleet = fleet;
        this.work = work;
        this.outcome = outcome;
        this.wrong = wrong;
    }

    /** One after the other: asked for, running, first command ended. */
    void boots(int count) throws IOException, InterruptedException {
        Map<String, List<Double>> times = new TreeMap<>();
        for (int boot = 0; boot < count; boot++) {
            long begun = System.nanoTime();
            JsonNode bunker = fleet.bunker(64);
            String id = bunker.path("id").asText();
            add(times, "running_ms", (System.nanoTime() - begun) / 1e6);
            fleet.exec(id, 60, "true");
            add(times, "first_exec_ms", (System.nanoTime() - begun) / 1e6);
            for (String phase : PHASES) {
                add(times, phase, bunker.path("boot").path(phase).asDouble());
            }
            fleet.end(id);
        }
        ObjectNode figures = outcome.putObject("boot").put("count", count);
        times.forEach((name, values) -> {
            Collections.sort(values);
            figures.putObject(name)
                    .put("p50", Math.round(values.get(values.size() / 2)))
                    .put("p99", Math.round(values.get((int) Math.min(values.size() - 1L, values.size() * 99L / 100))));
        });
        System.err.println("boot: " + figures);
    }

    private static void add(Map<String, List<Double>> times, String name, double value) {
        times.computeIfAbsent(name, first -> new ArrayList<>()).add(value);
    }

    /** Many at once, each with a file of its own: in, its hash inside, out again. */
    void files(int count, int megabytes) throws IOException, InterruptedException {
        long begun = System.nanoTime();
        List<Callable<Boolean>> all = new ArrayList<>();
        for (int number = 0; number < count; number++) {
            int seed = number;
            all.add(() -> wayOfAFile(seed, megabytes));
        }
        long right = together(all).stream().filter(Boolean::booleanValue).count();
        outcome.putObject("files")
                .put("bunkers", count)
                .put("megabytes", megabytes)
                .put("equal", right)
                .put("seconds", seconds(begun));
        if (right < count) {
            wrong.add("of " + count + " files " + right + " came back as they went");
        }
        System.err.println("files: " + outcome.path("files"));
    }

    /** One file, larger than anybody's buffers, in and out again: no node has it in memory. */
    void largeFile(int megabytes) throws IOException, InterruptedException {
        long begun = System.nanoTime();
        try (Resident worker = new Resident(fleet.worker());
                Resident api = new Resident(fleet.control())) {
            boolean equal = wayOfAFile(-1, megabytes);
            long bound = Math.max(LARGE_FILE_MEMORY_MB, megabytes / 2);
            ObjectNode figures = outcome.putObject("large_file")
                    .put("megabytes", megabytes)
                    .put("equal", equal)
                    .put("worker_mb_before", worker.before())
                    .put("worker_mb_most", worker.most())
                    .put("api_mb_before", api.before())
                    .put("api_mb_most", api.most())
                    .put("growth_bound_mb", bound)
                    .put("seconds", seconds(begun));
            if (!equal || worker.most() - worker.before() > bound || api.most() - api.before() > bound) {
                wrong.add("large file: " + figures);
            }
        }
        System.err.println("large file: " + outcome.path("large_file"));
    }

    private boolean wayOfAFile(int seed, int megabytes) throws IOException, InterruptedException {
        Path file = work.resolve("file-" + seed);
        String hash = write(file, seed, megabytes);
        String id = fleet.bunker(megabytes + 64).path("id").asText();
        int put = fleet.put(id, "/srv/file", file);
        String inside =
                fleet.exec(id, 600, "sha256sum /srv/file").path("stdout").asText();
        Path back = work.resolve("back-" + seed);
        fleet.download(id, "/srv/file", back);
        boolean equal = put == 200 && inside.startsWith(hash) && Files.mismatch(file, back) < 0;
        fleet.end(id);
        Files.delete(file);
        Files.delete(back);
        return equal;
    }

    private static String write(Path file, int seed, int megabytes) throws IOException {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            Random random = new Random(seed);
            byte[] block = new byte[1 << 20];
            try (OutputStream out = new DigestOutputStream(Files.newOutputStream(file), digest)) {
                for (int written = 0; written < megabytes; written++) {
                    random.nextBytes(block);
                    out.write(block);
                }
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** At once in one bunker; and a terminal that changes its size. */
    void commands(int count) throws IOException, InterruptedException {
        String id = fleet.bunker(64).path("id").asText();
        long begun = System.nanoTime();
        List<Callable<Boolean>> all = new ArrayList<>();
        for (int number = 0; number < count; number++) {
            String word = "word-" + number;
            all.add(() -> fleet.exec(id, 60, "sleep 2; echo " + word)
                    .path("stdout")
                    .asText()
                    .equals(word + "\n"));
        }
        long right = together(all).stream().filter(Boolean::booleanValue).count();
        String size = fleet.resized(id, 132, 50);
        outcome.putObject("commands")
                .put("at_once", count)
                .put("right", right)
                .put("seconds_of_sleep_2", seconds(begun))
                .put("resized_to", size);
        if (right < count || !size.equals("50 132")) {
            wrong.add("commands at once: " + outcome.path("commands"));
        }
        fleet.end(id);
        System.err.println("commands: " + outcome.path("commands"));
    }

    /** The worker's process is stopped, then killed, under its bunkers. */
    void restarts(int count) throws IOException, InterruptedException {
        List<String> bunkers = new ArrayList<>();
        for (int number = 0; number < count; number++) {
            bunkers.add(fleet.bunker(64).path("id").asText());
        }
        for (String id : bunkers) {
            fleet.exec(id, 60, "echo mine > /mark");
        }
        ObjectNode figures = outcome.putObject("restarts").put("bunkers", count);
        for (boolean kill : new boolean[] {false, true}) {
            figures.put(kill ? "kill_9_s" : "stop_s", Math.round(fleet.restartWorker(kill) * 10) / 10.0);
            long ready = System.nanoTime();
            long answer = 0;
            for (String id : bunkers) {
                answer +=
                        fleet.execSoon(id, "cat /mark").path("stdout").asText().equals("mine\n") ? 1 : 0;
            }
            figures.put(kill ? "answer_after_kill_9" : "answer_after_stop", answer);
            figures.put(kill ? "all_answer_after_kill_9_s" : "all_answer_after_stop_s", seconds(ready));
            if (answer < count) {
                wrong.add("after the worker's end " + answer + " of " + count + " bunkers answer");
            }
        }
        for (String id : bunkers) {
            fleet.end(id);
        }
        System.err.println("restarts: " + figures);
    }

    private static <T> List<T> together(List<Callable<T>> work) throws IOException, InterruptedException {
        List<T> results = new ArrayList<>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Future<T> done : threads.invokeAll(work)) {
                results.add(done.get());
            }
        } catch (ExecutionException failed) {
            throw new IOException(failed.getCause());
        }
        return results;
    }

    private static double seconds(long begun) {
        return Math.round((System.nanoTime() - begun) / 1e8) / 10.0;
    }
}
