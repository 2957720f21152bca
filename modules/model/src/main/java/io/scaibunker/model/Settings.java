package io.scaibunker.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The configuration as rooms read it: each takes its view ({@link #under}) and fills its own record, once, at the door.
 *
 * <p>A value comes from the environment ({@code SCAIBUNKER_WORKER_LEASE_TIME} for {@code worker.lease-time}), else from
 * the given map, else from the code's default; an empty value means «not set». A bad value does not throw where it is
 * read: it is noted, the default stands in, and {@link #check} throws once with every problem, among them the keys that
 * nobody read. What was read, with which default, is kept in {@link #known}, so that a test can hold the reference file
 * against the code.
 *
 * <p>All views share one memory; not safe for use by several threads.
 */
public final class Settings {
    /** A key somebody read: what it is now and what it would be when unset, both as typed values; what is allowed, in words. */
    public record Known(String key, Object value, Object fallback, String allowed) {
        /** What sets it in the environment. */
        public String environmentName() {
            return SettingText.environmentName(key);
        }
    }

    private static final String DATA_DIR = "node.data-dir";
    private static final String NOT_SET = "";
    private static final String TEXT = "some text";
    private static final String WORDS = "words between commas";

    private final Source source;
    private final String prefix;

    private record Source(
            Map<String, String> values,
            Map<String, String> environment,
            Path home,
            Map<String, Known> known,
            List<String> problems) {}

    private Settings(Source source, String prefix) {
        this.source = source;
        this.prefix = prefix;
    }

    /**
     * @param values keys and values as in the file, overrides already put in
     * @param environment the process's environment, or what a test says it is
     * @param home what relative paths are relative to
     */
    public static Settings of(Map<String, String> values, Map<String, String> environment, Path home) {
        var source = new Source(new TreeMap<>(values), environment, home, new TreeMap<>(), new ArrayList<>());
        return new Settings(source, "");
    }

    /** Without environment, relative to the working directory: what a test needs. */
    public static Settings of(Map<String, String> values) {
        return of(values, Map.of(), Path.of("").toAbsolutePath());
    }

    /** The same settings seen from a prefix: {@code under("worker.").duration("lease-time", …)}. */
    public Settings under(String deeper) {
        return new Settings(source, prefix + deeper);
    }

    public String text(String key, String fallback) {
        return read(key, fallback, TEXT, Optional::of);
    }

    public Optional<String> text(String key) {
        return readOptional(key, TEXT, Optional::of);
    }

    public int integer(String key, int fallback, int least, int most) {
        return (int) number(key, fallback, least, most);
    }

    public long number(String key, long fallback, long least, long most) {
        return read(
                key,
                fallback,
                "a whole number, " + least + " to " + most,
                value -> parseLong(value).filter(number -> number >= least && number <= most));
    }

    public boolean flag(String key, boolean fallback) {
        return read(key, fallback, "true or false", value -> switch (value) {
            case "true" -> Optional.of(true);
            case "false" -> Optional.of(false);
            default -> Optional.empty();
        });
    }

    public Duration duration(String key, Duration fallback, Duration least, Duration most) {
        var allowed =
                SettingText.print(least) + " to " + SettingText.print(most) + ", " + SettingText.DURATION_EXAMPLES;
        return read(
                key,
                fallback,
                allowed,
                value -> SettingText.parseDuration(value)
                        .filter(duration -> duration.compareTo(least) >= 0 && duration.compareTo(most) <= 0));
    }

    /** An amount of bytes. */
    public long size(String key, long fallback, long least, long most) {
        var allowed =
                SettingText.printSize(least) + " to " + SettingText.printSize(most) + ", " + SettingText.SIZE_EXAMPLES;
        return read(
                key,
                fallback,
                allowed,
                value -> SettingText.parseSize(value).filter(bytes -> bytes >= least && bytes <= most));
    }

    /** One of an enum's constants, written as the enum prints itself, in lower case with dashes. */
    public <E extends Enum<E>> E choice(String key, E fallback) {
        var choices = new LinkedHashMap<String, E>();
        for (E constant : fallback.getDeclaringClass().getEnumConstants()) {
            choices.put(constant.name().toLowerCase(Locale.ROOT).replace('_', '-'), constant);
        }
        return read(
                key,
                fallback,
                "one of " + String.join(", ", choices.keySet()),
                value -> Optional.ofNullable(choices.get(value)));
    }

    /** Words between commas; here an empty value is the empty list, not the default. */
    public List<String> list(String key, List<String> fallback) {
        return setAtAll(key) && raw(key).isEmpty()
                ? note(key, List.of(), fallback, WORDS)
                : read(key, fallback, WORDS, value -> Optional.of(split(value)));
    }

    /** Like {@link #list}, where only these words are allowed. */
    public List<String> list(String key, List<String> fallback, List<String> allowed) {
        return read(
                key,
                fallback,
                "one or more of " + String.join(",", allowed),
                value -> Optional.of(split(value)).filter(words -> !words.isEmpty() && allowed.containsAll(words)));
    }

    /** {@code name=value} between commas, in the order written; empty when unset. */
    public Map<String, String> pairs(String key) {
        return read(key, Map.<String, String>of(), "name=value between commas", Settings::splitPairs);
    }

    /** A path; a relative one is under home. */
    public Path path(String key, String fallback) {
        return read(key, inHome(fallback), "a path", value -> Optional.of(inHome(value)));
    }

    public Optional<Path> path(String key) {
        return readOptional(key, "a path", value -> Optional.of(inHome(value)));
    }

    /** Paths between commas; relative ones are under home. */
    public List<Path> paths(String key) {
        return read(
                key,
                List.<Path>of(),
                "paths between commas",
                value -> Optional.of(split(value).stream().map(this::inHome).toList()));
    }

    /** A path for what this node keeps; a relative one is under {@code node.data-dir}. */
    public Path dataPath(String key, String fallback) {
        var dataDir = new Settings(source, "").path(DATA_DIR, "var");
        return read(key, dataDir.resolve(fallback), "a path", value -> Optional.of(dataDir.resolve(value)));
    }

    /** A secret: by environment, by a file that {@code <key>-file} names, or as it stands. Never printed. */
    public Optional<Secret> secret(String key) {
        var file = path(key + "-file");
        var value = raw(key);
        note(key, value.isEmpty() ? NOT_SET : new Secret(value), NOT_SET, TEXT);
        if (!value.isEmpty()) {
            return Optional.of(new Secret(value));
        }
        return file.flatMap(path -> readSecret(key, path));
    }

    /** For what only the room can see, such as two keys that contradict each other. */
    public void problem(String key, String text) {
        source.problems.add(prefix + key + ": " + text);
    }

    /** Every key that was read so far, by any view. */
    public List<Known> known() {
        return List.copyOf(source.known.values());
    }

    /** To be called once every room has read its own: throws if anything was wrong, naming all of it. */
    public void check() {
        var problems = new ArrayList<>(source.problems);
        for (var key : source.values.keySet()) {
            if (!source.known.containsKey(key)) {
                var nearest = NearestName.of(key, source.known.keySet());
                problems.add(key + ": no such key"
                        + nearest.map(name -> "; did you mean " + name + "?").orElse(""));
            }
        }
        if (!problems.isEmpty()) {
            throw new SettingsException(problems);
        }
    }

    private <T> T read(String key, T fallback, String allowed, Function<String, Optional<T>> parse) {
        var text = raw(key);
        if (text.isEmpty()) {
            return note(key, fallback, fallback, allowed);
        }
        var value = parse.apply(text);
        if (value.isEmpty()) {
            source.problems.add(prefix + key + "=" + shortened(text) + ": allowed is " + allowed);
        }
        return note(key, value.orElse(fallback), fallback, allowed);
    }

    private <T> Optional<T> readOptional(String key, String allowed, Function<String, Optional<T>> parse) {
        return read(key, Optional.<T>empty(), allowed, text -> parse.apply(text).map(Optional::of));
    }

    private <T> T note(String key, T value, Object fallback, String allowed) {
        source.known.putIfAbsent(prefix + key, new Known(prefix + key, value, fallback, allowed));
        return value;
    }

    private String raw(String key) {
        var inEnvironment = source.environment.get(SettingText.environmentName(prefix + key));
        var value = inEnvironment != null ? inEnvironment : source.values.getOrDefault(prefix + key, NOT_SET);
        return value.strip();
    }

    private boolean setAtAll(String key) {
        return source.values.containsKey(prefix + key)
                || source.environment.containsKey(SettingText.environmentName(prefix + key));
    }

    private Path inHome(String path) {
        return source.home.resolve(path).normalize();
    }

    private Optional<Secret> readSecret(String key, Path file) {
        try {
            return Optional.of(new Secret(Files.readString(file).strip()));
        } catch (IOException e) {
            problem(key + "-file", "cannot read " + file + ": " + e);
            return Optional.empty();
        }
    }

    private static Optional<Long> parseLong(String text) {
        try {
            return Optional.of(Long.parseLong(text));
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    private static List<String> split(String text) {
        return Arrays.stream(text.split(",", -1))
                .map(String::strip)
                .filter(word -> !word.isEmpty())
                .toList();
    }

    private static Optional<Map<String, String>> splitPairs(String text) {
        var words = split(text);
        if (words.stream().anyMatch(word -> word.indexOf('=') < 1)) {
            return Optional.empty();
        }
        return Optional.of(words.stream()
                .collect(Collectors.toMap(
                        word -> word.substring(0, word.indexOf('=')).strip(),
                        word -> word.substring(word.indexOf('=') + 1).strip(),
                        (first, second) -> second,
                        LinkedHashMap::new)));
    }

    private static String shortened(String text) {
        return text.length() > 200 ? text.substring(0, 200) + "…" : text;
    }
}
