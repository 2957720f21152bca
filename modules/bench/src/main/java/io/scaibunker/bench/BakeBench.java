package io.scaibunker.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code bench bake}: an image into an ext4 file, beside the usual way, mere decompression, and a copy. */
@Command(name = "bake")
final class BakeBench implements Callable<Integer> {
    private static final String OURS = "scaibunker";
    private static final String AGAIN = "rebake";
    private static final String AGAIN_SHARING = "rebake-reflink";
    private static final String USUAL = "umoci+mke2fs";
    private static final String COPY = "cp";

    private final ObjectMapper mapper = new ObjectMapper();
    private final Map<String, List<Sample>> samples = new LinkedHashMap<>();
    private final List<JsonNode> results = new ArrayList<>();

    @Option(names = "--input", required = true)
    private Path input = Path.of("");

    @Option(names = "--form", required = true)
    private String form = "";

    @Option(names = "--rounds", required = true)
    private int rounds;

    @Option(names = "--size-mib", required = true)
    private long sizeMib;

    @Option(names = "--scaibunker", required = true)
    private Path scaibunker = Path.of("");

    @Option(names = "--work", required = true)
    private Path work = Path.of("");

    @Option(names = "--reflink", description = "A place on a file system that shares blocks between files.")
    private @Nullable Path reflink;

    @Override
    public Integer call() throws IOException, InterruptedException {
        var image = BakeInput.read(input, form);
        remove(work);
        Files.createDirectories(work);
        try {
            var contenders = contenders(image);
            image.warm();
            BakeInput.read(input, form + "-changed").warm();
            for (var place : placesOfAgain()) {
                prepareAgain(image, place);
            }
            for (var round = 1; round <= rounds; round++) {
                turn(contenders, new Meter(work), round);
            }
            table();
            System.out.println(mapper.writeValueAsString(outcome(image)));
        } finally {
            remove(work);
        }
        return 0;
    }

    private List<Contender> contenders(BakeInput image) {
        var none = work.resolve("none");
        var out = work.resolve("ours.ext4");
        var all = new ArrayList<Contender>();
        all.add(new Contender(OURS, List.of(ours(image.layout(), out)), out));
        all.add(again(AGAIN, work));
        if (reflink != null) {
            all.add(again(AGAIN_SHARING, reflink));
        }
        for (var program : form.equals("zstd") ? List.of("zstd") : List.of("gzip", "pigz", "igzip")) {
            var commands = image.layers().stream()
                    .map(layer -> List.of(program, "-dc", layer.toString()))
                    .toList();
            all.add(new Contender(program, commands, none));
        }
        var copy = work.resolve("copy.ext4");
        all.add(new Contender(COPY, List.of(List.of("cp", out.toString(), copy.toString())), copy));
        if (form.equals("gzip")) {
            // umoci takes no zstd layers
            all.add(usual(image));
        }
        return all;
    }

    private List<String> ours(Path layout, Path out, String... more) {
        var command = new ArrayList<>(List.of(
                scaibunker.toString(),
                "bake",
                "--source=oci-layout:" + layout,
                "--size-mib=" + sizeMib,
                "--out=" + out,
                "--json"));
        command.addAll(List.of(more));
        return command;
    }

    private List<Path> placesOfAgain() {
        return reflink == null ? List.of(work) : List.of(work, reflink);
    }

    /** The image with another uppermost layer, where the one before it was baked here. */
    private Contender again(String name, Path place) {
        var out = place.resolve("again.ext4");
        var layout = input.resolve(form + "-changed");
        return new Contender(name, List.of(ours(layout, out, "--segments=" + place.resolve("segments"))), out);
    }

    private void prepareAgain(BakeInput image, Path place) throws IOException, InterruptedException {
        var kept = "--segments=" + place.resolve("segments.kept");
        var first = ours(image.layout(), place.resolve("base.ext4"), kept);
        if (new ProcessBuilder(first)
                        .redirectOutput(Redirect.DISCARD)
                        .redirectError(Redirect.INHERIT)
                        .start()
                        .waitFor()
                != 0) {
            throw new IOException("failed: " + String.join(" ", first));
        }
    }

