package io.scaibunker.scheduler;

import io.scaibunker.bus.Answer;
import io.scaibunker.bus.Nudge;
import io.scaibunker.bus.Post;
import io.scaibunker.bus.Question.PlaceBunker;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.NetworkProfile;
import io.scaibunker.model.PlatformException;
import io.scaibunker.model.Word;
import io.scaibunker.store.Bunkers;
import io.scaibunker.store.Bunkers.Booking;
import io.scaibunker.store.Database;
import io.scaibunker.store.Workers;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Decides who takes a bunker and books it there. */
final class BunkerPlacer {
    private static final Logger LOG = LoggerFactory.getLogger(BunkerPlacer.class);

    /**
     * How often it is decided anew when the chosen worker's room was gone at booking. Another order got it, so all of a
     * rush come to an end; the bound is for the unlucky one among very many.
     */
    private static final int TRIES_MAX = 40;

    private static final int RETRY_AFTER_SECONDS = 5;

    private final Database database;
    private final Post post;

    BunkerPlacer(Database database, Post post) {
        this.database = database;
        this.post = post;
    }

    /** Asked again with the same id, answers what was booked the first time. */
    Future<Answer.Placement> place(PlaceBunker order) {
        return place(order, 1);
    }

    private Future<Answer.Placement> place(PlaceBunker order, int attempt) {
        return Bunkers.find(database.client(), order.bunkerId())
                .compose(booked -> booked.isPresent()
                        ? Future.succeededFuture(
                                new Answer.Placed(order.bunkerId(), booked.get().workerId()))
                        : decide(order, attempt));
    }

    private Future<Answer.Placement> decide(PlaceBunker order, int attempt) {
        return Workers.candidates(database.client(), order.imageId())
                .map(workers -> Placement.choose(order.bunkerId(), order.room(), network(order), workers))
                .compose(decision -> switch (decision) {
                    case Placement.Refused refused -> Future.succeededFuture(refusal(order, refused));
                    case Placement.Chosen chosen -> book(order, chosen, attempt);
                });
    }

    private static NetworkProfile network(PlaceBunker order) {
        String word = new JsonObject(order.wish()).getString("network_profile", NetworkProfile.ISOLATED.word());
        return Word.parse(NetworkProfile.class, word);
    }

    private static Answer.Placement refusal(PlaceBunker order, Placement.Refused refused) {
        LOG.info("nobody takes {} from {}: {}", order.bunkerId(), order.imageId(), refused.reasons());
        return new Answer.Refused(refused.code(), refused.message(), refused.reasons(), RETRY_AFTER_SECONDS);
    }

    private Future<Answer.Placement> book(PlaceBunker order, Placement.Chosen chosen, int attempt) {
        Booking booking = new Booking(
                order.bunkerId(),
                order.tenantId(),
                order.userId(),
                order.name(),
                order.imageId(),
                chosen.workerId(),
                order.room(),
                new JsonObject(order.wish()),
                record(chosen, attempt));
        return Bunkers.book(database.client(), booking).compose(booked -> {
            if (booked) {
                LOG.info("{} from {} goes to {}", order.bunkerId(), order.imageId(), chosen.workerId());
                post.nudge(new Nudge.BunkersChanged(chosen.workerId()));
                if (!chosen.copyReady()) {
                    post.nudge(new Nudge.CopiesAsked());
                }
                return Future.succeededFuture(new Answer.Placed(order.bunkerId(), chosen.workerId()));
            }
            return attempt < TRIES_MAX
                    ? place(order, attempt + 1)
                    : Future.failedFuture(new PlatformException(
                                    ErrorCode.WORKER_UNAVAILABLE, "workers fill up faster than this could be booked")
                            .retryAfter(Duration.ofSeconds(1)));
        });
    }

    /** Why this worker, kept with the bunker. */
    private static JsonObject record(Placement.Chosen chosen, int attempt) {
        JsonObject passed = new JsonObject();
        chosen.passed().forEach((reason, count) -> passed.put(reason.word(), count));
        return new JsonObject()
                .put("copy", chosen.copyReady() ? "ready" : "to_be_fetched")
                .put("considered", chosen.considered())
                .put("passed_over", passed)
                .put("attempts", attempt);
    }
}
