package dev.gesher.app.messages;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.gesher.app.testing.Answer;
import dev.gesher.app.testing.Operations;
import dev.gesher.app.testing.RunningGesher;
import dev.gesher.app.testing.RunningGesher.TestTenant;
import dev.gesher.simulator.world.Business;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The main job over HTTP, against a stand-in for Meta. */
class JourneyTest {
    private static RunningGesher gesher;
    private static TestTenant tenant;
    private static Business business;

    @BeforeAll
    static void start() {
        gesher = RunningGesher.startWithSimulator();
        tenant = gesher.newTenant("מאפיית לחם");
        business = gesher.connect(tenant, "+972 3-555-0101");
    }

    @AfterAll
    static void stop() {
        gesher.close();
    }

    @Test
    void a_template_goes_out_an_answer_opens_the_window_and_a_reply_is_read() {
        var control = gesher.simulator().control();
        var sent = gesher.post("/v1/messages", tenant.token(), Operations.template("050-234-5678"));
        assertThat(sent.status()).as(sent.text()).isEqualTo(202);
        assertThat(sent.at("/route")).isEqualTo("template");
        assertThat(sent.at("/language")).isEqualTo("he");
        awaitStatus(sent.at("/message_id"), "delivered");

        control.customerWrites(business.phoneNumberId(), "+972502345678", "תודה! מתי זה מגיע?");
        var conversation = "/v1/conversations/" + sent.at("/conversation_id");
        await().untilAsserted(() ->
                assertThat(gesher.get(conversation, tenant.token()).at("/window_open"))
                        .isEqualTo("true"));

        var reply =
                gesher.post("/v1/messages", tenant.token(), Operations.message("+972502345678"));
        assertThat(reply.status()).as(reply.text()).isEqualTo(202);
        assertThat(reply.at("/route")).isEqualTo("freeform");
        assertThat(reply.at("/window_expires_at")).isNotEmpty();
        awaitStatus(reply.at("/message_id"), "delivered");
        control.customerReads(business.phoneNumberId(), "+972502345678");
        var read = awaitStatus(reply.at("/message_id"), "read");
        assertThat(read.at("/content/text/body")).isEqualTo("שלום דנה");
        assertThat(read.at("/attempts/0/outcome")).isEqualTo("accepted");

        var messages = gesher.get(conversation + "/messages?limit=2", tenant.token());
        assertThat(messages.json().at("/data")).hasSize(2);
        assertThat(messages.at("/data/0/message_id")).isEqualTo(reply.at("/message_id"));
        assertThat(messages.at("/data/1/direction")).isEqualTo("inbound");
        assertThat(messages.at("/data/1/content/text/body")).isEqualTo("תודה! מתי זה מגיע?");
        var rest =
                gesher.get(
                        conversation + "/messages?limit=2&cursor=" + messages.at("/next_cursor"),
                        tenant.token());
        assertThat(rest.json().at("/data")).hasSize(1);
        assertThat(rest.json().at("/next_cursor").isNull()).isTrue();
    }

    private static Answer awaitStatus(String messageId, String status) {
        var path = "/v1/messages/" + messageId;
        await().untilAsserted(() ->
                assertThat(gesher.get(path, tenant.token()).at("/status")).isEqualTo(status));
        return gesher.get(path, tenant.token());
    }

    @Test
    void what_may_not_be_sent_is_kept_with_all_its_reasons() {
        var answer =
                gesher.post("/v1/messages", tenant.token(), Operations.message("050-234-5699"));

        assertThat(answer.status()).isEqualTo(422);
        assertThat(answer.at("/code")).isEqualTo("message_blocked");
        assertThat(answer.json().at("/reasons"))
                .extracting(it -> it.asText())
                .containsExactly("window_closed");
        assertThat(answer.at("/detail")).contains("חלון 24 השעות סגור");
        var kept = gesher.get("/v1/messages/" + answer.at("/message_id"), tenant.token());
        assertThat(kept.at("/status")).isEqualTo("blocked");
    }

