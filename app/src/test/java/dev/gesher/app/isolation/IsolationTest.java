package dev.gesher.app.isolation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
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
        gesher = RunningGesher.startWithSimulator();
        mine = gesher.newTenant("mine");
        theirs = gesher.newTenant("theirs");
        var business = gesher.connect(theirs, "+972 3-555-0101");
        gesher.connect(mine, "+972 3-555-0102");
        gesher.simulator()
                .control()
                .customerWrites(business.phoneNumberId(), "+972502345678", "שלום");
        await().untilAsserted(() ->
                assertThat(conversations(theirs)).as("the customer's message").hasSize(1));
        var kept =
                gesher.post(
                        "/v1/messages",
                        theirs.token(),
                        Operations.message("050-234-5678"),
                        "Idempotency-Key",
                        "one");
        assertThat(kept.status()).as(kept.text()).isEqualTo(202);
        IDS.put("message_id", kept.at("/message_id"));
        IDS.put("conversation_id", kept.at("/conversation_id"));
        IDS.put("tenant_id", theirs.tenantId());
        assertThat(IDS.values()).doesNotContain("");
    }

    private static JsonNode conversations(TestTenant tenant) {
        return gesher.get("/v1/conversations", tenant.token()).json().at("/data");
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
        assertThat(conversations(theirs)).isNotEmpty();
        assertThat(conversations(mine)).isEmpty();
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

        assertThat(answer.at("/code")).isEqualTo("message_blocked");
        assertThat(answer.at("/message_id")).isNotEmpty().isNotEqualTo(IDS.get("message_id"));
        assertThat(answer.header("Idempotency-Replayed")).isEmpty();
    }

    @Test
    void a_cursor_of_anothers_list_shows_nothing_of_it() {
        gesher.post("/v1/messages", theirs.token(), Operations.template("050-234-5679"));
        var cursor = gesher.get("/v1/conversations?limit=1", theirs.token()).at("/next_cursor");
        assertThat(cursor).isNotEmpty();

        var answer = gesher.get("/v1/conversations?limit=50&cursor=" + cursor, mine.token());

        assertThat(answer.text()).doesNotContain(IDS.get("conversation_id"));
        assertThat(answer.status()).isIn(200, 400);
    }
}
