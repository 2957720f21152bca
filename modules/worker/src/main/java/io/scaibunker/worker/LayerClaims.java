package io.scaibunker.worker;

import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CancellationException;

/**
 * The layers that bakes under way are unpacking. A bake that needs one of them waits for the other bake's end, and then finds
 * the layer in a copy: two images on one base unpack it once.
 */
final class LayerClaims {
    private final Set<String> claimed = new HashSet<>();

    /** Layers that are this bake's to unpack, until it is closed. */
    final class Claim implements AutoCloseable {
        private final Set<String> mine;

        private Claim(Set<String> mine) {
            this.mine = mine;
        }

        @Override
        public void close() {
            synchronized (LayerClaims.this) {
                claimed.removeAll(mine);
                LayerClaims.this.notifyAll();
            }
        }
    }

    /**
     * Claims all of the layers at once, when nobody else has one of them; so two bakes never wait for each other.
     *
     * @throws CancellationException when the thread is interrupted
     */
    synchronized Claim claim(Set<String> diffIds) {
        try {
            while (diffIds.stream().anyMatch(claimed::contains)) {
                wait();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted while another bake unpacked a layer");
        }
        claimed.addAll(diffIds);
        return new Claim(Set.copyOf(diffIds));
    }
}
