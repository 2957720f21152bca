package io.scaibunker.oci;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What the operator decides about sources. Start from {@link #DEFAULTS} and change what is known.
 *
 * @param tarRoots directories below which tar sources may lie; none means no tar sources
 * @param insecureHosts registries (host:port, or host for any port) that are spoken to in plain http; all others in
 *     https. A redirect to plain http is followed only to these
 * @param mirrors by registry host: hosts to try before it, in order. They get the operator's credentials of their own, never those
 *     of the host they stand for
 * @param dockerConfig a docker {@code config.json} with the operator's credentials and credential helpers
 * @param policy which addresses no tenant may make a worker call
 * @param patience how long and how often
 * @param maxImageBytes sum of an image's layers as stored, or size of a tar; default 64 GiB
 */
public record SourceConfig(
        List<Path> tarRoots,
        Set<String> insecureHosts,
        Map<String, List<String>> mirrors,
        Optional<Path> dockerConfig,
        RegistryPolicy policy,
        Patience patience,
        long maxImageBytes) {
    /** No tar roots, https only, no credentials. */
    public static final SourceConfig DEFAULTS = new SourceConfig(
            List.of(), Set.of(), Map.of(), Optional.empty(), RegistryPolicy.DEFAULT, Patience.DEFAULT, 64L << 30);

    public SourceConfig {
        tarRoots = List.copyOf(tarRoots);
        insecureHosts = Set.copyOf(insecureHosts);
        mirrors = Map.copyOf(mirrors);
        if (maxImageBytes < 1) {
            throw new IllegalArgumentException("maxImageBytes must be positive: " + maxImageBytes);
        }
    }

    /** With these directories for tar sources. */
    public SourceConfig withTarRoots(List<Path> roots) {
        return new SourceConfig(roots, insecureHosts, mirrors, dockerConfig, policy, patience, maxImageBytes);
    }

    /** With these hosts spoken to in plain http. */
    public SourceConfig withInsecureHosts(Set<String> hosts) {
        return new SourceConfig(tarRoots, hosts, mirrors, dockerConfig, policy, patience, maxImageBytes);
    }

    /** With these mirrors by host. */
    public SourceConfig withMirrors(Map<String, List<String>> byHost) {
        return new SourceConfig(tarRoots, insecureHosts, byHost, dockerConfig, policy, patience, maxImageBytes);
    }

    /** With this docker {@code config.json}. */
    public SourceConfig withDockerConfig(Path file) {
        return new SourceConfig(tarRoots, insecureHosts, mirrors, Optional.of(file), policy, patience, maxImageBytes);
    }

    /** With this rule about addresses. */
    public SourceConfig withPolicy(RegistryPolicy rule) {
        return new SourceConfig(tarRoots, insecureHosts, mirrors, dockerConfig, rule, patience, maxImageBytes);
    }

    /** With this patience. */
    public SourceConfig withPatience(Patience howLong) {
        return new SourceConfig(tarRoots, insecureHosts, mirrors, dockerConfig, policy, howLong, maxImageBytes);
    }

    /** With this bound on an image's stored size. */
    public SourceConfig withMaxImageBytes(long bytes) {
        return new SourceConfig(tarRoots, insecureHosts, mirrors, dockerConfig, policy, patience, bytes);
    }

    /** Whether plain http may go to {@code host[:port]}: it is listed so, or its host is listed without a port. */
    boolean isInsecure(String authority) {
        return insecureHosts.contains(authority) || insecureHosts.contains(authority.replaceFirst(":[0-9]+$", ""));
    }

    /**
     * How long and how often a registry is asked.
     *
     * @param connectTimeout until a connection stands, default 10 s
     * @param stallTimeout the longest silence before an answer or within a body, default 30 s; fewer than 16 KiB in that time
     *     count as silence
     * @param attempts how often one request is tried before its failure is told, at least 1, default 4
     * @param firstPause before the second attempt; doubles each time, default 0.5 s
     * @param longestPause bound of that; a longer {@code Retry-After} is not waited for here but told. Default 15 s
     */
    public record Patience(
            Duration connectTimeout, Duration stallTimeout, int attempts, Duration firstPause, Duration longestPause) {
        public static final Patience DEFAULT = new Patience(
                Duration.ofSeconds(10), Duration.ofSeconds(30), 4, Duration.ofMillis(500), Duration.ofSeconds(15));

        public Patience {
            if (attempts < 1 || !connectTimeout.isPositive() || !stallTimeout.isPositive() || firstPause.isNegative()) {
                throw new IllegalArgumentException("attempts and time-outs must be positive");
            }
        }

        /** The pause after this many failed attempts. */
        Duration pauseAfter(int failures) {
            var doubled = firstPause.multipliedBy(1L << Math.min(failures - 1, 20));
            return doubled.compareTo(longestPause) < 0 ? doubled : longestPause;
        }
    }
}
