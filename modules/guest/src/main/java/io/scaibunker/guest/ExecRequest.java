package io.scaibunker.guest;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A command to run in a guest.
 *
 * @param argv the program and its arguments, at least one; a name without a slash is looked for in {@code PATH} of
 *     {@code env}, or else in the usual directories
 * @param env the whole environment; the agent adds {@code PATH} and {@code HOME} where missing
 * @param cwd an absolute directory, or empty for the user's home, or {@code /} where that is missing
 * @param user {@code name}, {@code name:group}, {@code uid} or {@code uid:gid}, resolved in the image's own
 *     {@code /etc/passwd}; empty is root
 * @param stdin whether {@link ExecHandle#write} will be used; else the command reads from {@code /dev/null}
 */
public record ExecRequest(List<String> argv, Map<String, String> env, String cwd, String user, boolean stdin) {
    public ExecRequest {
        argv = List.copyOf(argv);
        env = Map.copyOf(env);
        require(!argv.isEmpty() && !argv.getFirst().isEmpty(), "argv needs a program");
        argv.forEach(word -> requireNoZero("argv", word));
        env.forEach((name, value) -> {
            require(!name.isEmpty() && name.indexOf('=') < 0, "an environment name is empty or holds «=»");
            requireNoZero("env", name);
            requireNoZero("env", value);
        });
        require(cwd.isEmpty() || cwd.startsWith("/"), "cwd must be absolute");
        requireNoZero("cwd", cwd);
        requireNoZero("user", user);
    }

    /** As root, in root's home, with no input and no environment of its own. */
    public static ExecRequest of(String... argv) {
        return new ExecRequest(List.of(argv), Map.of(), "", "", false);
    }

    public ExecRequest withEnv(Map<String, String> newEnv) {
        return new ExecRequest(argv, newEnv, cwd, user, stdin);
    }

    public ExecRequest in(String newCwd) {
        return new ExecRequest(argv, env, newCwd, user, stdin);
    }

    public ExecRequest as(String newUser) {
        return new ExecRequest(argv, env, cwd, newUser, stdin);
    }

    public ExecRequest withStdin() {
        return new ExecRequest(argv, env, cwd, user, true);
    }

    /** The environment as {@code NAME=value}, in an order that does not depend on the map. */
    List<String> envWords() {
        return new TreeMap<>(env)
                .entrySet().stream()
                        .map(entry -> entry.getKey() + "=" + entry.getValue())
                        .toList();
    }

    private static void requireNoZero(String what, String word) {
        require(word.indexOf('\0') < 0, what + " holds a zero character");
    }

    private static void require(boolean right, String text) {
        if (!right) {
            throw new IllegalArgumentException(text);
        }
    }
}