    /** What a bake adds to what is remembered would be gone with its file. */
    private void forgetAgain() throws IOException, InterruptedException {
        for (var place : placesOfAgain()) {
            var segments = place.resolve("segments");
            remove(segments);
            new ProcessBuilder("cp", "-a", place.resolve("segments.kept").toString(), segments.toString())
                    .inheritIO()
                    .start()
                    .waitFor();
        }
    }

    private Contender usual(BakeInput image) {
        var bundle = work.resolve("bundle");
        var out = work.resolve("usual.ext4");
        var unpack = new ArrayList<>(List.of("umoci", "unpack", "--image", image.layout() + ":latest"));
        if (!System.getProperty("user.name", "").equals("root")) {
            unpack.add("--rootless");
        }
        unpack.add(bundle.toString());
        var make = List.of("mke2fs", "-q", "-t", "ext4", "-d", bundle + "/rootfs", out.toString(), sizeMib + "m");
        return new Contender(USUAL, List.of(unpack, make), out);
    }

    private void turn(List<Contender> contenders, Meter meter, int round) throws IOException, InterruptedException {
        var made = new ArrayList<Path>();
        for (var contender : contenders) {
            forgetAgain();
            if (contender.name().equals(COPY)) {
                // Ours is written past the page cache: others' input lies in it, and so shall this.
                Files.copy(work.resolve("ours.ext4"), OutputStream.nullOutputStream());
            }
            Meter.sync();
            var sample = meter.run(contender, contender.name().equals(OURS));
            samples.computeIfAbsent(contender.name(), _ -> new ArrayList<>()).add(sample);
            if (contender.name().equals(OURS)) {
                results.add(mapper.readTree(meter.said().toFile()));
            }
            System.out.printf(
                    Locale.ROOT,
                    "round %d  %-14s %7.2f s%s%n",
                    round,
                    contender.name(),
                    sample.wall(),
                    sample.isQuiet()
                            ? ""
                            : String.format(Locale.ROOT, "  (others used %.2f processors)", sample.foreign()));
            made.add(contender.result());
            if (contender.name().equals(USUAL)) {
                remove(contender.result().resolveSibling("bundle"));
            }
        }
        for (var file : made) {
            Files.deleteIfExists(file);
        }
    }

    /** By rm: a tree with directories that only their owner may enter. */
    private static void remove(Path path) throws IOException, InterruptedException {
        new ProcessBuilder("rm", "-rf", "--", path.toString())
                .inheritIO()
                .start()
                .waitFor();
    }

    private void table() {
        System.out.printf(
                Locale.ROOT,
                "%n%-14s %6s %8s %8s %8s %8s %10s %10s%n",
                "medians",
                "quiet",
                "wall s",
                "+sync s",
                "cpu s",
                "peak MB",
                "written MB",
                "on disk MB");
        samples.forEach((name, all) -> {
            var counting = counting(all);
            System.out.printf(
                    Locale.ROOT,
                    "%-14s %6s %8.2f %8.2f %8.2f %8.0f %10.0f %10.0f%n",
                    name,
                    quiet(all),
                    Sample.median(counting, Sample::wall),
                    Sample.median(counting, sample -> sample.wall() + sample.sync()),
                    Sample.median(counting, Sample::cpu),
                    Sample.median(counting, Sample::peakMb),
                    Sample.median(counting, Sample::written) / 1e6,
                    Sample.median(counting, Sample::allocated) / 1e6);
        });
        System.out.println();
    }

    /** The quiet runs if they do for every contender, else all: nobody is measured in more quiet than the others. */
    private List<Sample> counting(List<Sample> all) {
        return samples.values().stream().allMatch(Sample::isMostlyQuiet) ? Sample.quiet(all) : all;
    }

    private static String quiet(List<Sample> all) {
        return all.stream().filter(Sample::isQuiet).count() + "/" + all.size();
    }

