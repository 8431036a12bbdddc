package dev.gesher.app.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gesher.app.testing.Answer;
import dev.gesher.tenant.vault.KeysetTool;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Both layers of keys are rotated while messages flow both ways, and the process is killed in the
 * midst of each step: whoever goes on ends it, and nothing is unsent or unreadable.
 */
@Tag("crash")
class KeyRotationCrashTest {
    private static final int TENANTS = 25;
    private static final String ALL_ROLES = "api,intake,workers";
    private static final Duration TO_END = Duration.ofMinutes(6);

    private final Random random = new Random(1);
    private Stage stage;
    private ServiceProcess gesher;
    private List<String> customers;
    private Stage.Connected connected;
    private TenantApp app;
    private String operator;

    @BeforeEach
    void start() throws IOException, InterruptedException {
        stage = Stage.set("rotation", 1);
        gesher = stage.start(ALL_ROLES);
        gesher.awaitReady();
        customers = Stage.customers(60);
        connected = stage.connect(customers);
        app = connected.app();
        operator = app.login("operator", Stage.OPERATOR_SECRET);
    }

    @AfterEach
    void stop() {
        stage.close();
    }

    @Test
    void keys_are_rotated_while_messages_flow_though_the_process_is_killed()
            throws IOException, InterruptedException, SQLException {
        for (int i = 1; i < TENANTS; i++) {
            app.json("POST", "/v1/tenants", operator, Map.of("name", "tenant " + i));
        }
        try (var _ = app;
                var stored = stage.stored(connected.tenant())) {
            try (var people =
                    new Customers(
                            stage.meta(),
                            connected.business().phoneNumberId(),
                            stage.ledger(),
                            customers)) {
                people.begin(new Random(random.nextLong()));
                app.begin(new Random(random.nextLong()));
                await().atMost(TO_END).until(() -> stage.ledger().promised() > 60);
                rotateOuter(stored);
                rotateInner(stored);
                app.finish();
                await().atMost(TO_END)
                        .until(() -> {
                            stage.nothingIsWrong();
                            return app.isFinished();
                        });
            }
            stage.awaitSent(stored);
            stage.awaitDrained(stored);

            assertThat(
                            stored.number(
                                    "SELECT count(*) FROM tenant_keys WHERE kind = 'data' AND version = 1"))
                    .isZero();
            assertThat(
                            stored.number(
                                    "SELECT count(*) FROM whatsapp_messages WHERE get_byte(content, 4) = 1"))
                    .isZero();
            assertThat(stored.number("SELECT count(*) FROM secrets WHERE key_version = 1"))
                    .isZero();
            // Reads every message through the API, and repeats every request.
            var result = stage.reckon(app, stored);
            assertThat(result.wrong()).as("in " + stage.folder()).isEmpty();
            assertThat(
                            stored.number(
                                    """
                                    SELECT count(*) FROM whatsapp_messages WHERE direction = 'outbound'
                                        AND status = 'failed' AND error_code IS DISTINCT FROM 'outcome_unknown'
                                    """))
                    .as("failed sends")
                    .isZero();
            System.out.printf(
                    "crash test: both layers of %d tenants rotated with 4 kills; %d messages accepted, %d sent exactly once, %d unknown; %d written by customers%n",
                    TENANTS,
                    stage.ledger().promised(),
                    result.exactlyOnce(),
                    result.unknown(),
                    stage.ledger().written());
        }
    }

    private void rotateOuter(Stored stored) throws SQLException {
        var newest = KeysetTool.add(stage.folder().resolve("keyset.json"));
        gesher.kill();
        stored.killedProcessesAreForgotten();
        gesher = stage.start(ALL_ROLES);
        gesher.awaitReady();
        var outer = begin(Map.of("layer", "key_encryption_key"));
        killWhen(stored, outer, "in the midst", it -> it.at("/done").asInt() > 5);
        awaitDone(outer);
        assertThat(stored.number("SELECT count(DISTINCT kek_fingerprint) FROM tenant_keys"))
                .isEqualTo(1);
        assertThat(
                        stored.number(
                                "SELECT count(*) FROM deployment WHERE key_fingerprint = '%s'"
                                        .formatted(newest)))
                .isEqualTo(1);
    }

    private void rotateInner(Stored stored) throws SQLException {
        var inner = begin(Map.of("layer", "data_keys", "destroy_old_keys", true));
        killWhen(stored, inner, "while keys are made", _ -> stepPassed(stored, "make_keys") > 5);
        waitFor(inner, "while all settles", _ -> stepPassed(stored, "settle") >= 0);
        gesher.kill();
        stored.leasesOfTheKilledRanOut();
        stored.newKeysAreInUse();
        startAgain("while all settles");
        killWhen(stored, inner, "while content is encrypted", it -> it.at("/done").asInt() > 5);
        awaitDone(inner);
    }

    /** The process that was killed counts as running for a while yet, and lacks the new key. */
    private String begin(Map<String, ?> body) {
        var answers = new ArrayList<Answer>();
        await().atMost(TO_END)
                .pollInterval(Duration.ofSeconds(1))
                .until(() -> {
                    answers.add(app.json("POST", "/v1/operator/key-rotations", operator, body));
                    return answers.getLast().status() != 409;
                });
        var answer = answers.getLast();
        assertThat(answer.status()).as(answer.text()).isEqualTo(202);
        return answer.at("/rotation_id");
    }

    private void killWhen(
            Stored stored, String rotation, String moment, Predicate<JsonNode> reached)
            throws SQLException {
        waitFor(rotation, moment, reached);
        gesher.kill();
        stored.leasesOfTheKilledRanOut();
        startAgain(moment);
    }

    private void startAgain(String moment) {
        System.out.printf("crash test: killed %s%n", moment);
        gesher = stage.start(ALL_ROLES);
        gesher.awaitReady();
    }

    private void waitFor(String rotation, String moment, Predicate<JsonNode> reached) {
        await().pollInterval(Duration.ofMillis(20))
                .atMost(TO_END)
                .until(() -> {
                    var now = find(rotation).json();
                    assertThat(now.at("/state").asText())
                            .as(moment + ": " + now)
                            .isNotIn("done", "failed");
                    return reached.test(now);
                });
    }

    private static long stepPassed(Stored stored, String step) {
        try {
            return stored.number(
                    """
                    SELECT coalesce(max((SELECT count(*) FROM tenant_directory t
                        WHERE t.tenant_id <= r.after_tenant)), -1)
                    FROM key_rotations r WHERE step = '%s' AND finished_at IS NULL
                    """
                            .formatted(step));
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    private void awaitDone(String rotation) {
        await().pollInterval(Duration.ofMillis(500))
                .atMost(TO_END)
                .untilAsserted(() -> {
                    stage.nothingIsWrong();
                    assertThat(find(rotation).at("/state")).isEqualTo("done");
                });
        var done = find(rotation);
        assertThat(done.at("/failed")).isEqualTo("0");
        assertThat(done.at("/done")).isEqualTo(Integer.toString(TENANTS + 1));
        System.out.printf("crash test: %s%n", done.text());
    }

    private Answer find(String rotation) {
        try {
            return app.json("GET", "/v1/operator/key-rotations/" + rotation, operator, Map.of());
        } catch (IOException e) {
            throw new AssertionError(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }
}
