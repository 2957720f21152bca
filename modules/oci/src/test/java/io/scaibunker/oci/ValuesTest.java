package io.scaibunker.oci;

import static io.scaibunker.oci.SourceException.Reason.AUTH;
import static io.scaibunker.oci.SourceException.Reason.INVALID_REFERENCE;
import static io.scaibunker.oci.SourceException.Reason.UNREACHABLE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ValuesTest {
    private static final String HEX = "0123456789abcdef".repeat(4);

    @ParameterizedTest
    @CsvSource({
        "debian, docker.io/library/debian:latest",
        "r-base:4.4, docker.io/library/r-base:4.4",
        "index.docker.io/team/app, docker.io/team/app:latest",
        "docker.io/r-base:4.4, docker.io/library/r-base:4.4",
        "team/app, docker.io/team/app:latest",
        "localhost:5000/a/b:c, localhost:5000/a/b:c",
        "ghcr.io/team/app:v1, ghcr.io/team/app:v1",
    })
    void aReferenceIsNormalisedAsDockerUsersExpect(String written, String normal) {
        assertThat(ImageReference.parse(written)).hasToString(normal);
    }

    @Test
    void aDigestWinsOverATag() {
        var reference = ImageReference.parse("host:1/a:tag@sha256:" + HEX);
        assertThat(reference.tagOrDigest()).isEqualTo("sha256:" + HEX);
        assertThat(ImageReference.parse("a@sha256:" + HEX).digest()).contains(new ContentDigest(HEX));
        assertThat(ImageReference.parse("a").at(new ContentDigest(HEX)).tagOrDigest())
                .isEqualTo("sha256:" + HEX);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "UPPER/case",
                "a b",
                "https://host/a",
                "a:b:c:d",
                "a@sha256:12",
                "../up",
                "a\u0000b",
                "host:5000/"
            })
    void whatIsNoReferenceIsNamed(String written) {
        Refused.with(INVALID_REFERENCE, () -> ImageReference.parse(written)).withMessageContaining("image reference «");
    }

    @Test
    void aThousandLettersAreNoReference() {
        Refused.with(INVALID_REFERENCE, () -> ImageReference.parse("a".repeat(1000)))
                .satisfies(failure -> assertThat(failure.getMessage()).hasSizeLessThan(400));
    }

    @Test
    void aMessageHoldsNoControlCharacters() {
        assertThat(SourceException.shown("a\n\u001b[31m\u202e\u2028b"))
                .doesNotContainPattern("[\\p{Cc}\\p{Cf}\\p{Zl}]");
    }

    @Test
    void thePlainestVariantThatRunsIsNearest() {
        var arm = Platform.parse("linux/arm/v7");
        assertThat(Platform.parse("linux/arm/v7").distanceFrom(arm)).contains(0);
        assertThat(Platform.parse("linux/arm/v6").distanceFrom(arm)).contains(1);
        assertThat(Platform.parse("linux/arm/v8").distanceFrom(arm)).isEmpty();
        assertThat(Platform.parse("linux/arm64/v8").distanceFrom(Platform.parse("linux/aarch64")))
                .contains(0);
        assertThat(Platform.parse("linux/amd64/v3").distanceFrom(Platform.LINUX_AMD64))
                .contains(3);
        assertThat(Platform.parse("windows/amd64").distanceFrom(Platform.LINUX_AMD64))
                .isEmpty();
        Refused.with(INVALID_REFERENCE, () -> Platform.parse("linux"));
    }

    @Test
    void theAddressesOfCloudSecretsAreDeniedByDefault() {
        Refused.with(UNREACHABLE, () -> RegistryPolicy.DEFAULT.check("169.254.169.254"))
                .withMessageContaining("169.254.0.0/16")
                .matches(failure -> !failure.mayPass());
        Refused.with(UNREACHABLE, () -> RegistryPolicy.DEFAULT.check("[fe80::1]"));
        Refused.with(UNREACHABLE, () -> RegistryPolicy.DEFAULT.check("[::ffff:169.254.169.254]"));
        RegistryPolicy.DEFAULT.check("127.0.0.1");
        RegistryPolicy.DEFAULT.check("10.0.0.1");
    }

    @Test
    void anOperatorDeniesHostsAndNetworks() {
        var policy = new RegistryPolicy(Set.of("example.org"), List.of("10.128.0.0/9", "127.0.0.0/8"));
        Refused.with(UNREACHABLE, () -> policy.check("Registry.Example.org")).withMessageContaining("by name");
        Refused.with(UNREACHABLE, () -> policy.check("10.200.1.1"));
        Refused.with(UNREACHABLE, () -> policy.check("localhost"));
        policy.check("10.127.1.1");
        assertThatIllegalArgumentException().isThrownBy(() -> new RegistryPolicy(Set.of(), List.of("10.0.0.0")));
        assertThatIllegalArgumentException().isThrownBy(() -> new RegistryPolicy(Set.of(), List.of("example.org/8")));
    }

    @Test
    void aChallengeIsReadAsRegistriesWriteIt() {
        var challenge = Challenge.find(
                "bearer",
                List.of(
                        "Basic realm=\"x\"",
                        "Bearer realm=\"https://auth/token\",service=reg, scope=\"repository:a:pull,push\""));
        assertThat(challenge.orElseThrow().parameter("realm")).contains("https://auth/token");
        assertThat(challenge.orElseThrow().parameter("service")).contains("reg");
        assertThat(challenge.orElseThrow().parameter("scope")).contains("repository:a:pull,push");
        assertThat(Challenge.find("negotiate", List.of("Basic"))).isEqualTo(Optional.empty());
    }

    @Test
    void aSecretIsNeverPrinted() {
        assertThat(new RegistryCredential.Password("me", "hush").toString())
                .contains("me")
                .doesNotContain("hush");
        assertThat(new RegistryCredential.Token("hush").toString()).doesNotContain("hush");
        Refused.with(AUTH, () -> new RegistryCredential.Token("hush\r\nHost: x"))
                .satisfies(failure -> assertThat(failure.toString()).doesNotContain("hush"));
    }
}
