package io.scaibunker.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.scaibunker.model.AllowRule;
import io.scaibunker.model.Ipv4Network;
import io.scaibunker.model.NetworkProfile;
import io.scaibunker.model.Settings;
import io.scaibunker.model.SettingsException;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class RulesTest {
    private static final NetworkSettings SETTINGS = NetworkSettings.from(Settings.of(Map.of()));
    private static final Link LINK = new Link("100.96.0.0", "100.96.0.1");

    private static Rules listed(String... entries) {
        return Rules.of(
                        NetworkProfile.ALLOWLISTED,
                        Stream.of(entries).map(AllowRule::parse).toList(),
                        0,
                        SETTINGS)
                .orElseThrow();
    }

    @Test
    void onlySomeProfilesHaveANetwork() {
        assertThat(Rules.of(NetworkProfile.ISOLATED, List.of(), 0, SETTINGS)).isEmpty();
        assertThat(Rules.of(NetworkProfile.TRANSIT, List.of(), 0, SETTINGS)).isEmpty();
        assertThat(Rules.of(NetworkProfile.REGISTRY, List.of(), 0, SETTINGS)
                        .orElseThrow()
                        .names("pypi.org"))
                .isTrue();
    }

    @Test
    void portsOfAllRulesForANameCount() {
        var rules = listed("a.org:80", "a.org:443", "*.b.org", "x.b.org:22");
        assertThat(rules.ports("a.org")).containsExactly(80, 443);
        assertThat(rules.ports("x.b.org")).containsExactly(0);
        assertThat(rules.names("b.org")).isFalse();
    }

    @Test
    void theFilterHoldsFixedAddressesAndIsOpenForAllOnlyToTheUnrestricted() {
        var text = Filter.ofBunker(listed("198.51.100.0/24:443", "203.0.113.9"), LINK, SETTINGS);
        assertThat(text)
                .contains("ip daddr 198.51.100.0/24 meta l4proto { tcp, udp } th dport 443 accept")
                .contains("ip daddr 203.0.113.9 accept")
                .contains("policy drop")
                .doesNotContain("    accept\n");
        assertThat(Filter.ofBunker(new Rules(true, List.of(), 0), LINK, SETTINGS))
                .contains("    accept\n");
    }

    @Test
    void aHostThatForwardedNothingGoesOnToForwardForBunkersAlone() {
        var pool = Ipv4Network.of("100.96.0.0/16");
        assertThat(Filter.ofHost(pool, false)).contains("forward drop");
        assertThat(Filter.ofHost(pool, true)).doesNotContain("forward drop");
    }

    @Test
    void aWrongSettingIsNamed() {
        for (var wrong : List.of(
                Map.of("network-pool", "100.96.0.0/31"),
                Map.of("network-pool", "here"),
                Map.of("network-privates", "10.0.0.1/8"),
                Map.of("network-registries", "https://pypi.org"),
                Map.of("network-dns", "192.0.2.1:0"))) {
            var settings = Settings.of(wrong);
            NetworkSettings.from(settings);
            assertThatThrownBy(settings::check)
                    .isInstanceOf(SettingsException.class)
                    .hasMessageContaining(wrong.keySet().iterator().next());
        }
    }
}
