package dev.gesher.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.gesher.simulator.json.Json;
import dev.gesher.simulator.webhook.Change;
import dev.gesher.simulator.webhook.Gate;
import dev.gesher.simulator.webhook.Webhooks;
import dev.gesher.simulator.world.World;
import java.time.Clock;
import org.junit.jupiter.api.Test;

class GateTest {
    @Test
    void a_closed_gate_holds_its_own_chat_and_no_other() throws Exception {
        try (var app = new ReceivingApp()) {
            var world =
                    new World(
                            new World.App("1", "secret", "2", "verify"),
                            app.url(),
                            Clock.systemUTC(),
                            17);
            try (var webhooks = new Webhooks(world)) {
                var gate = new Gate();
                webhooks.emit(change("a", 1).behind(gate));
                webhooks.emit(change("a", 2));
                webhooks.emit(change("b", 3));

                await().until(() -> app.values().size() == 1);
                assertThat(app.values().getFirst().path("n").asInt()).isEqualTo(3);
                assertThat(webhooks.pendingCount()).isEqualTo(2);

                gate.open();
                await().until(() -> webhooks.pendingCount() == 0);
                assertThat(app.values())
                        .extracting(value -> value.path("n").asInt())
                        .containsExactly(3, 1, 2);
            }
        }
    }

    private static Change change(String chat, int n) {
        // An entry that names no account goes to the app's address.
        return new Change(
                "portfolio",
                "messages",
                Json.object().put("n", n),
                null,
                chat,
                null,
                Gate.opened());
    }
}
