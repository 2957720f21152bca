package io.scaibunker.node;

import static io.scaibunker.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.scaibunker.cli.Main;
import io.scaibunker.testkit.SampleImages;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command line as it is started by a user, against a real platform with a real machine. */
class CommandLineTest {
    private record Ended(int code, String out, String err) {}

    /** What is done when {@code asked} can be read. */
    private record Typed(String asked, Answer answer) {}

    private interface Answer {
        void to(OutputStream typed) throws IOException;
    }

    @TempDir
    static Path dir;

    /** Where one test is signed in. */
    @TempDir
    Path signedIn;

    private static Fleet fleet;

    @BeforeAll
    static void start() throws Exception {
        Path built = Path.of(
                Main.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        assertThat(Checkout.ROOT.resolve("modules/cli/target").resolve(built.getFileName()))
                .as("what scripts/cli starts")
                .hasSameBinaryContentAs(built);
        assumeTrue(SampleImages.hasProgram("musl-gcc"), "musl-gcc is missing (Debian package musl-tools)");
        Path tree = Files.createDirectories(dir.resolve("tree/bin"));
        Path source = Files.writeString(dir.resolve("tool.c"), """
                #include <signal.h>
                #include <stdio.h>
                #include <string.h>
                #include <sys/ioctl.h>
                #include <unistd.h>
                static void size(int signal) {
                    struct winsize now;
                    (void)signal;
                    if (ioctl(1, TIOCGWINSZ, &now) == 0)
                        dprintf(1, "%d by %d\\n", now.ws_col, now.ws_row);
                }
                /* What a command line may meet inside: two streams and a code, input, a terminal of some size. */
                int main(int count, char **words) {
                    char piece[4096];
                    long got;
                    if (count > 1 && strcmp(words[1], "both") == 0) {
                        puts("out");
                        fputs("err\\n", stderr);
                        return 7;
                    }
                    if (count > 1 && strcmp(words[1], "wait") == 0)
                        pause();
                    if (count > 1 && strcmp(words[1], "copy") == 0) {
                        while ((got = read(0, piece, sizeof piece)) > 0)
                            write(1, piece, got);
                        return 0;
                    }
                    /* Whatever happens after this is told, too. */
                    signal(SIGWINCH, size);
                    size(0);
                    got = read(0, piece, sizeof piece);
                    printf("read %02x\\n", got > 0 ? piece[0] & 255 : 0);
                    return 9;
                }
                """);
        SampleImages.run(
                "musl-gcc", "-static", "-Os", "-o", tree.resolve("tool").toString(), source.toString());
        SampleImages.run(
                "tar",
                "-C",
                dir.resolve("tree").toString(),
                "-cf",
                dir.resolve("image.tar").toString(),
                ".");
        fleet = new Fleet(dir.resolve("fleet"), dir, Map.of());
        fleet.startWorker("one");
        fleet.workerId("one");
    }

    @AfterAll
    static void stop() {
        if (fleet != null) {
            fleet.close();
        }
    }

    @Test
    void fromSigningInToACommandInABunker() throws Exception {
        Ended unknown = cli("image", "ls");
        assertThat(unknown.code()).isEqualTo(2);
        assertThat(unknown.err()).contains("not signed in", "scaibunker login");
        Path wrongKey = Files.writeString(dir.resolve("wrong"), "sgk_" + "x".repeat(40));
        Ended refused = cli("login", fleet.url(), "--key-file", wrongKey.toString());
        assertThat(refused.code()).as(refused.err()).isEqualTo(7);
        assertThat(signedIn.resolve("contexts.json")).doesNotExist();

        assertThat(cli(
                                "login",
                                fleet.url(),
                                "--context",
                                "here",
                                "--key-file",
                                fleet.keyFile().toString())
                        .code())
                .isZero();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(signedIn.resolve("contexts.json"))))
                .isEqualTo("rw-------");
        assertThat(ok("context", "ls").out()).contains("here", fleet.url()).doesNotContain("sgk_");

        assertThat(ok("worker", "ls").out()).contains("NAME", "one", "ready");
        assertThat(new JsonArray(ok("worker", "ls", "-o", "json").out())
                        .getJsonObject(0)
                        .getString("name"))
                .isEqualTo("one");
        ok("group", "create", "pool", "--all-images", "--worker", "one");
        assertThat(ok("group", "show", "pool").out()).endsWith("WORKERS\none\n");

