package io.scaibunker.cli;

import io.scaibunker.ext4.ImageWriter;
import io.scaibunker.ext4.Mke2fsWriter;
import io.scaibunker.ext4.NativeWriter;
import io.scaibunker.ext4.SegmentStore;
import io.scaibunker.layers.LayerLimits;
import java.util.Locale;

/** The writers to choose from. */
enum Baker {
    NATIVE,
    MKE2FS;

    /** Layers read at once: as {@link NativeWriter#NativeWriter()} has it. */
    private static final int THREADS = Math.clamp(Runtime.getRuntime().availableProcessors() / 2, 1, 64);

    /** @param segments remembers layers; the reference has no use for them */
    ImageWriter writer(SegmentStore segments) {
        return switch (this) {
            case NATIVE -> new NativeWriter(LayerLimits.DEFAULT, THREADS, segments);
            case MKE2FS -> new Mke2fsWriter();
        };
    }

    /** As it is written on the command line. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
