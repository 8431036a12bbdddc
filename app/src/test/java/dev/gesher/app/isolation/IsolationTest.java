package dev.gesher.app.isolation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gesher.app.isolation.Neighbours.Side;
import dev.gesher.app.testing.Answer;
import dev.gesher.app.testing.Operations;
import dev.gesher.app.testing.Operations.Operation;
import dev.gesher.app.testing.RunningGesher;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What one tenant has, another neither sees nor moves. */
class IsolationTest {
    /** What the operations take that takes an id and a body. */
    private static final Map<String, Object> BODIES =
            Map.of(
                    "POST /v1/connection/embedded-signup/{attempt_id}/event",
                    Map.of("event", "FINISH"),
                    "POST /v1/connection/embedded-signup/{attempt_id}/number",
                    Map.of("waba_id", "1", "phone_number_id", "2"),
                    "POST /v1/connection/embedded-signup/{attempt_id}/pin",
                    Map.of("pin", "123456"),
                    "POST /v1/connection/embedded-signup/{attempt_id}/retry",
                    Map.of());

    /** A tenant's operations that take no id: whose they are, the token or the session says. */
    private static final Set<String> WITHOUT_ID =
            Set.of(
                    "GET /v1/connection",
                    "PUT /v1/connection",
                    "DELETE /v1/connection",
                    "GET /v1/connection/two-step-pin",
                    "POST /v1/connection/connect-links",
                    "GET /v1/connection/embedded-signup",
                    "POST /v1/connection/embedded-signup",
                    "POST /v1/connection/embedded-signup/cancelled",
                    "GET /v1/conversations",
                    "POST /v1/messages",
                    "POST /v1/messages/precheck");

    private static Neighbours neighbours;
    private static RunningGesher gesher;
    private static Side mine;
    private static Side theirs;

    @BeforeAll
    static void start() {
        neighbours = Neighbours.start();
        gesher = neighbours.gesher();
        mine = neighbours.mine();
        theirs = neighbours.theirs();
    }

    @AfterAll
    static void stop() {
        neighbours.close();
    }

    static List<Operation> operationsWithAnId() {
        return Operations.all().stream()
                .filter(it -> isATenants(it) && it.hasParameters())
                .toList();
    }

    private static boolean isATenants(Operation operation) {
        return operation.isTenants() || operation.schemes().contains("connect_session");
    }

    @ParameterizedTest
    @MethodSource("operationsWithAnId")
    void anothers_object_is_404_and_ones_own_is_not(Operation operation) {
        assertThat(call(operation, mine, theirs).status()).isEqualTo(404);
        assertThat(call(operation, theirs, theirs).status()).isNotEqualTo(404).isLessThan(500);
    }

    @Test
    void every_operation_of_a_tenant_is_looked_at_here() {
        var without =
                Operations.all().stream()
                        .filter(it -> isATenants(it) && !it.hasParameters())
                        .map(Operation::toString)
                        .collect(Collectors.toSet());

        assertThat(without).isEqualTo(WITHOUT_ID);
        assertThat(operationsWithAnId()).hasSizeGreaterThanOrEqualTo(7);
    }

    /** Calls an operation as one of the two, with an object of the other. */
    private static Answer call(Operation operation, Side caller, Side owner) {
        var ids = operation.parameters().stream().collect(Collectors.toMap(it -> it, owner::id));
        boolean reads = operation.method().equals("GET");
        assertThat(reads || BODIES.containsKey(operation.toString()))
                .as("a body for %s", operation)
                .isTrue();
        var body = reads ? "" : Answer.write(BODIES.getOrDefault(operation.toString(), Map.of()));
        return gesher.send(
                operation.method(),
                operation.path(ids),
                body.getBytes(StandardCharsets.UTF_8),
                "Content-Type",
                "application/json",
                operation.isTenants() ? "Authorization" : "Cookie",
                operation.isTenants() ? "Bearer " + caller.token() : caller.cookie());
    }

    @Test
    void lists_hold_ones_own_only() {
        var ours = neighbours.conversations(mine);

        assertThat(ours).hasSize(1);
        assertThat(ours.at("/0/conversation_id").asText()).isEqualTo(mine.id("conversation_id"));
    }

    @Test
    void the_connection_is_ones_own() {
        for (var side : List.of(mine, theirs)) {
            assertThat(gesher.get("/v1/connection", side.token()).at("/phone_number_id"))
                    .isEqualTo(side.business().phoneNumberId());
        }
    }

    @Test
    void a_session_of_the_connect_page_shows_ones_own_attempt() {
        for (var side : List.of(mine, theirs)) {
            var state =
                    gesher.send(
                            "GET",
                            "/v1/connection/embedded-signup",
                            new byte[0],
                            "Cookie",
                            side.cookie());

            assertThat(state.at("/attempt/attempt_id")).isEqualTo(side.id("attempt_id"));
            assertThat(state.at("/tenant_name")).isEqualTo(side.equals(mine) ? "mine" : "theirs");
        }
    }

    @Test
    void anothers_idempotency_key_is_free() {
        for (var side : List.of(mine, theirs)) {
            var again =
                    gesher.post(
                            "/v1/messages",
                            side.token(),
                            Operations.message("+972502345678"),
                            "Idempotency-Key",
                            Neighbours.KEY);

            assertThat(again.header("Idempotency-Replayed")).hasValue("true");
            assertThat(again.at("/message_id")).isEqualTo(side.id("message_id"));
        }
        assertThat(mine.id("message_id")).isNotEqualTo(theirs.id("message_id"));
    }

    @Test
    void a_cursor_of_anothers_list_shows_nothing_of_it() {
        var second =
                gesher.post("/v1/messages", theirs.token(), Operations.template("050-234-5679"));
        assertThat(second.status()).as(second.text()).isEqualTo(202);
        var cursor = gesher.get("/v1/conversations?limit=1", theirs.token()).at("/next_cursor");
        assertThat(cursor).isNotEmpty();

        var answer = gesher.get("/v1/conversations?limit=50&cursor=" + cursor, mine.token());

        assertThat(answer.text())
                .doesNotContain(theirs.id("conversation_id"), second.at("/conversation_id"));
        assertThat(answer.status()).isIn(200, 400);
    }
}
