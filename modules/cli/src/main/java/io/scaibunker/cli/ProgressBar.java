package io.scaibunker.cli;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;
import java.util.function.LongSupplier;

/** One line on a terminal, drawn over and over: phase, bar, share, bytes, rate, time left. For several threads. */
final class ProgressBar implements Progress {
    private static final long BETWEEN_DRAWINGS = Duration.ofMillis(100).toNanos();
    /** Before that a rate is noise. */
    private static final double FIRST_RATE_SECONDS = 0.3;

    private static final int WIDTH = 24;
    private static final double MB = 1e6;
    private static final String START_OF_LINE = "\r\u001b[K";

    private final PrintStream terminal;
    private final LongSupplier nanoTime;
    private String phase = "";
    private long phaseStart;
    /** What the phase began with: it took no time. */
    private long doneBefore = -1;

    private long drawnAt;
    private boolean drawn;

    ProgressBar(PrintStream terminal, LongSupplier nanoTime) {
        this.terminal = terminal;
        this.nanoTime = nanoTime;
    }

    @Override
    public synchronized void enter(String next) {
        phase = next;
        phaseStart = nanoTime.getAsLong();
        doneBefore = -1;
        draw(0, -1);
    }

    @Override
    public synchronized void bytes(long done, long total) {
        if (doneBefore < 0 || done < doneBefore) {
            doneBefore = done;
        }
        if (!drawn || nanoTime.getAsLong() - drawnAt >= BETWEEN_DRAWINGS) {
            draw(done, total);
        }
    }

    @Override
    public synchronized void end() {
        if (drawn) {
            terminal.print(START_OF_LINE);
            terminal.flush();
            drawn = false;
        }
    }

    private void draw(long done, long total) {
        drawnAt = nanoTime.getAsLong();
        drawn = true;
        terminal.print(START_OF_LINE + line(phase, done, Math.max(0, doneBefore), total, (drawnAt - phaseStart) / 1e9));
        terminal.flush();
    }

    /** What the line says; within 80 columns. */
    static String line(String phase, long done, long before, long total, double seconds) {
        var line = new StringBuilder(String.format(Locale.ROOT, "%-10s", phase));
        if (total > 0) {
            var share = Math.clamp((double) done / total, 0, 1);
            var filled = (int) (share * WIDTH);
            line.append('[').repeat('#', filled).repeat('.', WIDTH - filled).append(']');
            line.append(String.format(Locale.ROOT, " %3d %%", (int) (share * 100)));
            line.append(String.format(Locale.ROOT, "  %.0f/%.0f MB", done / MB, total / MB));
        } else if (done > 0) {
            line.append(String.format(Locale.ROOT, "%.0f MB", done / MB));
        }
        if (done > before && seconds >= FIRST_RATE_SECONDS) {
            var rate = (done - before) / seconds;
            line.append(String.format(Locale.ROOT, "  %.0f MB/s", rate / MB));
            if (total > done) {
                line.append("  ETA ").append(clock((long) Math.ceil((total - done) / rate)));
            }
        }
        return line.toString();
    }

    private static String clock(long seconds) {
        return seconds < 60
                ? seconds + " s"
                : seconds < 6000 ? String.format(Locale.ROOT, "%d:%02d", seconds / 60, seconds % 60) : "long";
    }
}
