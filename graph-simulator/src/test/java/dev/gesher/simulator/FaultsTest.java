package dev.gesher.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.gesher.simulator.world.FaultRule.Drop;
import dev.gesher.simulator.world.FaultRule.Effect;
import dev.gesher.simulator.world.FaultRule.Match;
import dev.gesher.simulator.world.FaultRule.WebhookFault;
import java.io.IOException;
import java.time.Duration;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class FaultsTest {
    private static final String OTHER = "+972509999999";
    private Scene scene;

    @BeforeEach
    void start() throws Exception {
        scene = new Scene();
        scene.customerWrote();
        scene.control.customerWrites(scene.number, OTHER, "שלום");
        await().until(() -> scene.control.pendingWebhooks() == 0);
    }

    @AfterEach
    void stop() {
        scene.close();
    }

    private Client.Answered sendToOther() throws Exception {
        return scene.sendTo(OTHER, "\"type\":\"text\",\"text\":{\"body\":\"b\"}");
    }

    @Test
    void a_code_is_answered_for_the_recipient_it_names_as_often_as_it_says() throws Exception {
        scene.control.addFault(
                Match.any().recipient(Scene.CUSTOMER).times(2), Effect.refuse(131000));

        assertThat(sendToOther().status()).isEqualTo(200);
        var refused = scene.sendText("a");
        assertThat(refused.status()).isEqualTo(500);
        assertThat(refused.code()).isEqualTo(131000);
        assertThat(scene.sendText("a").code()).isEqualTo(131000);
        assertThat(scene.sendText("a").status()).isEqualTo(200);
        assertThat(scene.control.sentTo(Scene.CUSTOMER)).hasSize(1);
        assertThat(scene.control.faults().getFirst().applied()).isEqualTo(2);
    }

    @Test
    void a_status_without_code_is_a_proxys_page() throws Exception {
        scene.control.addFault(Match.any().path("/messages$").times(1), Effect.httpError(502));
        var answer = scene.sendText("a");

        assertThat(answer.status()).isEqualTo(502);
        assertThat(answer.raw().headers().firstValue("Content-Type"))
                .hasValueSatisfying(type -> assertThat(type).startsWith("text/html"));
        assertThat(scene.control.sentTo(Scene.CUSTOMER)).isEmpty();
        assertThat(scene.control.calls("/messages").getLast().processed()).isFalse();
    }

    @Test
    void a_connection_dropped_before_leaves_nothing_and_one_dropped_after_has_sent()
            throws Exception {
        scene.control.addFault(
                Match.any().phoneNumberId(scene.number).times(1), Effect.drop(Drop.BEFORE));
        assertThatThrownBy(() -> scene.sendText("a")).isInstanceOf(IOException.class);
        // The client's library may repeat a request whose connection died at once; none does for a
        // POST.
        assertThat(scene.control.sentTo(Scene.CUSTOMER)).isEmpty();

        scene.control.addFault(
                Match.any().phoneNumberId(scene.number).times(1), Effect.drop(Drop.AFTER));
        assertThatThrownBy(() -> scene.sendText("b")).isInstanceOf(IOException.class);
        assertThat(scene.control.sentTo(Scene.CUSTOMER)).hasSize(1);
        await().until(() -> scene.app.statusNames().size() == 2);
        assertThat(scene.control.calls("/messages"))
                .extracting(call -> call.status())
                .containsExactly(0, 0);
        assertThat(scene.control.calls("/messages"))
                .extracting(call -> call.processed())
                .containsExactly(false, true);
    }

    @Test
    void a_delay_holds_the_answer() throws Exception {
        scene.control.addFault(Match.any().times(1), Effect.delay(150));
        var begin = System.nanoTime();
        scene.sendText("a");
        assertThat(Duration.ofNanos(System.nanoTime() - begin))
                .isGreaterThanOrEqualTo(Duration.ofMillis(150));
    }

    @Test
    void a_send_can_fail_by_webhook() throws Exception {
        scene.control.addFault(
                Match.any().recipient(Scene.CUSTOMER).times(1), Effect.failStatus(131026));
        assertThat(scene.sendText("a").status()).isEqualTo(200);
        await().until(() -> scene.app.statusNames().size() == 1);

        assertThat(scene.app.statuses().getFirst().path("status").asText()).isEqualTo("failed");
        assertThat(scene.app.statuses().getFirst().at("/errors/0/code").asInt()).isEqualTo(131026);
    }

    @Test
    void webhooks_can_be_doubled_swapped_held_and_lost() throws Exception {
        scene.control.addFault(
                Match.any().path("WEBHOOK").times(1), Effect.webhook(WebhookFault.DUPLICATE));
        scene.sendText("a");
        await().until(() -> scene.control.pendingWebhooks() == 0);
        assertThat(scene.app.statusNames()).containsExactly("sent", "sent", "delivered");

        scene.control.addFault(Match.any().times(1), Effect.webhook(WebhookFault.REORDER));
        scene.sendText("b");
        await().until(() -> scene.control.pendingWebhooks() == 0);
        assertThat(scene.app.statusNames().subList(3, 5)).containsExactly("delivered", "sent");

        scene.control.addFault(Match.any().times(2), Effect.webhook(WebhookFault.HOLD));
        scene.sendText("c");
        assertThat(scene.control.heldWebhooks()).isEqualTo(2);
        assertThat(scene.app.statusNames()).hasSize(5);
        assertThat(scene.control.releaseWebhooks()).isEqualTo(2);
        await().until(() -> scene.app.statusNames().size() == 7);

        scene.control.addFault(Match.any().times(2), Effect.webhook(WebhookFault.LOSE));
        scene.sendText("d");
        scene.customerWrote();
        await().until(() -> scene.control.pendingWebhooks() == 0);
        assertThat(scene.app.statusNames()).hasSize(7);
        assertThat(scene.app.messages()).hasSize(3);
    }

    @Test
    void a_webhook_can_break_off_and_comes_whole_the_next_time() throws Exception {
        scene.control.changeQuirks("{\"retry_start_millis\":10}");
        scene.control.addFault(
                Match.any().path("WEBHOOK").times(1), Effect.webhook(WebhookFault.TRUNCATE));

        int before = scene.app.messages().size();

        scene.customerWrote();
        await().until(() -> scene.control.pendingWebhooks() == 0);

        assertThat(scene.app.messages()).hasSize(before + 1);
        assertThat(scene.control.webhooks().getLast().attempts()).isEqualTo(2);
        assertThat(scene.control.webhooks().getLast().delivered()).isTrue();
    }

    @Test
    void a_probability_hits_some_and_a_removed_rule_none() throws Exception {
        var rule =
                scene.control.addFault(
                        Match.any().path("subscribed_apps").probability(0.5), Effect.refuse(2));
        var path = "/v21.0/" + scene.business.wabaId() + "/subscribed_apps";
        var codes =
                IntStream.range(0, 60)
                        .mapToObj(_ -> {
                            try {
                                return scene.client.get(path).status();
                            } catch (IOException | InterruptedException e) {
                                throw new IllegalStateException(e);
                            }
                        })
                        .toList();
        assertThat(codes).contains(200, 503);
        assertThat(scene.control.removeFault(String.valueOf(rule.id()))).isTrue();
        assertThat(scene.client.get(path).status()).isEqualTo(200);
        assertThatThrownBy(() -> scene.control.addFault(Match.any().path("("), Effect.refuse(2)))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
