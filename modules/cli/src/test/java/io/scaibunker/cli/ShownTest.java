package io.scaibunker.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How things read, and what is kept of them. */
class ShownTest {
    @TempDir
    private Path place;

    @Test
    void sizesSpansAndHostileNames() {
        assertThat(Text.bytes(999)).isEqualTo("999 B");
        assertThat(Text.bytes(1_240_000)).isEqualTo("1.2 MB");
        assertThat(Text.bytes(999_999)).isEqualTo("1.0 MB");
        assertThat(Text.mebibytes(512)).isEqualTo("512 MiB");
        assertThat(Text.mebibytes(1536)).isEqualTo("1.5 GiB");
        assertThat(Text.span(Duration.ofSeconds(59))).isEqualTo("59s");
        assertThat(Text.span(Duration.ofSeconds(192))).isEqualTo("3m12s");
        assertThat(Text.span(Duration.ofHours(49))).isEqualTo("2d1h");
        assertThat(Text.plain("a\u001b[2Jb\n")).isEqualTo("a?[2Jb?");
        assertThat(Text.plain("a\tb")).isEqualTo("a b");
        // A control of eight bits, a text that turns around, one that cannot be seen, and an end of a line.
        assertThat(Text.plain("a\u009b2Jb \u202etxt.exe \u200b\ufeff\u2028 ü 語"))
                .isEqualTo("a?2Jb ?txt.exe ??? ü 語");
    }

    @Test
    void aLineIsCutToWhatATerminalHasRoomForWhateverItsColours() {
        assertThat(Text.clipped("abcdef", 6)).isEqualTo("abcdef");
        assertThat(Text.clipped("abcdef", 5)).isEqualTo("abcd…");
        assertThat(Text.clipped("語語語", 5)).isEqualTo("語語…");
        assertThat(Text.clipped("\u001b[32mready\u001b[0m", 5)).isEqualTo("\u001b[32mready\u001b[0m");
        assertThat(Text.clipped("\u001b[32mready\u001b[0m", 4)).isEqualTo("\u001b[32mrea…\u001b[0m");
        assertThat(terminal(Map.of("COLUMNS", "97", "LINES", "0")).columns()).isEqualTo(97);
        assertThat(terminal(Map.of("COLUMNS", "97", "LINES", "0")).lines()).isEqualTo(24);
    }

    private static Terminal terminal(Map<String, String> environment) {
        return new Terminal(InputStream.nullInputStream(), System.out, System.err, true, true, environment);
    }

    @Test
    void whoDoesSomethingOftenDoesItOnlySoOften() {
        var now = new AtomicLong(5);
        var pace = new Pace(Duration.ofNanos(10), now::get);
        assertThat(pace.isDue()).isTrue();
        assertThat(pace.isDue()).isFalse();
        now.set(14);
        assertThat(pace.isDue()).isFalse();
        now.set(15);
        assertThat(pace.isDue()).isTrue();
        assertThat(pace.isDue()).isFalse();
    }

    @Test
    void tablesAreAlignedAndColouredForWhoSeesThem() throws Exception {
        var rows = json(
                "[{\"name\":\"a\",\"status\":\"ready\"},{\"name\":\"longer\",\"status\":\"failed\",\"id\":\"x\"}]");
        var table =
                new Table().column("NAME", "name").column("STATUS", "status").wide("ID", "id");
        assertThat(table.lines(rows, false, Style.PLAIN))
                .containsExactly("NAME     STATUS", "a        ready", "longer   failed");
        assertThat(table.lines(rows, true, Style.PLAIN)).contains("longer   failed   x");
        assertThat(table.lines(rows, false, Style.COLOURED)).contains("a        \u001b[32mready\u001b[0m");
        assertThat(Style.of(true, Map.of("NO_COLOR", "1"))).isEqualTo(Style.PLAIN);
        assertThat(Style.of(true, Map.of("TERM", "dumb"))).isEqualTo(Style.PLAIN);
        assertThat(Style.of(false, Map.of())).isEqualTo(Style.PLAIN);
        assertThat(Style.of(true, Map.of("NO_COLOR", ""))).isEqualTo(Style.COLOURED);
    }

