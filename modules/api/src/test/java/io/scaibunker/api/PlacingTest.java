package io.scaibunker.api;

import static io.scaibunker.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.scaibunker.bus.Answer;
import io.scaibunker.bus.Post;
import io.scaibunker.bus.Question.PlaceBunker;
import io.scaibunker.model.BunkerId;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.PlatformException;
import io.scaibunker.model.Room;
import io.scaibunker.model.TenantId;
import io.scaibunker.model.UserId;
import io.scaibunker.model.WorkerId;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PlacingTest {
    private static final Duration LONG = Duration.ofMinutes(1);
    private static final WorkerId WORKER = WorkerId.fresh();

    private final RunningApi api = new RunningApi();
    private final Post post = new Post(api.vertx);
    private final Placing placing = new Placing(api.database, post, Duration.ofSeconds(5));
    private final Promise<Void> gone = Promise.promise();
    private final List<PlaceBunker> asked = new CopyOnWriteArrayList<>();
    private final PlaceBunker order = new PlaceBunker(
            BunkerId.fresh(), TenantId.fresh(), UserId.fresh(), ImageId.fresh(), "b", new Room(1, 1, 1), "{}", 0);

    @AfterEach
    void close() {
        api.close();
    }

    @Test
    void whoWaitsAsksAgainWithTheSameId() {
        scheduler(turn -> turn < 3 ? refused(true) : placed());
        assertThat(RunningApi.get(placing.place(order, LONG, gone.future()))).isEqualTo(placed());
        assertThat(asked).hasSize(3).allSatisfy(one -> {
            assertThat(one.bunkerId()).isEqualTo(order.bunkerId());
            assertThat(one.waitMs()).isPositive();
        });
    }

    @Test
    void whereWaitingIsOfNoUseNobodyWaits() {
        scheduler(turn -> refused(false));
        assertThat(RunningApi.get(placing.place(order, LONG, gone.future()))).isEqualTo(refused(false));
        assertThat(asked).hasSize(1);
    }

    @Test
    void whoDoesNotWaitAsksOnce() {
        scheduler(turn -> refused(true));
        assertThat(RunningApi.get(placing.place(order, Duration.ZERO, gone.future())))
                .isEqualTo(refused(true));
        assertThat(asked).extracting(PlaceBunker::waitMs).containsExactly(0);
    }

    @Test
    void aCallerThatIsGoneAsksNoMore() {
        scheduler(turn -> {
            gone.tryComplete();
            return refused(true);
        });
        assertThat(RunningApi.get(placing.place(order, LONG, gone.future()))).isEqualTo(refused(true));
        assertThat(asked).hasSize(1);
    }

    @Test
    void whatWasBookedForACallerThatIsGoneEnds() {
        book();
        scheduler(turn -> {
            gone.tryComplete();
            return placed();
        });
        Future<?> placement = placing.place(order, LONG, gone.future());
        assertThat(catchThrowableOfType(PlatformException.class, () -> RunningApi.get(placement))
                        .code())
                .isEqualTo(ErrorCode.CANCELLED);
        assertThat(api.rows.rows("SELECT intent FROM bunkers").getFirst()).containsEntry("intent", "end");
    }

    @Test
    void whoClosesTheConnectionWhileWaitingForACopyLeavesNoBunker() throws Exception {
        Promise<Answer.Placement> copyIsThere = Promise.promise();
        post.serve(PlaceBunker.ADDRESS, PlaceBunker.class, one -> {
            asked.add(one);
            return copyIsThere.future();
        });
        RunningApi.get(post.open());
        api.register("image", api.superKey);
        byte[] body = "{\"image\":\"image\",\"wait_for_image_s\":60}".getBytes(StandardCharsets.US_ASCII);
        String head = "POST " + RunningApi.BASE + "/bunkers HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer "
                + api.superKey + "\r\nContent-Type: application/json\r\nContent-Length: " + body.length + "\r\n\r\n";
        try (var socket = new Socket("127.0.0.1", api.verticle.port())) {
            socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
            socket.getOutputStream().write(body);
            eventually(() -> assertThat(asked).isNotEmpty());
        }
        // Told on the loop that heard of the close before.
        assertThat(api.get(RunningApi.BASE + "/bunkers", api.superKey).status()).isEqualTo(200);
        BunkerId booked = asked.getFirst().bunkerId();
        insert(booked);
        copyIsThere.complete(new Answer.Placed(booked, WORKER));
        eventually(() -> assertThat(api.rows.rows("SELECT intent FROM bunkers").getFirst())
                .containsEntry("intent", "end"));
    }

    @Test
    void whatWasBookedAndNotHeardOfEnds() {
        book();
        scheduler(turn -> {
            throw PlatformException.unavailable("the database", null);
        });
        Future<?> placement = placing.place(order, Duration.ZERO, gone.future());
        assertThat(catchThrowableOfType(PlatformException.class, () -> RunningApi.get(placement))
                        .code())
                .isEqualTo(ErrorCode.SERVICE_UNAVAILABLE);
        assertThat(api.rows.rows("SELECT intent FROM bunkers").getFirst()).containsEntry("intent", "end");
    }

    private void book() {
        api.register("image", api.superKey);
        insert(order.bunkerId());
    }

    private void insert(BunkerId id) {
        api.rows.execute("""
                INSERT INTO bunkers (id, tenant_id, user_id, name, image_id, worker_id, cpu_millicores, memory_mb, disk_mb)
                SELECT '%s', i.tenant_id, i.created_by, 'b', i.id, '%s', 1, 1, 1 FROM images i
                """.formatted(id.value(), WORKER.value()));
    }

    private void scheduler(Function<Integer, Answer.Placement> answer) {
        post.serve(PlaceBunker.ADDRESS, PlaceBunker.class, one -> {
            asked.add(one);
            return Future.succeededFuture(answer.apply(asked.size()));
        });
        RunningApi.get(post.open());
    }

    private Answer.Placement placed() {
        return new Answer.Placed(order.bunkerId(), WORKER);
    }

    private static Answer.Placement refused(boolean worthWaiting) {
        return new Answer.Refused(ErrorCode.NO_SUITABLE_WORKER, "not yet", List.of(), 1, worthWaiting);
    }
}
