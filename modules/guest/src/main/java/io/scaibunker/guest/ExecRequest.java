package io.scaibunker.guest;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

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
 * @param terminal the size of a terminal of its own, on which input, output and errors are one; null for none
 * @param fileWork whether {@code argv} is an order to the agent itself and not a program: {@code get}, {@code put},
 *     {@code list}, {@code delete} or {@code delete-all}, and an absolute path; or {@code freeze}, {@code /} and how many
 *     seconds at most; done as the user, in a process of its own. Its exit code is 0 or Linux' error number
 */
public record ExecRequest(
        List<String> argv,
        Map<String, String> env,
        String cwd,
        String user,
        boolean stdin,
        @Nullable Terminal terminal,
        boolean fileWork) {
    /** In characters, each 1..65535. */
    public record Terminal(int columns, int rows) {
        public Terminal {
            require(columns > 0 && columns < 1 << 16 && rows > 0 && rows < 1 << 16, "a terminal of no size");
        }
    }

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
        return new ExecRequest(List.of(argv), Map.of(), "", "", false, null, false);
    }

    public ExecRequest withEnv(Map<String, String> newEnv) {
        return new ExecRequest(argv, newEnv, cwd, user, stdin, terminal, fileWork);
    }

    public ExecRequest in(String newCwd) {
        return new ExecRequest(argv, env, newCwd, user, stdin, terminal, fileWork);
    }

    public ExecRequest as(String newUser) {
        return new ExecRequest(argv, env, cwd, newUser, stdin, terminal, fileWork);
    }

    public ExecRequest withStdin() {
        return new ExecRequest(argv, env, cwd, user, true, terminal, fileWork);
    }

    public ExecRequest on(Terminal newTerminal) {
        return new ExecRequest(argv, env, cwd, user, true, newTerminal, fileWork);
    }

    /** The order and its path, as the agent's own work. */
    public ExecRequest asFileWork() {
        return new ExecRequest(argv, env, cwd, user, stdin, terminal, true);
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
