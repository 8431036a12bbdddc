package dev.gesher.app.operator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gesher.app.testing.RunningGesher;
import dev.gesher.simulator.control.Control;
import dev.gesher.simulator.world.FaultRule.Drop;
import dev.gesher.simulator.world.FaultRule.Effect;
import dev.gesher.simulator.world.FaultRule.Match;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What Meta says of our app, as the operator reads it. */
class MetaSetupTest {
    private static RunningGesher gesher;
    private static Control meta;

    @BeforeAll
    static void start() {
        gesher = RunningGesher.startWithSimulator();
        meta = gesher.simulator().control();
    }

    @AfterAll
    static void stop() {
        gesher.close();
    }

    @BeforeEach
    void allIsSetUp() {
        meta.reset();
        meta.setWebhookUrl(gesher.settings().publicUrl() + "/webhooks/whatsapp");
    }

    /** State, sentence and action of each check, by its code. */
    private static Map<String, List<String>> checks() {
        var answer =
                gesher.get("/v1/operator/meta", gesher.operatorToken(), "Accept-Language", "en");
        assertThat(answer.status()).as(answer.text()).isEqualTo(200);
        assertThat(answer.text()).doesNotContain(RunningGesher.APP_SECRET);
        var checks = new HashMap<String, List<String>>();
        for (var check : answer.json().at("/checks")) {
            checks.put(
                    check.at("/code").asText(),
                    List.of(
                            check.at("/state").asText(),
                            check.at("/sentence").asText(),
                            check.at("/action").asText()));
        }
        return checks;
    }

    private static List<String> of(Map<String, List<String>> checks, String code) {
        return Objects.requireNonNull(checks.get(code), code);
    }

    private static String state(String code) {
        return of(checks(), code).getFirst();
    }

    @Test
    void what_is_set_up_is_ok_and_what_nobody_can_know_is_a_reminder() {
        var checks = checks();

        for (var code :
                List.of(
                        "app_credentials",
                        "webhook_subscription",
                        "webhook_callback",
                        "webhook_fields",
                        "verify_token",
                        "login_configuration",
                        "permissions",
                        "previous_app_secret")) {
            assertThat(of(checks, code).getFirst()).as(code).isEqualTo("ok");
            assertThat(of(checks, code).getLast()).as(code).isEmpty();
        }
        assertThat(of(checks, "callback_addresses").getFirst()).isEqualTo("unknown");
        assertThat(of(checks, "callback_addresses").getLast()).contains("goes live");
        // v21.0 ends within 90 days of the tests' day, or has ended.
        assertThat(of(checks, "graph_version").get(1)).contains("v21.0", "2027-01-21");
    }

    @Test
    void what_is_missing_says_what_and_what_to_do() {
        meta.setWebhookUrl("https://elsewhere.example/webhooks");
        meta.setApp(List.of("messages", "account_update"), List.of("whatsapp_business_messaging"));
        var checks = checks();

        assertThat(of(checks, "webhook_subscription").getFirst()).isEqualTo("ok");
        assertThat(of(checks, "webhook_callback").getFirst()).isEqualTo("missing");
        assertThat(of(checks, "webhook_callback").get(1))
                .contains("https://elsewhere.example/webhooks", "/webhooks/whatsapp");
        assertThat(of(checks, "webhook_fields").getFirst()).isEqualTo("missing");
        assertThat(of(checks, "webhook_fields").get(1))
                .contains("user_preferences")
                .doesNotContain("account_update");
        assertThat(of(checks, "permissions").getFirst()).isEqualTo("missing");
        assertThat(of(checks, "permissions").get(1)).contains("whatsapp_business_management");
        assertThat(of(checks, "permissions").getLast()).contains("App Review");

        meta.setWebhookUrl(null);
        assertThat(state("webhook_subscription")).isEqualTo("missing");
    }

    @Test
    void a_secret_that_meta_refuses_is_missing() {
        meta.addFault(Match.any().path("debug_token"), Effect.refuse(190));

        assertThat(state("app_credentials")).isEqualTo("missing");
    }

    @Test
    void a_meta_that_does_not_answer_leaves_it_unknown() {
        meta.addFault(Match.any(), Effect.drop(Drop.BEFORE));
        var checks = checks();

        for (var code :
                List.of(
                        "app_credentials",
                        "webhook_subscription",
                        "webhook_callback",
                        "webhook_fields",
                        "permissions")) {
            assertThat(of(checks, code).getFirst()).as(code).isEqualTo("unknown");
        }
        assertThat(of(checks, "verify_token").getFirst()).isEqualTo("ok");
    }

    @Test
    void it_speaks_hebrew_unless_asked_otherwise() {
        assertThat(gesher.get("/v1/operator/meta", gesher.operatorToken()).text())
                .contains("Meta מכירה את מזהה היישום");
    }
}
