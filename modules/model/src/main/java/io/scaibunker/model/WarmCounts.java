package io.scaibunker.model;

/**
 * What asking for copies came to, one count a targeted worker.
 *
 * @param queued pending or being built
 * @param ready already there
 * @param failed failed and not asked again
 * @param skipped on workers that are lost
 */
public record WarmCounts(int queued, int ready, int failed, int skipped) {
    public static final WarmCounts NONE = new WarmCounts(0, 0, 0, 0);

    public WarmCounts plus(WarmCounts other) {
        return new WarmCounts(
                queued + other.queued, ready + other.ready, failed + other.failed, skipped + other.skipped);
    }
}
