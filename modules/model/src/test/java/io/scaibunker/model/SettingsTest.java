package io.scaibunker.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SettingsTest {
    enum Colour {
        RED,
        DARK_BLUE
    }

    @Test
    void everyKindIsReadAsWritten() {
        var settings = Settings.of(Map.of(
                "a.text", "hello there",
                "a.count", "7",
                "a.flag", "true",
                "a.wait", "500ms",
                "a.room", "64MiB",
                "a.colour", "dark-blue",
                "a.words", "one, two,,three",
                "a.pairs", "docker.io=mirror:5000, ghcr.io=other",
                "a.place", "some/where/../here"));
        var view = settings.under("a.");

        assertThat(view.text("text", "x")).isEqualTo("hello there");
        assertThat(view.integer("count", 1, 0, 10)).isEqualTo(7);
        assertThat(view.flag("flag", false)).isTrue();
        assertThat(view.duration("wait", Duration.ofSeconds(1), Duration.ZERO, Duration.ofMinutes(1)))
                .isEqualTo(Duration.ofMillis(500));
        assertThat(view.size("room", 1, 1, 1L << 40)).isEqualTo(64L << 20);
        assertThat(view.choice("colour", Colour.RED)).isEqualTo(Colour.DARK_BLUE);
        assertThat(view.list("words", List.of())).containsExactly("one", "two", "three");
        assertThat(view.pairs("pairs"))
                .containsExactly(Map.entry("docker.io", "mirror:5000"), Map.entry("ghcr.io", "other"));
        assertThat(view.path("place", "x")).isEqualTo(Path.of("some/here").toAbsolutePath());
        settings.check();
    }

    @Test
    void whatIsNotSetIsTheDefaultAndAnEmptyValueIsNotSet() {
        var settings = Settings.of(Map.of("count", "", "words", ""));

        assertThat(settings.integer("count", 3, 0, 10)).isEqualTo(3);
        assertThat(settings.text("note")).isEmpty();
        assertThat(settings.list("words", List.of("all")))
                .as("a list may be emptied")
                .isEmpty();
        settings.check();
    }

    @Test
    void allProblemsAreToldAtOnceWithKeyValueAndWhatIsAllowed() {
        var settings = Settings.of(Map.of(
                "worker.slots",
                "many",
                "worker.lease-time",
                "2 minutes",
                "worker.lease-tine",
                "2m",
                "api.port",
                "70000"));
        settings.under("worker.").integer("slots", 2, 1, 64);
        settings.under("worker.")
                .duration("lease-time", Duration.ofMinutes(2), Duration.ofSeconds(1), Duration.ofHours(1));
        settings.under("api.").integer("port", 8080, 0, 65535);
        settings.under("api.").problem("tls", "needs a key");

        assertThatThrownBy(settings::check)
                .isInstanceOf(SettingsException.class)
                .satisfies(thrown -> assertThat(thrown.getMessage().lines())
                        .containsExactly(
                                "worker.slots=many: allowed is a whole number, 1 to 64",
                                "worker.lease-time=2 minutes: allowed is 1s to 1h, "
                                        + "a whole number with ms, s, m, h or d, like 500ms, 30s, 2m",
                                "api.port=70000: allowed is a whole number, 0 to 65535",
                                "api.tls: needs a key",
                                "worker.lease-tine: no such key; did you mean worker.lease-time?"));
    }

    @Test
    void theEnvironmentWins() {
        var settings = Settings.of(
                Map.of("worker.lease-time", "2m"), Map.of("SCAIBUNKER_WORKER_LEASE_TIME", "9s"), Path.of("/"));

        assertThat(settings.under("worker.").duration("lease-time", Duration.ZERO, Duration.ZERO, Duration.ofDays(1)))
                .isEqualTo(Duration.ofSeconds(9));
    }

    @Test
    void whatWasReadIsKnownWithItsDefault() {
        var settings = Settings.of(Map.of("a.count", "7"));
        settings.under("a.").integer("count", 3, 0, 10);
        settings.under("a.").text("note");

        assertThat(settings.known())
                .containsExactly(
                        new Settings.Known("a.count", 7L, 3L, "a whole number, 0 to 10"),
                        new Settings.Known("a.note", Optional.empty(), Optional.empty(), "some text"));
        assertThat(settings.known().getFirst().environmentName()).isEqualTo("SCAIBUNKER_A_COUNT");
    }

    @Test
    void aSecretComesFromAFileAndPrintsAsStars(@TempDir Path dir) throws IOException {
        var file = Files.writeString(dir.resolve("password"), "s3cret\n");
        var settings = Settings.of(Map.of("store.password-file", file.toString()));

        var secret = settings.under("store.").secret("password");
        assertThat(secret).map(Secret::reveal).hasValue("s3cret");
        assertThat(secret.toString()).doesNotContain("s3cret");
        settings.check();
    }

    @Test
    void aSecretFileThatIsMissingIsAProblem() {
        var settings = Settings.of(Map.of("store.password-file", "/nowhere/password"));

        assertThat(settings.under("store.").secret("password")).isEmpty();
        assertThatThrownBy(settings::check).hasMessageContaining("store.password-file: cannot read /nowhere/password");
    }

    @Test
    void dataPathsFollowTheDataDirectory() {
        var settings = Settings.of(Map.of("node.data-dir", "/data", "b.dir", "/elsewhere"));

        assertThat(settings.under("a.").dataPath("dir", "worker")).isEqualTo(Path.of("/data/worker"));
        assertThat(settings.under("b.").dataPath("dir", "worker")).isEqualTo(Path.of("/elsewhere"));
        settings.check();
    }

    @Test
    void durationsAndSizesAreWrittenShort() {
        assertThat(List.of(Duration.ZERO, Duration.ofSeconds(120), Duration.ofMillis(1500), Duration.ofDays(2)))
                .extracting(SettingText::print)
                .containsExactly("0s", "2m", "1500ms", "2d");
        assertThat(SettingText.printSize(64L << 20)).isEqualTo("64MiB");
        assertThat(SettingText.parseSize("999999999999TiB")).isEmpty();
    }
}
