package io.scaibunker.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LostNudgesTest {
    private final Vertx vertx = Vertx.vertx();

    @AfterEach
    void close() {
        vertx.close().await();
    }

    @Test
    void nudgesAreLostWhileQuestionsAndPublicationsPass() {
        List<Object> heard = Collections.synchronizedList(new ArrayList<>());
        vertx.eventBus()
                .<String>consumer("room", message -> {
                    heard.add(message.body());
                    message.reply("answer");
                })
                .completion()
                .await();
        try (var nudges = LostNudges.on(vertx)) {
            vertx.eventBus().send("room", "nudge");
            assertThat(vertx.eventBus().request("room", "question").await().body())
                    .isEqualTo("answer");
            vertx.eventBus().publish("room", "news");
            Eventually.eventually(() -> assertThat(heard).containsExactly("question", "news"));
            assertThat(nudges.count()).isEqualTo(1);
        }
        vertx.eventBus().send("room", "nudge");
        Eventually.eventually(() -> assertThat(heard).endsWith("nudge"));
    }
}