    @Test
    void aBoardPutsEventsTogetherAndShowsWhatMovesWhereNotAllHasRoom() throws Exception {
        var board = new ImageBoard();
        board.hear(new EventStream.Event("1", "snapshot", json("""
                {"image":{"name":"r","status":"active","scan_status":"pending"},"more":false,"rows":[
                 {"worker_id":"w1","worker_name":"one","status":"ready"},
                 {"worker_id":"w2","worker_name":"two","status":"pending"}]}""")));
        board.hear(new EventStream.Event("2", "cache", json("""
                {"worker_id":"w2","worker_name":"two","status":"building","phase":"baking"}""")));
        board.hear(new EventStream.Event("", "progress", json("""
                {"worker_id":"w2","percent":50,"phase":"baking","bytes_done":5000000,"bytes_total":10000000,
                 "bytes_per_s":2000000,"eta_s":3,"source":"registry"}""")));
        assertThat(board.lines(10, 120, Style.PLAIN))
                .containsExactly(
                        "r  1/2 ready, 1 building  scan pending",
                        "  one  ready",
                        "  two  building [##########..........]  50 %  baking  5.0 MB of 10.0 MB  2.0 MB/s  ETA 3s"
                                + "  from registry");
        assertThat(board.lines(10, 80, Style.PLAIN))
                .contains("  two  building  50 %  baking  5.0 MB of 10.0 MB  2.0 MB/s  ETA 3s  from regist…");
        assertThat(board.lines(10, 90, Style.PLAIN)).anyMatch(line -> line.contains("building [##...]"));
        assertThat(board.lines(10, 40, Style.COLOURED)).allMatch(line -> Text.width(line) <= 40);
        board.hear(new EventStream.Event("", "progress", json("{\"worker_id\":\"w2\",\"source\":\"w1\"}")));
        assertThat(board.lines(10, 120, Style.PLAIN)).anyMatch(line -> line.endsWith("  from one"));
        board.hear(new EventStream.Event("", "progress", json("{\"worker_id\":\"w2\",\"source\":\"wrk_1\"}")));
        assertThat(board.lines(10, 120, Style.PLAIN)).anyMatch(line -> line.endsWith("  from another worker"));
        assertThat(board.lines(3, 120, Style.PLAIN).get(1)).contains("two  building");
        assertThat(board.lines(3, 120, Style.PLAIN).getLast()).isEqualTo("… and 1 more");
        assertThat(board.isMoving()).isTrue();

        board.hear(new EventStream.Event("3", "cache", json("""
                {"worker_id":"w2","status":"failed","error":{"code":"SOURCE_AUTH","message":"no\\u001b[2J"}}""")));
        assertThat(board.lines(10, 120, Style.PLAIN)).contains("  two  failed   SOURCE_AUTH: no?[2J");
        assertThat(board.isMoving()).isFalse();
        assertThat(board.failures()).isEmpty();
        board.hear(new EventStream.Event("4", "cache", json("""
                {"worker_id":"w2","error":{"code":"SOURCE_AUTH","message":"%s"}}""".formatted("why ".repeat(40)))));
        assertThat(board.lines(10, 120, Style.PLAIN).getLast())
                .hasSizeLessThan(110)
                .endsWith("…");
        assertThat(board.failures())
                .singleElement()
                .asString()
                .startsWith("two: SOURCE_AUTH: why")
                .hasSizeGreaterThan(150);
    }

    @Test
    void aCopyComesFromAWorkerByItsName() throws Exception {
        var board = new ImageBoard();
        board.hear(new EventStream.Event("1", "snapshot", json("""
                {"image":{"name":"r","status":"active","scan_status":"pending"},"more":false,"rows":[
                 {"worker_id":"w2","worker_name":"two","status":"building","phase":"fetching","percent":49,
                  "source":"wrk_1","source_name":"one"}]}""")));
        assertThat(board.lines(10, 200, Style.PLAIN))
                .contains("  two  building [#########...........]  49 %  fetching  from one");
    }

