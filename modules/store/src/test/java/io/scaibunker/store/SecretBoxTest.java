package io.scaibunker.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SecretBoxTest {
    private static final byte[] PLAIN = "hush".getBytes(StandardCharsets.UTF_8);

    @Test
    void whatIsSealedForOnePurposeOpensForNoOther() {
        SecretBox box = SecretBox.fresh();
        byte[] sealed = box.seal(PLAIN, "a");

        assertThat(box.open(sealed, "a")).isEqualTo(PLAIN);
        assertThatThrownBy(() -> box.open(sealed, "b")).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> SecretBox.fresh().open(sealed, "a")).isInstanceOf(IllegalStateException.class);
        sealed[sealed.length - 1] ^= 1;
        assertThatThrownBy(() -> box.open(sealed, "a")).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> box.open(new byte[3], "a")).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void theKeyIsMadeOnceAndReadableByItsOwnerAlone(@TempDir Path home) throws IOException {
        Path file = home.resolve("deep/secrets-key");
        byte[] sealed = SecretBox.at(file).seal(PLAIN, "a");

        assertThat(SecretBox.at(file).open(sealed, "a")).isEqualTo(PLAIN);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        try (var files = Files.list(file.getParent())) {
            assertThat(files).containsExactly(file);
        }
    }

    @Test
    void aKeyOfAnotherLengthIsRefused() {
        assertThatThrownBy(() -> SecretBox.ofKey("YWJj")).isInstanceOf(IllegalArgumentException.class);
    }
}
