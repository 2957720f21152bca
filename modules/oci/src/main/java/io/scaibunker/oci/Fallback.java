package io.scaibunker.oci;

import java.util.List;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Mirrors first, the host itself last: the last one's failure is the one that is told. */
final class Fallback {
    private static final Logger LOG = LoggerFactory.getLogger(Fallback.class);

    private Fallback() {}

    static <T> T first(List<RegistryEndpoint> endpoints, Function<RegistryEndpoint, T> work) {
        for (var endpoint : endpoints.subList(0, endpoints.size() - 1)) {
            try {
                return work.apply(endpoint);
            } catch (SourceException failure) {
                if (failure.reason() == SourceException.Reason.DISK_FULL) {
                    throw failure;
                }
                LOG.info("mirror {} failed, asking the next: {}", endpoint.host(), failure.getMessage());
            }
        }
        return work.apply(endpoints.getLast());
    }
}