        Ended rehearsed = ok(
                "image",
                "register",
                "tools",
                "--tar",
                dir.resolve("image.tar").toString(),
                "--size-mib",
                "64",
                "--dry-run");
        assertThat(rehearsed.out()).contains("source   sha256:", "layers   1, ", "64 MiB: likely fits", "workers  one");
        Ended nowhere = cli(
                "image",
                "register",
                "tools",
                "--tar",
                dir.resolve("none.tar").toString(),
                "--size-mib",
                "64",
                "--dry-run");
        assertThat(nowhere.code()).isEqualTo(11);
        assertThat(nowhere.out()).contains("SOURCE_NOT_FOUND");
        assertThat(ok("image", "ls", "-o", "name").out()).isEmpty();
        Ended registered = ok(
                "image",
                "register",
                "tools",
                "--tar",
                dir.resolve("image.tar").toString(),
                "--size-mib",
                "16",
                "--memory",
                "128",
                "--disk",
                "64",
                "--label",
                "team=data",
                "--wait",
                "--timeout",
                "60");
        assertThat(registered.err()).contains("one building", "one ready");
        assertThat(ok("image", "watch", "tools", "-o", "json").out()).contains("\"complete_at\"");
        assertThat(ok("image", "show", "tools").out()).contains("1 of 1 workers", "LAYERS", "REUSED", "COPIES");
        assertThat(ok("image", "ls", "-o", "name").out()).isEqualTo("tools\n");
        assertThat(ok("image", "ls", "-o", "yaml").out()).startsWith("- id: img_");

        Ended taken = cli(
                "image", "register", "tools", "--tar", dir.resolve("image.tar").toString(), "--size-mib", "16");
        assertThat(taken.code()).isEqualTo(8);
        assertThat(taken.err()).contains("IMAGE_NAME_TAKEN", "image deactivate", "request req_");
        assertThat(cli("image", "show", "tols").code()).isEqualTo(3);
        Ended misspelt = cli("worker", "show", "two");
        assertThat(misspelt.code()).isEqualTo(3);
        assertThat(misspelt.err()).contains("there is no worker 'two'; there are: one");

        fleetAndGroups();

