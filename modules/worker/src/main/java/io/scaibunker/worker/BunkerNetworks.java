package io.scaibunker.worker;

import io.scaibunker.bus.Answer.WantedBunker;
import io.scaibunker.microvm.MachineNetwork;
import io.scaibunker.model.AllowRule;
import io.scaibunker.model.NetworkWish;
import io.scaibunker.model.WorkerId;
import io.scaibunker.network.BunkerNetwork;
import io.scaibunker.network.NetworkAbility;
import io.scaibunker.network.Networks;
import io.scaibunker.network.Rules;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The networks of this worker's bunkers, each named as its bunker. Blocks; safe for several threads. */
final class BunkerNetworks implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(BunkerNetworks.class);

    private final Networks networks;
    private final boolean wanted;
    private final WorkerId self;
    private volatile NetworkAbility ability = NetworkAbility.isolatedOnly("not probed yet");

    BunkerNetworks(WorkerConfig config, WorkerId self) {
        this.networks = Networks.open(config.network());
        this.wanted = config.networks() == WorkerConfig.OnOff.AUTO;
        this.self = self;
    }

    void probe() {
        ability = wanted
                ? networks.probe("probe-" + self)
                : NetworkAbility.isolatedOnly("conf says that bunkers get no network");
        LOG.info("bunkers may have the networks {}: {}", ability.profiles(), ability.reason());
    }

    NetworkAbility ability() {
        return ability;
    }

    /**
     * Empty for a bunker without a network device.
     *
     * @param user who may open it
     */
    Optional<MachineNetwork> connect(WantedBunker bunker, int user) throws IOException {
        Optional<Rules> rules = rules(bunker);
        if (rules.isEmpty()) {
            return Optional.empty();
        }
        BunkerNetwork made = networks.up(bunker.bunkerId().toString(), rules.get(), user);
        return Optional.of(
                new MachineNetwork(made.namespace(), made.tap(), made.address(), made.gateway(), made.mtu()));
    }

    /** A bunker that runs since before this run of the worker. */
    void adopt(WantedBunker bunker) {
        rules(bunker).ifPresent(rules -> {
            try {
                networks.adopt(bunker.bunkerId().toString(), rules);
            } catch (IOException | RuntimeException e) {
                LOG.warn("{} gets no names answered: {}", bunker.bunkerId(), e.getMessage());
            }
        });
    }

    /** @param bunker its id as text, which may be that of something else that lay around */
    void remove(String bunker) throws IOException {
        networks.down(bunker);
    }

    private Optional<Rules> rules(WantedBunker bunker) {
        NetworkWish wish = Objects.requireNonNullElse(bunker.network(), NetworkWish.ISOLATED);
        List<AllowRule> allowed =
                wish.allowlist().stream().map(AllowRule::parse).toList();
        return networks.rules(wish.profile(), allowed, wish.bandwidthMbit());
    }

    @Override
    public void close() {
        networks.close();
    }
}
