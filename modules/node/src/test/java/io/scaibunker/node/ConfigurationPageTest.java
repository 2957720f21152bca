package io.scaibunker.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.scaibunker.model.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The reference for readers is made, not written: {@code -Dpages.write=true} writes it anew. */
class ConfigurationPageTest {
    private static final Path PAGE = Checkout.ROOT.resolve("modules/node/CONFIGURATION.md");

    @Test
    void thePageIsMadeOfTheFileAndTheCode() throws IOException {
        var settings = Settings.of(Map.of(), Map.of(), Checkout.ROOT);
        Configuration.from(settings);
        var made = ConfigurationPage.of(
                Checkout.text(Checkout.ROOT.resolve("conf/scaibunker.properties")), settings.known());
        if (Boolean.getBoolean("pages.write")) {
            Files.writeString(PAGE, made);
        }
        assertThat(Checkout.text(PAGE))
                .as("a setting has changed; write the page anew: mvn -pl modules/node surefire:test"
                        + " -Dtest=ConfigurationPageTest -Dpages.write=true")
                .isEqualTo(made);
    }
}
