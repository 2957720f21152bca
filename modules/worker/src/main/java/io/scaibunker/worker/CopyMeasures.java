package io.scaibunker.worker;

import io.scaibunker.bus.Question.Copy;
import io.scaibunker.model.CachePhase;
import io.scaibunker.telemetry.Measure;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;

/** What is measured of copies that are made here. */
final class CopyMeasures {
    private CopyMeasures() {}

    /** The same work, measured: how long it took and what came of it. */
    static Callable<Optional<Copy>> of(Measure measure, Callable<Optional<Copy>> work) {
        return () -> {
            long began = System.nanoTime();
            String outcome = "CANCELLED";
            try {
                Optional<Copy> made = work.call();
                outcome = made.isPresent() ? "ready" : "given_up";
                return made;
            } catch (CancellationException cancelled) {
                throw cancelled;
            } catch (Exception | Error e) {
                outcome = BakeFailures.classify(e).code().name();
                throw e;
            } finally {
                measure.took(System.nanoTime() - began, outcome);
            }
        };
    }

    /** Bytes that came in for one copy, told by sums that grow. For one thread at a time. */
    static final class Intake {
        private String from = "";
        private long counted;

        void at(CachePhase phase, String source, long done) {
            if (phase != CachePhase.FETCHING) {
                return;
            }
            String kind = source.equals("registry") || source.equals("tar") ? source : "peer";
            // The first sum from a source says what was here before.
            if (kind.equals(from) && done > counted) {
                Measure.COPY_BYTES.add(done - counted, kind);
            }
            from = kind;
            counted = done;
        }
    }
}
