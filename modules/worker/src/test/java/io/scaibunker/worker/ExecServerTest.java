package io.scaibunker.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.grpc.common.GrpcStatus;
import java.io.IOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

class ExecServerTest {
    @Test
    void aBunkerWithoutTimeForItsAgentIsBusyAndNotItsWorkerAway() {
        assertThat(ExecServer.statusOf(new TimeoutException())).isEqualTo(GrpcStatus.RESOURCE_EXHAUSTED);
        assertThat(ExecServer.statusOf(new ExecutionException(new IOException("the line broke"))))
                .isEqualTo(GrpcStatus.UNAVAILABLE);
    }
}
