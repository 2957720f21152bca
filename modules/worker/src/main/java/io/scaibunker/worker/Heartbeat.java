package io.scaibunker.worker;

import io.scaibunker.bus.Post;
import io.scaibunker.bus.Question.WorkerBeat;
import io.scaibunker.model.IncarnationId;
import io.scaibunker.model.WorkerId;
import io.scaibunker.model.WorkerStatus;
import io.vertx.core.Future;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Says every few seconds that this worker lives, and what it has. */
final class Heartbeat {
    private static final Logger LOG = LoggerFactory.getLogger(Heartbeat.class);

    private final Post post;
    private final WorkerConfig config;
    private final WorkerId self;
    private final IncarnationId incarnation;
    private final LongSupplier cacheBytes;
    private final MachineRoom machines;
    private final String grpcAddress;
    private boolean heard;
    private @Nullable WorkerStatus status;

    /** @param cacheBytes what copies and snapshots take */
    Heartbeat(
            Post post,
            WorkerConfig config,
            WorkerId self,
            IncarnationId incarnation,
            LongSupplier cacheBytes,
            MachineRoom machines,
            String grpcAddress) {
        this.post = post;
        this.config = config;
        this.self = self;
        this.incarnation = incarnation;
        this.cacheBytes = cacheBytes;
        this.machines = machines;
        this.grpcAddress = grpcAddress;
    }

    Future<?> beat() {
        WorkerBeat beat = new WorkerBeat(
                self,
                incarnation,
                config.name(),
                config.capacity(),
                cacheBytes.getAsLong(),
                grpcAddress,
                machines.driver().map(driver -> driver.name()).orElse("none"),
                machines.acceleration(),
                config.zone(),
                config.labels(),
                Map.of("java", System.getProperty("java.version"), "scaibunker", version()),
                machines.abilities(),
                config.cacheQuotaBytes() == 0 ? null : config.cacheQuotaBytes());
        return post.ask(beat, config.askTimeout())
                .onSuccess(taken -> heard(taken.status()))
                .onFailure(this::unheard);
    }

    private static String version() {
        String version = WorkerConfig.class.getPackage().getImplementationVersion();
        return version == null ? "" : version;
    }

    private void heard(WorkerStatus now) {
        if (!heard || now != status) {
            LOG.info("{} is {}", self, now.word());
        }
        heard = true;
        status = now;
    }

    private void unheard(Throwable thrown) {
        if (heard) {
            LOG.warn("the scheduler does not hear this worker; it goes on with what it has: {}", thrown.getMessage());
        }
        heard = false;
    }
}
