package io.scaibunker.worker;

import io.scaibunker.bus.Answer.WantedBunker;
import io.scaibunker.bus.Answer.WantedBunkers;
import io.scaibunker.bus.MessageText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What was wanted of a bunker when it was booted, beside its machine: what the next run of the worker goes by. */
final class BunkerFile {
    private static final Logger LOG = LoggerFactory.getLogger(BunkerFile.class);
    private static final String NAME = "bunker.json";

    private BunkerFile() {}

    static void write(Path place, WantedBunker wanted) throws IOException {
        WorkerFiles.writeWhole(place.resolve(NAME), MessageText.of(new WantedBunkers(List.of(wanted), null)));
    }

    /** Empty where a run died before it had written it, or the disk did not keep it. */
    static Optional<WantedBunker> read(Path place) {
        try {
            return MessageText.read(Files.readString(place.resolve(NAME)), WantedBunkers.class).bunkers().stream()
                    .filter(wanted -> place.endsWith(wanted.bunkerId().toString()))
                    .findFirst();
        } catch (NoSuchFileException none) {
            return Optional.empty();
        } catch (IOException | RuntimeException broken) {
            LOG.warn("{} cannot be read", place.resolve(NAME), broken);
            return Optional.empty();
        }
    }
}
