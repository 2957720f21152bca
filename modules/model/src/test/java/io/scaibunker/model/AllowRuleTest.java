package io.scaibunker.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AllowRuleTest {
    @Test
    void aNameMeansItselfAlone() {
        AllowRule rule = AllowRule.parse("Example.ORG");
        assertThat(rule).isEqualTo(new AllowRule("example.org", false, Optional.empty(), 0));
        assertThat(rule.names("example.org")).isTrue();
        assertThat(rule.names("www.example.org")).isFalse();
        assertThat(rule.names("notexample.org")).isFalse();
    }

    @Test
    void aStarMeansAllBelowAndNotTheNameItself() {
        AllowRule rule = AllowRule.parse("*.example.org:8443");
        assertThat(rule.port()).isEqualTo(8443);
        assertThat(rule.names("www.example.org")).isTrue();
        assertThat(rule.names("a.b.example.org")).isTrue();
        assertThat(rule.names("example.org")).isFalse();
        assertThat(rule.names("badexample.org")).isFalse();
        assertThat(rule.names(".example.org")).isFalse();
    }

    @Test
    void addressesAndNetworksAreTakenAsTheyAre() {
        assertThat(AllowRule.parse("198.51.100.7:22").network()).contains(Ipv4Network.of("198.51.100.7"));
        assertThat(AllowRule.parse("198.51.100.0/24").network()).contains(Ipv4Network.of("198.51.100.0/24"));
        assertThat(AllowRule.parse("198.51.100.7").names("198.51.100.7")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "*",
                "*.",
                "*.org",
                "org",
                "localhost",
                "https://example.org",
                "example.org/path",
                "a..b.org",
                "-a.org",
                "a-.org",
                "exa mple.org",
                "example.org:0",
                "example.org:65536",
                "example.org:",
                "example.org:http",
                "*.*.org",
                "a.*.org",
                "ex*.org",
                "198.51.100.0/16",
                "198.51.100.256",
                "0198.51.100.1",
                "1.2.3",
                "::1",
                "[::1]:80",
                "bücher.de",
                "example.org\n",
                "$(reboot).org",
                "a;b.org",
                "0x7f.0.0.1",
                "example.org.:443"
            })
    void whatIsNoneIsRefusedWithWhatIsExpected(String text) {
        assertThatThrownBy(() -> AllowRule.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("expected");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.0.0.1",
                "169.254.169.254",
                "169.254.169.254:80",
                "10.1.2.3",
                "192.168.0.0/16",
                "172.20.0.1",
                "0.0.0.0/0",
                "100.96.0.1",
                "224.0.0.1",
                "255.255.255.255",
                "128.0.0.0/1",
                "0.0.0.0"
            })
    void noAddressThatIsNotPublicIsTaken(String text) {
        assertThatThrownBy(() -> AllowRule.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("public");
    }

    @Test
    void aLongNameIsShownCut() {
        assertThatThrownBy(() -> AllowRule.parse("a.".repeat(200) + "org"))
                .hasMessageContaining("…")
                .message()
                .hasSizeLessThan(300);
    }

    @Test
    void networksKnowWhatTheyHold() {
        assertThat(Ipv4Network.of("10.0.0.0/8").overlaps(Ipv4Network.of("10.255.0.1")))
                .isTrue();
        assertThat(Ipv4Network.of("10.0.0.0/8").overlaps(Ipv4Network.of("11.0.0.0/8")))
                .isFalse();
        assertThat(Ipv4Network.of("0.0.0.0/0").overlaps(Ipv4Network.of("11.0.0.0/8")))
                .isTrue();
        assertThat(Ipv4Network.of("100.96.0.0/16").address(257)).isEqualTo("100.96.1.1");
        assertThat(Ipv4Network.of("100.96.0.0/16").size()).isEqualTo(65_536);
        assertThat(Ipv4Network.of("100.96.0.0/16")).hasToString("100.96.0.0/16");
        assertThat(Ipv4Network.of("200.1.2.3")).hasToString("200.1.2.3");
    }
}
