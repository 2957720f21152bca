package io.scaibunker.bus;

import io.scaibunker.model.BunkerId;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What to do in a bunker.
 *
 * @param argv the program and its arguments, or an order to the guest's agent
 * @param environment on top of the bunker's own
 * @param cwd empty: the user's home
 * @param user a name, uid, or uid:gid of the image; empty is root
 * @param timeout after it the command and all it started is killed
 * @param terminal the size of a terminal to run it on; null for none
 */
public record ExecCommand(
        BunkerId bunkerId,
        Kind kind,
        List<String> argv,
        Map<String, String> environment,
        String cwd,
        String user,
        Duration timeout,
        @Nullable TerminalSize terminal) {

    /** Who does it. */
    public enum Kind {
        /** A program of the image. */
        COMMAND,
        /** The agent, with a file: {@code get}, {@code put}, {@code list}, {@code delete} or {@code delete-all}, and its path. */
        FILE_WORK,
        /** The worker: tells what the console said. */
        CONSOLE
    }

    /** In characters. */
    public record TerminalSize(int columns, int rows) {}

    /** Work of the agent with a file, as a user. */
    public static ExecCommand file(BunkerId bunkerId, String order, String path, String user, Duration timeout) {
        return new ExecCommand(bunkerId, Kind.FILE_WORK, List.of(order, path), Map.of(), "", user, timeout, null);
    }

    /** What the console said. */
    public static ExecCommand console(BunkerId bunkerId, Duration timeout) {
        return new ExecCommand(bunkerId, Kind.CONSOLE, List.of(), Map.of(), "", "", timeout, null);
    }
}
