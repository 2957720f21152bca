package io.scaibunker.oci;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.assertj.core.api.ThrowableAssertAlternative;

/** «This must be refused, for that reason.» */
final class Refused {
    private Refused() {}

    static ThrowableAssertAlternative<SourceException> with(SourceException.Reason reason, ThrowingCallable call) {
        return assertThatExceptionOfType(SourceException.class)
                .isThrownBy(call)
                .matches(failure -> failure.reason() == reason, "reason " + reason);
    }
}