        assertThat(ok("bunker", "create", "tools", "--name", "box", "--wait", "--timeout", "60")
                        .out())
                .contains("running", "WHY THERE");
        inside();
        standing();
        assertThat(ok("bunker", "ls").out()).contains("box", "running");
        kept();
        assertThat(ok("bunker", "rm", "box", "--snapshot", "--wait").out()).startsWith("snp_");
        assertThat(ok("bunker", "ls").out()).doesNotContain("box");
        assertThat(cli("bunker", "exec", "box", "--", "/bin/tool").code()).isEqualTo(125);
        ok("image", "deactivate", "tools");
        assertThat(cli("bunker", "create", "tools").err()).contains("IMAGE_DEACTIVATED");
    }

    /** What it has written, and an image of that. */
    private void kept() throws Exception {
        String kept =
                ok("snapshot", "create", "box", "--wait", "-o", "name").out().strip();
        assertThat(ok("snapshot", "ls").out()).contains(kept, "ready", "tools");
        ok("image", "register", "made", "--snapshot", kept, "--size-mib", "16", "--wait", "--timeout", "60");
        assertThat(cli("snapshot", "rm", kept).err()).contains("WRONG_STATE");
        ok("image", "deactivate", "made");
        ok("snapshot", "rm", kept);
        assertThat(ok("snapshot", "show", kept).out()).contains("deleted");
    }

    /** Everything that one does in a bunker. */
    private void inside() throws Exception {
        Ended both = cli("bunker", "exec", "box", "--", "/bin/tool", "both");
        assertThat(both).isEqualTo(new Ended(7, "out\n", "err\n"));
        Ended copied = run("what is typed\n", command("bunker", "exec", "box", "-i", "--", "/bin/tool", "copy"));
        assertThat(copied).isEqualTo(new Ended(0, "what is typed\n", ""));
        assertThat(cli("bunker", "exec", "box", "--timeout", "1", "--", "/bin/tool", "wait")
                        .code())
                .isEqualTo(124);

        byte[] bytes = new byte[3 << 20];
        new Random(5).nextBytes(bytes);
        Path sent = Files.write(dir.resolve("sent"), bytes);
        ok("bunker", "cp", sent.toString(), "box:/");
        assertThat(ok("bunker", "files", "box:/").out()).contains("sent", "3.1 MB");
        ok("bunker", "cp", "box:/sent", dir.resolve("back").toString());
        assertThat(dir.resolve("back")).hasSameBinaryContentAs(sent);
        assertThat(cli("bunker", "cp", "box:/nowhere", dir.resolve("none").toString())
                        .code())
                .isEqualTo(3);
        assertThat(dir.resolve("none")).doesNotExist();

        // A terminal, from one of 97 by 31 that becomes larger; Ctrl-C is a byte that goes inside.
        Path larger = dir.resolve("larger");
        SampleImages.run("mkfifo", larger.toString());
        String line = command("bunker", "shell", "box", "--program", "/bin/tool").stream()
                .map(word -> "'" + word + "'")
                .reduce(
                        "tty=$(tty); stty cols 97 rows 31; { read go <'%s'; stty -F \"$tty\" cols 121 rows 43; } & exec"
                                .formatted(larger),
                        (all, word) -> all + " " + word);
        Ended terminal = run(
                List.of(
                        new Typed("97 by 31", typed -> Files.writeString(larger, "go\n")),
                        new Typed("121 by 43", typed -> typed.write(3))),
                List.of("script", "-qec", line, "/dev/null"),
                Map.of());
        assertThat(terminal.out()).contains("97 by 31", "121 by 43");
        assertThat(terminal.code()).as(terminal.out()).isEqualTo(130);
    }

    /** Which images stand on which workers, and who may say so. */
    private void fleetAndGroups() throws Exception {
        assertThat(ok("image", "warm", "tools").out()).isEqualTo("0 queued, 1 ready, 0 failed, 0 skipped\n");
        assertThat(ok("image", "warm", "tools", "--worker", "one", "--wait", "--timeout", "60")
                        .code())
                .isZero();
        Ended scanned = ok("image", "scan", "tools", "--again", "--wait", "--timeout", "60");
        assertThat(scanned.out()).containsAnyOf("passed", "skipped");
        assertThat(new JsonObject(ok("image", "sbom", "tools").out()).getString("bomFormat"))
                .isEqualTo("CycloneDX");

        ok("group", "create", "few", "--description", "a second one");
        assertThat(ok("group", "add", "few", "--image", "tools", "--worker", "one")
                        .out())
                .contains("IMAGES\ntools", "WORKERS\none");
        assertThat(ok("group", "remove", "few", "--image", "tools", "--worker", "one")
                        .out())
                .doesNotContain("IMAGES", "WORKERS");
        Ended nothing = cli("group", "add", "few");
        assertThat(nothing.code()).isEqualTo(2);
        assertThat(nothing.err()).contains("--image IMAGE or --worker WORKER");
        ok("group", "rm", "few");
        assertThat(ok("group", "ls", "-o", "name").out()).isEqualTo("pool\n");

        assertThat(ok("worker", "show", "one").out()).contains("capacity", "8000 millicores", "networks");
        assertThat(ok("worker", "gc", "one", "--dry-run").out()).contains("would free ");
        assertThat(ok("worker", "drain", "one", "--wait", "--timeout", "30").out())
                .containsAnyOf("draining", "to drain");
        assertThat(cli("bunker", "create", "tools").code()).isEqualTo(8);
        ok("worker", "resume", "one");
        fleet.workerId("one");
    }

    /** How one bunker stands, and what is heard of it. */
    private void standing() throws Exception {
        assertThat(ok("bunker", "show", "box").out()).contains("status", "running", "WHY THERE");
        assertThat(ok("bunker", "logs", "box").out()).isNotBlank().doesNotContain("\u001b");
        ok("bunker", "pause", "box");
        eventually(() -> assertThat(ok("bunker", "show", "box").out()).contains("  paused\n"));
        ok("bunker", "resume", "box");
        eventually(() -> assertThat(ok("bunker", "show", "box").out()).contains("  running\n"));
        Ended heard = cli("events", "--bunker", "box", "--timeout", "2");
        assertThat(heard.code()).isEqualTo(10);
        assertThat(heard.out()).contains("bunker running");
        assertThat(cli("events", "tools", "--timeout", "1", "-o", "json").out())
                .startsWith("{\"id\":\"")
                .contains("\"event\":\"snapshot\"", "\"worker_name\":\"one\"");
    }

    @Test
    void aKeyInTheEnvironmentIsEnoughAndWhatIsAskedIsToldWithoutIt() throws Exception {
        Map<String, String> environment = Map.of("SCAIBUNKER_URL", fleet.url(), "SCAIBUNKER_KEY", fleet.key());
        Ended told = run(command("group", "ls", "-v"), environment);
        assertThat(told.code()).as(told.err()).isZero();
        assertThat(told.err()).contains("> GET " + fleet.url(), "< 200 in ").doesNotContain(fleet.key());
        Ended silent =
                run(command("group", "ls"), Map.of("SCAIBUNKER_URL", "http://127.0.0.1:1", "SCAIBUNKER_KEY", "sgk_x"));
        assertThat(silent.code()).isEqualTo(9);
        assertThat(silent.err()).contains("http://127.0.0.1:1/ does not answer", "is a node running there?");
    }

    @Test
    void usersAndKeysAreMadeAndEnded() throws Exception {
        assertThat(cli("login", fleet.url(), "--key-file", fleet.keyFile().toString())
                        .code())
                .isZero();
        String user =
                ok("user", "create", "reader", "--role", "tenant_viewer").out().strip();
        String key = ok("key", "create", "laptop", "--user", user).out().strip();
        assertThat(key).startsWith("sgk_");
        Map<String, String> reader = Map.of("SCAIBUNKER_URL", fleet.url(), "SCAIBUNKER_KEY", key);
        assertThat(run(command("image", "ls"), reader).code()).isZero();
        Ended denied = run(command("group", "create", "mine"), reader);
        assertThat(denied.code()).isEqualTo(7);
        assertThat(denied.err()).contains("AUTHZ_PERMISSION_DENIED");
        String id = new JsonArray(ok("key", "ls", "-o", "json").out())
                .stream()
                        .map(JsonObject.class::cast)
                        .filter(one -> "laptop".equals(one.getString("name")))
                        .findFirst()
                        .orElseThrow()
                        .getString("id");
        String quota = ok(
                        "quota",
                        "create",
                        "small",
                        "--of",
                        "user",
                        "--user",
                        user,
                        "--bunkers",
                        "4",
                        "--memory",
                        "8192")
                .out()
                .strip();
        assertThat(ok("quota", "ls").out()).contains("small", "8192", quota);
        assertThat(ok("quota", "usage", "--user", user).out())
                .contains("user    bunkers         0 of 4", "user    cpu_millicores  0\n");
        ok("quota", "rm", quota);
        assertThat(ok("quota", "ls").out()).doesNotContain(quota);
        ok("key", "revoke", id);
        assertThat(run(command("image", "ls"), reader).code()).isEqualTo(7);
    }

    private Ended ok(String... arguments) throws Exception {
        Ended ended = cli(arguments);
        assertThat(ended.code()).as("%s: %s", List.of(arguments), ended.err()).isZero();
        return ended;
    }

    private Ended cli(String... arguments) throws Exception {
        return run("", command(arguments));
    }

    private static List<String> command(String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Checkout.ROOT.resolve("scripts/cli").toString());
        command.addAll(List.of(arguments));
        return command;
    }

    private Ended run(String input, List<String> command) throws Exception {
        return run(
                List.of(new Typed("", typed -> typed.write(input.getBytes(StandardCharsets.UTF_8)))),
                command,
                Map.of());
    }

    private Ended run(List<String> command, Map<String, String> environment) throws Exception {
        return run(List.of(), command, environment);
    }

    private Ended run(List<Typed> dialogue, List<String> command, Map<String, String> environment) throws Exception {
        Path out = Files.createTempFile(dir, "out", "");
        Path err = Files.createTempFile(dir, "err", "");
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("SCAIBUNKER_"));
        builder.environment()
                .put("SCAIBUNKER_CONFIG", signedIn.resolve("contexts.json").toString());
        builder.environment().put("TERM", "xterm");
        builder.environment().putAll(environment);
        Process process = builder.start();
        try (var stdin = process.getOutputStream()) {
            for (Typed next : dialogue) {
                eventually(() -> assertThat(Files.readString(out)).contains(next.asked()));
                next.answer().to(stdin);
                stdin.flush();
            }
        } catch (IOException notRead) {
            // Not every command reads what it is given.
        }
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError(
                    "goes on and on: " + command + "\n" + Files.readString(out) + Files.readString(err));
        }
        int code = process.exitValue();
        return new Ended(code, Files.readString(out), Files.readString(err));
    }
}