    @Test
    void layersAreToldWithWhatWasThereBefore() throws Exception {
        var layers = json("""
                [{"diff_id":"sha256:%s","bytes":8000000,"hidden_bytes":4096,"reused":true,"shared_with":2},
                 {"diff_id":null,"bytes":4096,"hidden_bytes":0,"reused":false,"shared_with":0}]""".formatted("a".repeat(64)));
        assertThat(Tables.segments().lines(layers, false, Style.PLAIN))
                .containsExactly(
                        "LAYER          SIZE     HIDDEN   REUSED   SHARED",
                        "aaaaaaaaaaaa   8.0 MB   4.1 kB   yes      2 other images",
                        "-              4.1 kB   -        no       -");
    }

    @Test
    void howFullACacheIsIsToldWhereItHasAQuota() throws Exception {
        var workers = json("""
                [{"name":"bound","cache_bytes":5000000,"cache_quota_bytes":20000000},
                 {"name":"free","cache_bytes":5000000,"cache_quota_bytes":null},
                 {"name":"over","cache_bytes":30000000,"cache_quota_bytes":20000000}]""");
        assertThat(workers)
                .extracting(Tables::cacheUse)
                .containsExactly(
                        "[#####...............]  25 % of 20.0 MB", "-", "[####################] 100 % of 20.0 MB");
        assertThat(Tables.workers().lines(workers, true, Style.PLAIN).getFirst())
                .contains("CACHE QUOTA");
        assertThat(Tables.workers().lines(workers, false, Style.PLAIN).getFirst())
                .doesNotContain("QUOTA");
    }

    @Test
    void whatIsAskedForAndStillToComeIsTold() throws Exception {
        assertThat(Tables.standing(json("{\"status\":\"ready\",\"intent\":\"drain\"}")))
                .isEqualTo("ready, to drain");
        assertThat(Tables.standing(json("{\"status\":\"draining\",\"intent\":\"drain\"}")))
                .isEqualTo("draining");
        assertThat(Tables.standing(json("{\"status\":\"running\",\"intent\":\"pause\"}")))
                .isEqualTo("running, to pause");
        assertThat(Tables.standing(json("{\"status\":\"running\",\"intent\":\"run\"}")))
                .isEqualTo("running");
        assertThat(Tables.standing(json("{\"status\":\"terminated\",\"intent\":\"end\"}")))
                .isEqualTo("terminated");
        assertThat(Tables.workers().lines(json("""
                [{"name":"w","status":"ready","driver":"qemu","acceleration":"tcg: /dev/kvm opens, but …"}]"""), false, Style.PLAIN))
                .last()
                .asString()
                .contains("qemu/tcg")
                .doesNotContain("kvm");
    }

    @Test
    void aRefusalSaysWhatMayHelpAgainstItsReason() {
        assertThat(refusal("copy_building: 1 worker is making the image")).contains("image watch");
        assertThat(refusal("no_network: 1 worker cannot give that network profile"))
                .contains("no_network", "worker show")
                .doesNotContain("image watch");
    }

    private static String refusal(String reason) {
        return String.valueOf(ApiException.answered(503, "NO_SUITABLE_WORKER", "none", List.of(reason), 5, "")
                .getMessage());
    }

