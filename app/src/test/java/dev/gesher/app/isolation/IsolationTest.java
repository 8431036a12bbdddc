package dev.gesher.app.isolation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gesher.app.testing.Operations;
import dev.gesher.app.testing.RunningGesher;
import dev.gesher.app.testing.RunningGesher.TestTenant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What one tenant has, another neither sees nor moves. */
class IsolationTest {
    private static RunningGesher gesher;
    private static TestTenant mine;
    private static TestTenant theirs;
    private static final Map<String, String> IDS = new LinkedHashMap<>();

    @BeforeAll
    static void start() {
        gesher = RunningGesher.start();
        mine = gesher.newTenant("mine");
        theirs = gesher.newTenant("theirs");
        // Blocked for want of a connection, and kept with its conversation all the same.
        var kept =
                gesher.post(
                        "/v1/messages",
                        theirs.token(),
                        Operations.message("050-234-5678"),
                        "Idempotency-Key",
                        "one");
        assertThat(kept.at("/code")).as(kept.text()).isEqualTo("message_blocked");
        IDS.put("message_id", kept.at("/message_id"));
        var message = gesher.get("/v1/messages/" + kept.at("/message_id"), theirs.token());
        IDS.put("conversation_id", message.at("/conversation_id"));
        IDS.put("tenant_id", theirs.tenantId());
        assertThat(IDS.values()).doesNotContain("");
    }

    @AfterAll
    static void stop() {
        gesher.close();
    }

    @Test
    void every_read_of_anothers_object_is_404_and_ones_own_is_not() {
        int walked = 0;
        for (var operation : Operations.all()) {
            if (!operation.isTenants()
                    || !operation.method().equals("GET")
                    || !operation.hasParameters()) {
                continue;
            }
            var path = operation.path(IDS);
            assertThat(gesher.get(path, mine.token()).status()).as(path).isEqualTo(404);
            assertThat(gesher.get(path, theirs.token()).status()).as(path).isEqualTo(200);
            walked++;
        }
        assertThat(walked).isGreaterThanOrEqualTo(3);
    }

    @Test
    void lists_hold_ones_own_only() {
        assertThat(gesher.get("/v1/conversations", theirs.token()).json().at("/data")).isNotEmpty();
        assertThat(gesher.get("/v1/conversations", mine.token()).json().at("/data")).isEmpty();
    }

    @Test
    void anothers_idempotency_key_is_free() {
        var answer =
                gesher.post(
                        "/v1/messages",
                        mine.token(),
                        Operations.message("050-234-5678"),
                        "Idempotency-Key",
                        "one");

        assertThat(answer.at("/message_id")).isNotEqualTo(IDS.get("message_id"));
        assertThat(answer.header("Idempotency-Replayed")).isEmpty();
    }

    @Test
    void a_cursor_of_anothers_list_shows_nothing_of_it() {
        for (int i = 0; i < 3; i++) {
            gesher.post("/v1/messages", theirs.token(), Operations.message("050-234-567" + i));
        }
        var cursor = gesher.get("/v1/conversations?limit=1", theirs.token()).at("/next_cursor");
        assertThat(cursor).isNotEmpty();

        var answer = gesher.get("/v1/conversations?limit=50&cursor=" + cursor, mine.token());

        assertThat(answer.text()).doesNotContain(IDS.get("conversation_id"));
        assertThat(answer.status()).isIn(200, 400);
    }
}
