package io.scaibunker.worker;

import io.scaibunker.oci.RegistryPolicy;
import io.scaibunker.oci.SourceConfig;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** What conf says about sources, in the words of the library that reads them. */
final class SourceRules {
    private SourceRules() {}

    static SourceConfig of(WorkerConfig.Sources conf) {
        SourceConfig.Patience usual = SourceConfig.Patience.DEFAULT;
        Set<String> denied = new HashSet<>(RegistryPolicy.DEFAULT.deniedHosts());
        denied.addAll(conf.deniedHosts());
        SourceConfig rules = SourceConfig.DEFAULTS
                .withTarRoots(conf.tarRoots())
                .withInsecureHosts(Set.copyOf(conf.insecureRegistries()))
                .withMirrors(mirrors(conf.mirrors()))
                .withPolicy(new RegistryPolicy(denied, RegistryPolicy.DEFAULT.deniedNetworks()))
                .withPatience(new SourceConfig.Patience(
                        conf.connectTimeout(),
                        conf.stallTimeout(),
                        usual.attempts(),
                        usual.firstPause(),
                        usual.longestPause()));
        return conf.dockerConfig().map(rules::withDockerConfig).orElse(rules);
    }

    /** {@code docker.io=mirror-a mirror-b}: several for one host are told apart by spaces. */
    private static Map<String, List<String>> mirrors(Map<String, String> byHost) {
        return byHost.entrySet().stream()
                .collect(Collectors.toMap(
                        Map.Entry::getKey,
                        entry -> Arrays.asList(entry.getValue().split("\\s+"))));
    }
}
