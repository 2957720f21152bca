package io.scaibunker.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The platforms that one has signed in to, in a file that its owner alone may read.
 *
 * <pre>
 *   {"current":"prod","contexts":{"prod":{"url":"https://…","key":"sgk_…"}}}
 * </pre>
 *
 * <p>{@code SCAIBUNKER_URL} and {@code SCAIBUNKER_KEY} together stand in for the file, for jobs that keep nothing.
 */
final class Contexts {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String CURRENT = "current";
    private static final String CONTEXTS = "contexts";
    private static final int BYTES_MAX = 1 << 20;

    private final Path file;
    private final Map<String, String> environment;

    Contexts(Path file, Map<String, String> environment) {
        this.file = file;
        this.environment = environment;
    }

    /** Where they are kept: {@code $SCAIBUNKER_CONFIG}, else below {@code $XDG_CONFIG_HOME}, else below {@code ~/.config}. */
    static Contexts ofUser(Map<String, String> environment) {
        var named = environment.get("SCAIBUNKER_CONFIG");
        if (named != null) {
            return new Contexts(Path.of(named), environment);
        }
        var configurations = environment.getOrDefault("XDG_CONFIG_HOME", System.getProperty("user.home") + "/.config");
        return new Contexts(Path.of(configurations, "scaibunker", "contexts.json"), environment);
    }

    Path file() {
        return file;
    }

    /**
     * @param name null for the one in use
     * @throws UsageException where there is none of this name, or none at all
     */
    Context find(@Nullable String name) throws IOException {
        var fromEnvironment = fromEnvironment();
        if (name == null && fromEnvironment.isPresent()) {
            return fromEnvironment.get();
        }
        var all = all();
        if (all.isEmpty()) {
            throw new UsageException(
                    "not signed in; scaibunker login URL does that, or SCAIBUNKER_URL and SCAIBUNKER_KEY");
        }
        var wanted = name == null ? current().orElse(all.getFirst().name()) : name;
        return all.stream()
                .filter(one -> one.name().equals(wanted))
                .findFirst()
                .orElseThrow(() -> new UsageException("there is no context '" + wanted + "'; there are: "
                        + String.join(", ", all.stream().map(Context::name).toList())));
    }

    private Optional<Context> fromEnvironment() {
        var url = environment.get("SCAIBUNKER_URL");
        var key = environment.get("SCAIBUNKER_KEY");
        if ((url == null) != (key == null)) {
            throw new UsageException("SCAIBUNKER_URL and SCAIBUNKER_KEY are needed together");
        }
        return url == null || key == null
                ? Optional.empty()
                : Optional.of(new Context("environment", address(url), key));
    }

    Optional<String> current() throws IOException {
        return Optional.ofNullable(read().path(CURRENT).textValue());
    }

    List<Context> all() throws IOException {
        return read().path(CONTEXTS).properties().stream()
                .map(entry -> new Context(
                        entry.getKey(),
                        address(entry.getValue().path("url").asText()),
                        entry.getValue().path("key").asText()))
                .toList();
    }

    /** Keeps it, in place of one of the same name, and uses it from now on. */
    void keep(Context context) throws IOException {
        var content = read();
        var kept = content.withObjectProperty(CONTEXTS).withObjectProperty(context.name());
        kept.put("url", context.url().toString()).put("key", context.key());
        content.put(CURRENT, context.name());
        write(content);
    }

    void use(String name) throws IOException {
        write(read().put(CURRENT, find(name).name()));
    }

    /** Forgets the key, too; another one is in use then, where there is one. */
    void remove(String name) throws IOException {
        var content = read();
        var gone = find(name).name();
        var rest = content.withObjectProperty(CONTEXTS);
        rest.remove(gone);
        if (gone.equals(content.path(CURRENT).asText())) {
            if (rest.isEmpty()) {
                content.remove(CURRENT);
            } else {
                content.put(CURRENT, rest.fieldNames().next());
            }
        }
        write(content);
    }

    /** @throws UsageException for what is no http address of a host */
    static URI address(String text) {
        try {
            var url = URI.create(text.contains("://") ? text : "http://" + text);
            if (("http".equals(url.getScheme()) || "https".equals(url.getScheme())) && url.getHost() != null) {
                return url.resolve("/");
            }
        } catch (IllegalArgumentException _) {
            // Said below.
        }
        throw new UsageException("'" + text + "' is no address of a platform (expected: http[s]://host[:port])");
    }

    private ObjectNode read() throws IOException {
        if (!Files.exists(file)) {
            return JSON.createObjectNode();
        }
        if (Files.size(file) > BYTES_MAX) {
            throw new IOException(file + " is too large for what it should be");
        }
        JsonNode content;
        try {
            content = JSON.readTree(Files.readAllBytes(file));
        } catch (IOException unfit) {
            throw new IOException(file + " is damaged; remove it and sign in again", unfit);
        }
        if (content instanceof ObjectNode object) {
            return object;
        }
        throw new IOException(file + " is damaged; remove it and sign in again");
    }

    private void write(ObjectNode content) throws IOException {
        var directory = file.toAbsolutePath().getParent();
        Files.createDirectories(directory);
        var owner = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
        var whole = Files.createTempFile(directory, ".contexts", ".tmp", owner);
        try {
            Files.write(whole, JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(content));
            move(whole);
        } finally {
            Files.deleteIfExists(whole);
        }
    }

    private void move(Path whole) throws IOException {
        try {
            Files.move(whole, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException _) {
            Files.move(whole, file, StandardCopyOption.REPLACE_EXISTING);
        }
    }
}