    @Test
    void a_precheck_answers_as_sending_would_and_keeps_nothing() {
        var blocked =
                gesher.post(
                        "/v1/messages/precheck",
                        tenant.token(),
                        Operations.message("050-234-5698"));
        var template =
                gesher.post(
                        "/v1/messages/precheck",
                        tenant.token(),
                        Operations.template("050-234-5698"));

        assertThat(blocked.status()).as(blocked.text()).isEqualTo(200);
        assertThat(blocked.at("/decision")).isEqualTo("blocked");
        assertThat(blocked.at("/reasons/0")).isEqualTo("window_closed");
        assertThat(template.at("/decision")).isEqualTo("template");
        assertThat(template.at("/language")).isEqualTo("he");
    }

    @Test
    void the_same_key_gives_the_same_answer_and_sends_once() {
        var first = send("key 17".replace(' ', '-'), "050-234-5697");
        var again = send("key-17", "050-234-5697");
        var other = send("key-17", "050-234-5696");

        assertThat(first.status()).as(first.text()).isEqualTo(202);
        assertThat(again.status()).isEqualTo(202);
        assertThat(again.at("/message_id")).isEqualTo(first.at("/message_id"));
        assertThat(first.header("Idempotency-Replayed")).isEmpty();
        assertThat(again.header("Idempotency-Replayed")).hasValue("true");
        assertThat(other.status()).isEqualTo(422);
        assertThat(other.at("/code")).isEqualTo("idempotency_key_reused");
    }

    private static Answer send(String key, String to) {
        return gesher.post(
                "/v1/messages", tenant.token(), Operations.template(to), "Idempotency-Key", key);
    }

    @Test
    void what_is_wrong_with_a_request_is_pointed_at() {
        assertBad(Map.of(), "recipient_required", "/to");
        assertBad(Operations.message("dana"), "recipient_", "/to");
        assertBad(Map.of("to", "050-234-5678"), "content_required", "/content");
        assertBad(Map.of("to", "050-234-5678", "tempalte", "x"), "field_unknown", "/tempalte");
        assertBad(text("050-234-5678", "x".repeat(4097)), "field_too_long", "/content/text/body");
        assertBad(text("050-234-5678", ""), "", "/content/text/body");
        var routed = new HashMap<String, Object>(Operations.message("050-234-5678"));
        routed.put("routing", "fastest");
        assertBad(routed, "field_invalid", "/routing");
        var late = new HashMap<String, Object>(Operations.message("050-234-5678"));
        late.put("expires_at", "2020-01-01T00:00:00Z");
        assertBad(late, "expires_at_past", "/expires_at");
        var key =
                gesher.post(
                        "/v1/messages",
                        tenant.token(),
                        Operations.message("050-234-5678"),
                        "Idempotency-Key",
                        "a b");
        assertThat(key.at("/code")).isEqualTo("idempotency_key_invalid");
    }

    private static Map<String, Object> text(String to, String body) {
        return Map.of("to", to, "content", Map.of("type", "text", "text", Map.of("body", body)));
    }

    private static void assertBad(Map<String, ?> body, String code, String pointer) {
        var answer = gesher.post("/v1/messages", tenant.token(), body);
        assertThat(answer.status()).as(answer.text()).isEqualTo(400);
        assertThat(answer.at("/pointer")).as(answer.text()).isEqualTo(pointer);
        assertThat(answer.at("/code")).as(answer.text()).startsWith(code);
        assertThat(answer.at("/detail")).isNotEmpty();
    }

    @Test
    void a_token_of_another_app_connects_nobody() {
        var other = gesher.newTenant("other");
        var theirs = gesher.simulator().control().createBusiness("other", "+972 3-555-0177");

        var answer = gesher.connect(other, theirs, "EAAnonsense");

        assertThat(answer.status()).as(answer.text()).isEqualTo(422);
        assertThat(answer.at("/code")).isEqualTo("connection_refused");
        assertThat(answer.at("/reasons/0")).isEqualTo("token_invalid");
        assertThat(gesher.get("/v1/connection", tenant.token()).at("/status")).isEqualTo("active");
    }

    @Test
    void a_number_has_one_holder() {
        var other = gesher.newTenant("rival");

        var answer =
                gesher.connect(
                        other, business, gesher.simulator().control().mintToken(business.wabaId()));

        assertThat(answer.status()).as(answer.text()).isEqualTo(409);
        assertThat(answer.at("/code")).isEqualTo("number_connected_elsewhere");
        assertThat(answer.text()).doesNotContain(tenant.tenantId());
    }
}