    private ObjectNode outcome(BakeInput image) throws IOException {
        var outcome = mapper.createObjectNode().put("bench", "bake").put("rounds", rounds);
        outcome.set("machine", Machine.describe(mapper));
        outcome.putObject("input")
                .put("form", form)
                .put("layers", image.layers().size())
                .put("stored_bytes", image.storedBytes())
                .put("tar_bytes", image.tarBytes())
                .put("members", image.members())
                .put("entries", results.getLast().path("entries").asLong())
                .put("size_mib", sizeMib);
        var medians = outcome.putObject("medians");
        samples.forEach((name, all) -> medians.set(name, medians(all)));
        outcome.set("phases", phases());
        outcome.put("ratio_to_igzip", ratio("igzip", Sample::wall));
        outcome.put("ratio_to_zstd", ratio("zstd", Sample::wall));
        outcome.put("ratio_to_usual", inverse(ratio(USUAL, Sample::wall)));
        outcome.put("ratio_to_usual_synced", inverse(ratio(USUAL, sample -> sample.wall() + sample.sync())));
        outcome.put("ratio_to_cp_synced", ratio(COPY, sample -> sample.wall() + sample.sync()));
        var ours = counting(samples.getOrDefault(OURS, List.of()));
        outcome.put("cpu_ratio_to_igzip", ratio("igzip", Sample::cpu));
        outcome.put("cpu_ratio_to_zstd", ratio("zstd", Sample::cpu));
        outcome.put("cpu_ratio_to_usual", inverse(ratio(USUAL, Sample::cpu)));
        outcome.put("rebake_ratio", inverse(ratio(AGAIN, Sample::wall)));
        outcome.put("rebake_ratio_reflink", inverse(ratio(AGAIN_SHARING, Sample::wall)));
        outcome.put("peak_rss_mb", rounded(Sample.median(ours, Sample::peakMb)));
        outcome.put(
                "bytes_written_ratio",
                rounded(Sample.median(ours, sample -> (double) sample.written() / sample.allocated())));
        return outcome;
    }

    private ObjectNode medians(List<Sample> all) {
        var counting = counting(all);
        return mapper.createObjectNode()
                .put("wall_s", rounded(Sample.median(counting, Sample::wall)))
                .put("cpu_s", rounded(Sample.median(counting, Sample::cpu)))
                .put("sync_s", rounded(Sample.median(counting, Sample::sync)))
                .put("peak_rss_mb", rounded(Sample.median(counting, Sample::peakMb)))
                .put("bytes_written", (long) Sample.median(counting, Sample::written))
                .put("bytes_allocated", (long) Sample.median(counting, Sample::allocated))
                .put("quiet", quiet(all));
    }

    /** Of our runs: medians of each phase. */
    private ObjectNode phases() {
        var phases = mapper.createObjectNode();
        for (var phase : results.getLast().path("phases")) {
            var name = phase.path("name").asText();
            var sorted = results.stream()
                    .mapToDouble(result -> seconds(result, name))
                    .sorted()
                    .toArray();
            phases.put(name, sorted[sorted.length / 2]);
        }
        return phases;
    }

    private static double seconds(JsonNode result, String phase) {
        for (var one : result.path("phases")) {
            if (one.path("name").asText().equals(phase)) {
                return one.path("seconds").asDouble();
            }
        }
        return 0;
    }

    /** Ours to another's; null where that one did not run. */
    private @Nullable Double ratio(String other, ToDoubleFunction<Sample> what) {
        var theirs = samples.get(other);
        var ours = samples.get(OURS);
        return theirs == null || ours == null
                ? null
                : rounded(Sample.median(counting(ours), what) / Sample.median(counting(theirs), what));
    }

    /** How many times faster. */
    private static @Nullable Double inverse(@Nullable Double ratio) {
        return ratio == null ? null : rounded(1 / ratio);
    }

    private static double rounded(double value) {
        return Math.round(value * 1000) / 1000.0;
    }
}
