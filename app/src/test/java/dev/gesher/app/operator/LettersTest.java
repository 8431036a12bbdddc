package dev.gesher.app.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.gesher.app.testing.Answer;
import dev.gesher.app.testing.RunningGesher;
import dev.gesher.app.testing.RunningGesher.TestTenant;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.HexFormat;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Dead letters and parked changes, as the operator sees and moves them. */
class LettersTest {
    private static final String LETTERS = "/v1/operator/dead-letters";

    private static RunningGesher gesher;
    private static TestTenant tenant;
    private static String operator;
    private static String number;

    @BeforeAll
    static void start() {
        gesher = RunningGesher.startWithSimulator();
        tenant = gesher.newTenant("a");
        operator = gesher.operatorToken();
        number = gesher.connect(tenant, "+972 3-555-0101").phoneNumberId();
    }

    @AfterAll
    static void stop() {
        gesher.close();
    }

    private static void deliver(String body) {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        assertThat(
                        gesher.send(
                                        "POST",
                                        "/webhooks/whatsapp",
                                        bytes,
                                        "X-Hub-Signature-256",
                                        sign(bytes))
                                .status())
                .isEqualTo(200);
    }

    private static String sign(byte[] body) {
        try {
            var mac = Mac.getInstance("HmacSHA256");
            mac.init(
                    new SecretKeySpec(
                            RunningGesher.APP_SECRET.getBytes(StandardCharsets.UTF_8),
                            "HmacSHA256"));
            return "sha256=" + HexFormat.of().formatHex(mac.doFinal(body));
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    /** A message that can be read and one that cannot, in one change. */
    private static String halfBroken(String phoneNumberId) {
        return """
        {"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":\
        {"metadata":{"phone_number_id":"%s"},"messages":[\
        {"from":"972502345678","id":"wamid.good","timestamp":"%d","type":"text","text":{"body":"שלום"}},\
        {"from":"972502345678","timestamp":"1","type":"text","text":{"body":"broken"}}]}}]}]}\
        """
                .formatted(phoneNumberId, System.currentTimeMillis() / 1000 + 1);
    }

    private static Answer one(String query) {
        await().untilAsserted(() ->
                assertThat(gesher.get(LETTERS + query, operator).json().at("/data")).hasSize(1));
        return gesher.get(LETTERS + query, operator);
    }

    private static String messages() {
        var conversations = gesher.get("/v1/conversations", tenant.token()).json().at("/data");
        assertThat(conversations).hasSize(1);
        return conversations.at("/0/message_count").asText();
    }

    @Test
    void a_dead_change_is_shown_read_for_a_reason_and_tried_again() {
        deliver(halfBroken(number));
        var listed = one("?field=messages");
        var id = listed.at("/data/0/letter_id");
        assertThat(listed.text()).doesNotContain("wamid", "broken");
        assertThat(listed.at("/data/0/error")).contains("message without id");
        assertThat(listed.at("/data/0/state")).isEqualTo("dead");
        assertThat(messages()).isEqualTo("1");

        var content = LETTERS + "/" + id + "/content";
        assertThat(gesher.get(content, operator).status()).as("without a reason").isEqualTo(400);
        assertThat(gesher.get(content + "?reason=+", operator).status()).isEqualTo(400);
        var shown = gesher.get(content + "?reason=a+look", operator);
        assertThat(shown.status()).as(shown.text()).isEqualTo(200);
        assertThat(shown.at("/change/value/messages/0/text/body")).isEqualTo("שלום");
        assertThat(shown.header("Content-Type")).hasValue("application/octet-stream");
        assertThat(shown.header("Cache-Control")).hasValue("no-store");
        assertThat(gesher.get("/v1/operator/audit", operator).text())
                .contains("webhook_letter.content_read", id, "a look");

        var pending = gesher.post(LETTERS + "/" + id + "/redrive", operator, Map.of());
        assertThat(pending.status()).as(pending.text()).isEqualTo(200);
        await().untilAsserted(() -> {
            var letter = gesher.get(LETTERS + "/" + id, operator);
            assertThat(letter.at("/state") + letter.at("/attempts")).isEqualTo("dead2");
        });
        assertThat(messages()).as("what was applied is not applied twice").isEqualTo("1");

        assertThat(gesher.post(LETTERS + "/" + id + "/drop", operator, Map.of()).at("/state"))
                .isEqualTo("dropped");
        var again = gesher.post(LETTERS + "/" + id + "/redrive", operator, Map.of());
        assertThat(again.status()).isEqualTo(409);
        assertThat(again.at("/code")).isEqualTo("letter_not_dead");
        assertThat(gesher.get(LETTERS + "?field=messages", operator).json().at("/data")).isEmpty();
    }

    @Test
    void a_body_that_is_no_json_is_tried_again_with_all_others() {
        deliver("this is not JSON");
        await().untilAsserted(() ->
                assertThat(gesher.get(LETTERS, operator).text()).contains("not JSON"));

        var redriven = gesher.post(LETTERS + "/redrive", operator, Map.of());

        assertThat(redriven.status()).as(redriven.text()).isEqualTo(200);
        assertThat(redriven.json().at("/redriven").asInt()).isPositive();
        assertThat(redriven.json().at("/more").asBoolean()).isFalse();
        await().untilAsserted(() ->
                assertThat(gesher.get(LETTERS, operator).json().at("/data"))
                        .anyMatch(
                                it -> it.at("/field").isNull() && it.at("/attempts").asInt() == 2));
        var none =
                gesher.post(
                        LETTERS + "/redrive",
                        operator,
                        Map.of("since", "2100-01-01T00:00:00Z", "field", "messages"));
        assertThat(none.json().at("/redriven").asInt()).isZero();
    }

    @Test
    void parked_changes_are_in_the_same_list() {
        deliver(
                halfBroken("5999")
                        .replace("\"timestamp\":\"1\"", "\"id\":\"w\",\"timestamp\":\"1\""));

        var parked = one("?state=parked");

        assertThat(parked.at("/data/0/phone_number_id")).isEqualTo("5999");
        assertThat(
                        gesher.post(
                                        LETTERS + "/" + parked.at("/data/0/letter_id") + "/redrive",
                                        operator,
                                        Map.of())
                                .status())
                .isEqualTo(409);
    }

    @Test
    void what_cannot_be_asked_is_refused() {
        for (var query : new String[] {"?state=applied", "?limit=0", "?since=yesterday"}) {
            assertThat(gesher.get(LETTERS + query, operator).status()).as(query).isEqualTo(400);
        }
        assertThat(gesher.get(LETTERS + "?after=x", operator).at("/code"))
                .isEqualTo("cursor_invalid");
        for (var path : new String[] {"/x", "/20260101-1", "/x/content?reason=y"}) {
            assertThat(gesher.get(LETTERS + path, operator).status()).as(path).isEqualTo(404);
        }
        for (var act : new String[] {"redrive", "drop"}) {
            assertThat(gesher.post(LETTERS + "/20260101-1-0/" + act, operator, Map.of()).status())
                    .isEqualTo(404);
        }
    }
}
