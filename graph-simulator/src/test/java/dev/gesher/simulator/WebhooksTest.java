package dev.gesher.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.gesher.simulator.control.Inbound;
import dev.gesher.simulator.http.Answer;
import dev.gesher.simulator.json.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.HexFormat;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class WebhooksTest {
    private Scene scene;

    @BeforeEach
    void start() throws Exception {
        scene = new Scene();
    }

    @AfterEach
    void stop() {
        scene.close();
    }

    private void arrived() {
        await().until(() -> scene.control.pendingWebhooks() == 0);
    }

    @Test
    void the_signature_is_an_hmac_of_the_very_bytes_and_hebrew_travels_escaped() throws Exception {
        scene.control.customerWrites(
                Inbound.text(scene.number, Scene.CUSTOMER, "שלום/😀").named("דנה"));
        arrived();

        var post = scene.app.received().getFirst();
        var text = new String(post.body(), StandardCharsets.ISO_8859_1);
        assertThat(text).contains("\\u05e9\\u05dc\\u05d5\\u05dd\\/\\ud83d\\ude00");
        assertThat(post.body()).isNotEmpty().doesNotContain(0xd7);
        var mac = Mac.getInstance("HmacSHA256");
        mac.init(
                new SecretKeySpec(
                        scene.simulator.options().appSecret().getBytes(StandardCharsets.UTF_8),
                        "HmacSHA256"));
        assertThat(post.header("X-Hub-Signature-256"))
                .contains("sha256=" + HexFormat.of().formatHex(mac.doFinal(post.body())));
        assertThat(scene.app.messages().getFirst().at("/text/body").asText()).isEqualTo("שלום/😀");
    }

    @Test
    void an_inbound_message_carries_sender_name_and_both_ids() {
        scene.control.customerWrites(Inbound.text(scene.number, Scene.CUSTOMER, "hi").named("דנה"));
        arrived();

        var root = Json.read(scene.app.received().getFirst().body()).orElseThrow();
        assertThat(root.path("object").asText()).isEqualTo("whatsapp_business_account");
        assertThat(root.at("/entry/0/id").asText()).isEqualTo(scene.business.wabaId());
        assertThat(root.at("/entry/0/changes/0/field").asText()).isEqualTo("messages");
        var value = scene.app.values().getFirst();
        assertThat(value.at("/metadata/phone_number_id").asText()).isEqualTo(scene.number);
        assertThat(value.at("/metadata/display_phone_number").asText()).isEqualTo("97235550101");
        assertThat(value.at("/contacts/0/profile/name").asText()).isEqualTo("דנה");
        assertThat(value.at("/contacts/0/wa_id").asText()).isEqualTo("972501234567");
        assertThat(value.at("/messages/0/from").asText()).isEqualTo("972501234567");
        assertThat(value.at("/messages/0/from_user_id").asText())
                .startsWith("IL.")
                .isEqualTo(value.at("/contacts/0/user_id").asText());
        assertThat(value.at("/messages/0/timestamp").isTextual()).isTrue();
        assertThat(value.at("/messages/0/timestamp").asLong())
                .isEqualTo(scene.clock.instant().getEpochSecond());
    }

    @Test
    void a_send_is_followed_by_sent_and_delivered_with_price_and_callback_data() throws Exception {
        scene.customerWrote();
        scene.send(
                "\"type\":\"text\",\"text\":{\"body\":\"a\"},\"biz_opaque_callback_data\":\"m1.1\"");
        arrived();

        assertThat(scene.app.statusNames()).containsExactly("sent", "delivered");
        var sent = scene.app.statuses().getFirst();
        assertThat(sent.path("biz_opaque_callback_data").asText()).isEqualTo("m1.1");
        assertThat(sent.path("recipient_id").asText()).isEqualTo("972501234567");
        assertThat(sent.at("/conversation/expiration_timestamp").isTextual()).isTrue();
        assertThat(sent.at("/conversation/origin/type").asText()).isEqualTo("service");
        assertThat(sent.at("/pricing/pricing_model").asText()).isEqualTo("PMP");
        assertThat(
                        scene.app
                                .statuses()
                                .get(1)
                                .at("/conversation/expiration_timestamp")
                                .isMissingNode())
                .isTrue();
    }

    @Test
    void read_comes_when_the_customer_opens_the_chat_or_at_once_by_quirk() throws Exception {
        scene.customerWrote();
        scene.sendText("a");
        arrived();
        assertThat(scene.control.customerReads(scene.number, Scene.CUSTOMER)).isEqualTo(1);
        assertThat(scene.control.customerReads(scene.number, Scene.CUSTOMER)).isZero();
        arrived();
        assertThat(scene.app.statusNames()).containsExactly("sent", "delivered", "read");

        scene.control.changeQuirks("{\"auto_read\":true}");
        scene.sendText("b");
        arrived();
        assertThat(scene.app.statusNames())
                .containsExactly("sent", "delivered", "read", "sent", "delivered", "read");
    }

    @Test
    void a_status_waits_for_the_answer_that_caused_it() throws Exception {
        scene.customerWrote();
        arrived();
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), scene.simulator.port())) {
            var body =
                    "{\"messaging_product\":\"whatsapp\",\"to\":\"+972501234567\",\"type\":\"text\",\"text\":{\"body\":\"a\"}}";
            var head =
                    "POST /v21.0/%s/messages HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                            .formatted(scene.number, scene.token, body.length());
            var answeredFirst = new CopyOnWriteArrayList<Boolean>();
            var in = socket.getInputStream();
            scene.app.answerWith(_ -> {
                try {
                    // The answer is already in our socket's buffer when the webhook comes.
                    answeredFirst.add(in.available() > 0);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
                return Answer.text(200, "text/plain", "");
            });
            socket.getOutputStream().write((head + body).getBytes(StandardCharsets.UTF_8));
            await().until(() -> answeredFirst.size() == 2);
            assertThat(answeredFirst).containsOnly(true);
        }
    }

    @Test
    void the_status_can_arrive_before_the_answer() throws Exception {
        scene.customerWrote();
        scene.control.changeQuirks("{\"status_before_answer\":true}");
        scene.sendText("a");

        assertThat(scene.app.statusNames()).containsExactly("sent", "delivered");
    }

    @Test
    void user_id_only_leaves_every_number_out_and_phone_only_every_user_id() throws Exception {
        scene.control.changeQuirks("{\"identity\":\"user_id_only\"}");
        scene.customerWrote();
        scene.sendText("a");
        arrived();
        var inbound = scene.app.values().getFirst();
        assertThat(inbound.at("/messages/0/from").isMissingNode()).isTrue();
        assertThat(inbound.at("/contacts/0/wa_id").isMissingNode()).isTrue();
        assertThat(inbound.at("/messages/0/from_user_id").asText()).startsWith("IL.");
        assertThat(scene.app.statuses())
                .allSatisfy(status -> assertThat(status.has("recipient_id")).isFalse())
                .allSatisfy(status -> assertThat(status.has("recipient_user_id")).isTrue());

        scene.control.changeQuirks("{\"identity\":\"phone_only\"}");
        scene.customerWrote();
        arrived();
        var second = scene.app.values().getLast();
        assertThat(second.at("/messages/0/from_user_id").isMissingNode()).isTrue();
        assertThat(second.at("/contacts/0/user_id").isMissingNode()).isTrue();
        assertThat(second.at("/messages/0/from").asText()).isEqualTo("972501234567");
    }

    @Test
    void the_v24_shape_has_no_conversation() throws Exception {
        scene.control.changeQuirks("{\"webhook_version\":\"v24\"}");
        scene.customerWrote();
        scene.sendText("a");
        arrived();

        assertThat(scene.app.statuses())
                .hasSize(2)
                .noneSatisfy(status -> assertThat(status.has("conversation")).isTrue());
    }

    @Test
    void what_is_not_answered_200_is_repeated_byte_by_byte_until_it_is() {
        var left = new AtomicInteger(2);
        scene.control.changeQuirks("{\"retry_start_millis\":5,\"retry_cap_millis\":20}");
        scene.app.answerWith(_ ->
                left.getAndDecrement() > 0
                        ? Answer.text(503, "text/plain", "")
                        : Answer.text(200, "text/plain", ""));
        scene.customerWrote();
        arrived();

        assertThat(scene.app.received()).hasSize(3);
        assertThat(scene.app.received())
                .extracting(call -> call.text())
                .containsOnly(scene.app.received().getFirst().text());
        assertThat(scene.control.webhooks())
                .singleElement()
                .satisfies(post -> {
                    assertThat(post.attempts()).isEqualTo(3);
                    assertThat(post.delivered()).isTrue();
                });
    }

    @Test
    void without_a_subscription_nothing_is_told() throws Exception {
        scene.client.delete("/v21.0/" + scene.business.wabaId() + "/subscribed_apps");
        scene.customerWrote();
        arrived();

        assertThat(scene.app.received()).isEmpty();
        assertThat(scene.control.suppressedWebhooks()).isEqualTo(1);
    }

    @Test
    void the_handshake_brings_challenge_and_verify_token() {
        scene.app.answerWith(call ->
                call.parameter("hub.verify_token")
                                .equals(java.util.Optional.of("simulated-verify-token"))
                        ? Answer.text(200, "text/plain", call.parameter("hub.challenge").orElse(""))
                        : Answer.text(403, "text/plain", ""));

        assertThat(scene.control.handshake()).isTrue();
        assertThat(scene.control.handshake("another")).isFalse();
        assertThat(scene.app.received().getFirst().parameter("hub.mode")).contains("subscribe");
    }

    @Test
    void every_inbound_type_passes_and_media_gets_an_id_a_hash_and_an_address() throws Exception {
        var content = Json.object().put("type", "image");
        content.putObject("image")
                .put("caption", "תמונה")
                .put("mime_type", "image/png")
                .put(
                        "data",
                        Base64.getEncoder()
                                .encodeToString("picture".getBytes(StandardCharsets.UTF_8)));
        scene.control.customerWrites(Inbound.of(scene.number, Scene.CUSTOMER, content));
        var location = Json.object().put("type", "location");
        location.putObject("location").put("latitude", 32.08).put("longitude", 34.78);
        scene.control.customerWrites(Inbound.of(scene.number, Scene.CUSTOMER, location));
        arrived();

        var image = scene.app.messages().getFirst().path("image");
        assertThat(image.has("data")).isFalse();
        var node = scene.client.get("/v21.0/" + image.path("id").asText());
        assertThat(HexFormat.of().parseHex(node.json().path("sha256").asText()))
                .isEqualTo(Base64.getDecoder().decode(image.path("sha256").asText()));
        assertThat(scene.client.get(image.path("url").asText()).raw().body())
                .isEqualTo("picture".getBytes(StandardCharsets.UTF_8));
        assertThat(scene.app.messages().get(1).at("/location/latitude").isNumber()).isTrue();
    }

    @Test
    void a_customer_known_by_user_id_only_can_write_and_be_answered() throws Exception {
        scene.control.customerWrites(scene.number, "IL.13491208655302741918", "שלום");
        var answer =
                scene.client.post(
                        "/v21.0/" + scene.number + "/messages",
                        "{\"messaging_product\":\"whatsapp\",\"recipient\":\"IL.13491208655302741918\","
                                + "\"type\":\"text\",\"text\":{\"body\":\"היי\"}}");
        arrived();

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.json().at("/contacts/0/wa_id").isMissingNode()).isTrue();
        assertThat(answer.json().at("/contacts/0/user_id").asText())
                .isEqualTo("IL.13491208655302741918");
        assertThat(scene.app.messages().getFirst().has("from")).isFalse();
        assertThat(scene.app.statuses().getFirst().path("recipient_user_id").asText())
                .isEqualTo("IL.13491208655302741918");
    }

    @Test
    void a_batch_joins_many_changes_into_one_post() throws Exception {
        scene.control.changeQuirks("{\"batch_size\":100}");
        for (var i = 0; i < 50; i++) {
            scene.customerWrote();
        }
        arrived();

        assertThat(scene.app.messages()).hasSize(50);
        assertThat(scene.app.received()).hasSizeLessThan(50);
    }

    @Test
    void account_changes_carry_the_entrys_time_and_raw_bytes_go_out_as_they_are() {
        scene.control.sendWebhook(
                scene.business.wabaId(),
                "account_update",
                Json.parse("{\"event\":\"ACCOUNT_RESTRICTION\"}"));
        arrived();
        var root = Json.read(scene.app.received().getFirst().body()).orElseThrow();
        assertThat(root.at("/entry/0/time").isIntegralNumber()).isTrue();
        assertThat(scene.app.values().getFirst().path("event").asText())
                .isEqualTo("ACCOUNT_RESTRICTION");

        var bytes = "not json at all".getBytes(StandardCharsets.UTF_8);
        assertThat(scene.control.sendRawWebhook(bytes).lastStatus()).isEqualTo(200);
        assertThat(scene.control.sendRawWebhook(bytes, null).signature()).isNull();
        var posts = scene.app.received();
        assertThat(posts.get(1).body()).isEqualTo(bytes);
        assertThat(posts.get(1).header("X-Hub-Signature-256")).contains(scene.control.sign(bytes));
        assertThat(posts.get(2).header("X-Hub-Signature-256")).isEmpty();
    }

    @Test
    void an_override_address_takes_the_messages_after_its_handshake() throws Exception {
        try (var other = new ReceivingApp()) {
            other.answerWith(call ->
                    Answer.text(200, "text/plain", call.parameter("hub.challenge").orElse("")));
            var subscribed =
                    scene.client.post(
                            "/v21.0/" + scene.business.wabaId() + "/subscribed_apps",
                            "{\"override_callback_uri\":\""
                                    + other.url()
                                    + "\",\"verify_token\":\"v\"}");
            assertThat(subscribed.status()).isEqualTo(200);
            scene.customerWrote();
            arrived();
            assertThat(other.messages()).hasSize(1);
            assertThat(scene.app.received()).isEmpty();

            other.answerWith(_ -> Answer.text(403, "text/plain", ""));
            var refused =
                    scene.client.post(
                            "/v21.0/" + scene.business.wabaId() + "/subscribed_apps",
                            "{\"override_callback_uri\":\""
                                    + other.url()
                                    + "\",\"verify_token\":\"v\"}");
            assertThat(refused.code()).isEqualTo(100);
        }
    }

    @Test
    void pending_counts_go_back_to_zero_after_a_reset() {
        scene.app.answerWith(_ -> Answer.text(503, "text/plain", ""));
        scene.customerWrote();
        await().atMost(Duration.ofSeconds(5)).until(() -> !scene.app.received().isEmpty());
        scene.control.reset();

        assertThat(scene.control.pendingWebhooks()).isZero();
        assertThat(scene.control.businesses()).isEmpty();
    }
}
