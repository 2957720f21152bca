package io.scaibunker.bus;

import io.scaibunker.model.BunkerId;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * A command to run in a bunker.
 *
 * @param argv the program and its arguments
 * @param environment on top of the bunker's own
 * @param cwd empty: the user's home
 * @param user a name, uid, or uid:gid of the image; empty is root
 * @param timeout after it the command and all it started is killed
 * @param stdin all of its input
 */
public record ExecCommand(
        BunkerId bunkerId,
        List<String> argv,
        Map<String, String> environment,
        String cwd,
        String user,
        Duration timeout,
        byte[] stdin) {}