    @Test
    void contextsAreKeptForTheirOwnerAlone() throws Exception {
        var file = place.resolve("below/contexts.json");
        var contexts = new Contexts(file, Map.of());
        assertThatThrownBy(() -> contexts.find(null))
                .isInstanceOf(UsageException.class)
                .hasMessageContaining("login");
        contexts.keep(new Context("one", URI.create("http://one/"), "sgk_1"));
        contexts.keep(new Context("two", URI.create("https://two:1/"), "sgk_2"));
        assertThat(contexts.find(null).name()).isEqualTo("two");
        assertThat(contexts.find("one").key()).isEqualTo("sgk_1");
        assertThat(Files.getPosixFilePermissions(file)).hasSize(2);
        assertThat(contexts.find("one")).hasToString("one (http://one/)");
        contexts.remove("two");
        assertThat(contexts.find(null).name()).isEqualTo("one");
        assertThatThrownBy(() -> contexts.find("two")).hasMessageContaining("there are: one");
        for (var wrong : new String[] {"ftp://host", "http://", "://", "http://a b"}) {
            assertThatThrownBy(() -> Contexts.address(wrong))
                    .as(wrong)
                    .isInstanceOf(UsageException.class)
                    .hasMessageContaining(wrong);
        }
        var inEnvironment = new Contexts(file, Map.of("SCAIBUNKER_URL", "host:1", "SCAIBUNKER_KEY", "k"));
        assertThat(inEnvironment.find(null).url()).isEqualTo(URI.create("http://host:1/"));
        Files.writeString(file, "[");
        assertThatThrownBy(() -> contexts.find(null)).hasMessageContaining("damaged");
    }

    @Test
    void whatIsTypedIsEscapedWhereItGoesIntoAnAddress() {
        assertThat(Call.get("images", "../a b?c", "cache").with("name", "x&y").target())
                .isEqualTo("/v1/modules/scaibunker/images/..%2Fa%20b%3Fc/cache?name=x%26y");
    }

    @Test
    void placesInBunkersAreToldFromFilesHere() {
        assertThat(BunkerPath.isOne("box:/a")).isTrue();
        assertThat(BunkerPath.isOne("./box:/a")).isFalse();
        assertThat(BunkerPath.isOne("box:a")).isFalse();
        assertThat(BunkerPath.isOne("/a:/b")).isFalse();
        assertThat(BunkerPath.parse("box:/a:b")).isEqualTo(new BunkerPath("box", "/a:b"));
        assertThat(BunkerPath.parse("box:/a/").named("b").path()).isEqualTo("/a/b");
        assertThat(BunkerPath.parse("box:/a").named("b").path()).isEqualTo("/a");
    }

    @Test
    void everyCommandHasAHelpAndTheManualHasEveryCommand() {
        var manual = Program.run("completion", "--man").out();
        for (var command : new String[] {
            "login",
            "context use",
            "image register",
            "image watch",
            "group add",
            "worker drain",
            "bunker exec",
            "bunker shell",
            "bunker cp",
            "events",
            "credential set",
            "tenant ls",
            "user create",
            "key revoke",
            "bake",
            "scan",
            "vulndb sync"
        }) {
            var help = Program.run((Object[]) (command + " --help").split(" "));
            assertThat(help.code()).as(command).isZero();
            assertThat(help.out()).as(command).contains("Usage: scaibunker " + command, "Exit codes:");
            assertThat(manual).contains("scaibunker " + command.replace("-", "\\-"));
        }
        assertThat(Program.run("completion").out()).contains("complete -F");
    }

    /** Where one command is named the others are not read; by no other name may it answer. */
    @Test
    void theNameOfACommandIsWhatItIsFoundBy() {
        for (var command : Main.program(terminal(Map.of())).getSubcommands().keySet()) {
            var help = Program.run(command, "--help");
            assertThat(help.code()).as(command).isZero();
            assertThat(help.out()).as(command).startsWith("Usage: scaibunker " + command + " ");
        }
        assertThat(Program.run("--version").out()).startsWith("scaibunker ");
        assertThat(Program.run("--help").out()).contains("image", "vulndb");
        var misspelt = Program.run("imag", "ls");
        assertThat(misspelt.code()).isEqualTo(2);
        assertThat(misspelt.err()).contains("imag");
    }

    @Test
    void agesComeFromTimesOfTheApi() throws Exception {
        var now = Instant.parse("2026-01-01T00:01:00Z");
        assertThat(Text.age(json("\"2026-01-01T00:00:00Z\""), now)).isEqualTo("1m");
        assertThat(Text.age(json("null"), now)).isEqualTo("-");
    }

    private static JsonNode json(String text) throws Exception {
        return Api.JSON.readTree(text);
    }
}
