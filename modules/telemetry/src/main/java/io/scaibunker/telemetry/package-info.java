/**
 * What the platform measures of itself, for Prometheus. {@link io.scaibunker.telemetry.Measure} has every metric by its name,
 * with what it says and its labels; {@code METRICS.md} beside this module is the same as a page.
 *
 * <p>As with logging, there is one place for a whole process: rooms say what happened, and the node decides whether anybody
 * hears of it. Where nobody has opened an {@link io.scaibunker.telemetry.Exposition}, as in most tests, nothing is kept.
 */
@NullMarked
package io.scaibunker.telemetry;

import org.jspecify.annotations.NullMarked;
