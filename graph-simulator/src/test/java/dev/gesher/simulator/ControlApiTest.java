package dev.gesher.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The control API as another process uses it. */
class ControlApiTest {
    private Scene scene;
    private Client control;

    @BeforeEach
    void start() throws Exception {
        scene = new Scene();
        control = new Client(scene.simulator.baseUrl(), scene.simulator.controlToken());
    }

    @AfterEach
    void stop() {
        scene.close();
    }

    private JsonNode post(String path, String json) throws Exception {
        var answer = control.post("/control/" + path, json);
        assertThat(answer.status()).as(answer.json().toString()).isEqualTo(200);
        return answer.json();
    }

    private JsonNode get(String path) throws Exception {
        var answer = control.get("/control/" + path);
        assertThat(answer.status()).as(answer.json().toString()).isEqualTo(200);
        return answer.json();
    }

    @Test
    void without_its_token_nobody_steers() throws Exception {
        assertThat(scene.anonymous.get("/control/state").status()).isEqualTo(401);
        assertThat(scene.client.post("/control/reset", "{}").status()).isEqualTo(401);
        assertThat(scene.control.businesses()).hasSize(1);
    }

    @Test
    void a_whole_story_over_http() throws Exception {
        var made =
                post(
                        "businesses",
                        """
                        {"name":"מאפיית רון","numbers":[{"display_phone_number":"+972 3-555-0501","pin":"123456"}],
                         "templates":[{"name":"ready","language":"he","category":"UTILITY",
                           "components":[{"type":"BODY","text":"{{1}}, ההזמנה מוכנה."}]}]}
                        """);
        var waba = made.path("waba_id").asText();
        var number = made.at("/numbers/0/phone_number_id").asText();
        assertThat(made.at("/numbers/0/pin_set").asBoolean()).isTrue();
        post("businesses/" + waba + "/numbers", "{\"display_phone_number\":\"+972 3-555-0502\"}");
        assertThat(get("businesses/" + waba).path("numbers")).hasSize(2);
        post(
                "businesses/" + waba + "/templates",
                "{\"name\":\"ready\",\"language\":\"en_US\",\"components\":[{\"type\":\"BODY\",\"text\":\"Ready.\"}]}");

        var grant =
                post(
                        "codes",
                        "{\"waba_id\":\"" + waba + "\",\"phone_number_id\":\"" + number + "\"}");
        assertThat(grant.path("code").asText()).isNotEmpty();
        assertThat(grant.at("/session_event/data/phone_number_id").asText()).isEqualTo(number);
        var token =
                post("tokens", "{\"waba_ids\":[\"" + waba + "\"]}").path("access_token").asText();
        post("numbers/" + number, "{\"registered\":true}");
        var business = new Client(scene.simulator.baseUrl(), token);
        business.post("/v21.0/" + waba + "/subscribed_apps", "");

        post(
                "customers/messages",
                "{\"phone_number_id\":\""
                        + number
                        + "\",\"from\":\"+972501112222\",\"name\":\"רון\",\"text\":\"שלום\"}");
        var sent =
                business.post(
                        "/v21.0/" + number + "/messages",
                        "{\"messaging_product\":\"whatsapp\",\"to\":\"+972501112222\",\"type\":\"text\",\"text\":{\"body\":\"היי\"}}");
        var wamid = sent.json().at("/messages/0/id").asText();
        assertThat(
                        post(
                                        "customers/reads",
                                        "{\"phone_number_id\":\""
                                                + number
                                                + "\",\"customer\":\"+972501112222\"}")
                                .path("read")
                                .asInt())
                .isEqualTo(1);
        post("messages/" + wamid + "/status", "{\"status\":\"failed\",\"code\":131026}");
        await().until(() -> scene.app.statusNames().size() == 4);
        assertThat(scene.app.statusNames()).containsExactly("sent", "delivered", "read", "failed");

        var chat = get("conversations?phone_number_id=" + number + "&customer=%2B972501112222");
        assertThat(chat.at("/messages/0/text").asText()).isEqualTo("שלום");
        assertThat(chat.at("/messages/1/text").asText()).isEqualTo("היי");
        assertThat(chat.path("window_until").asText()).isEqualTo("2026-11-21T08:00:00Z");
        assertThat(get("messages?to=%2B972501112222").path("data")).hasSize(1);
        assertThat(get("messages").at("/data/0/wamid").asText()).isEqualTo(wamid);
        assertThat(get("conversations").path("data")).hasSize(1);
        var call = get("calls?path=/messages").at("/data/0");
        assertThat(call.path("body").asText()).contains("היי");
        assertThat(call.path("status").asInt()).isEqualTo(200);
        assertThat(call.path("token").asText()).isEqualTo(token);

        post("businesses/" + waba + "/account-update", "{\"event\": \"PARTNER_REMOVED\"}");
        assertThat(business.get("/v21.0/" + number).code()).isEqualTo(100);
        assertThat(
                        post("tokens/revoke", "{\"access_token\":\"" + token + "\"}")
                                .path("revoked")
                                .asInt())
                .isEqualTo(1);
        assertThat(business.get("/v21.0/" + number).code()).isEqualTo(190);
    }

    @Test
    void faults_quirks_and_clock_over_http() throws Exception {
        scene.customerWrote();
        var rule =
                post(
                        "faults",
                        "{\"match\":{\"recipient\":\"+972501234567\",\"times\":1},\"effect\":{\"code\":131000,\"http_status\":500}}");
        assertThat(scene.sendText("a").code()).isEqualTo(131000);
        assertThat(get("faults").at("/data/0/applied").asInt()).isEqualTo(1);
        assertThat(
                        control.delete("/control/faults/" + rule.path("id").asText())
                                .json()
                                .path("removed")
                                .asBoolean())
                .isTrue();
        post("faults", "{\"effect\":{\"drop\":\"before\"}}");
        assertThat(control.delete("/control/faults").status()).isEqualTo(200);
        assertThat(scene.sendText("a").status()).isEqualTo(200);

        assertThat(get("quirks").path("identity").asText()).isEqualTo("BOTH");
        assertThat(
                        post("quirks", "{\"identity\":\"user_id_only\",\"batch_size\":10}")
                                .path("batch_size")
                                .asInt())
                .isEqualTo(10);
        assertThat(control.post("/control/quirks", "{\"nonsense\":1}").status()).isEqualTo(400);
        assertThat(control.post("/control/quirks", "{\"batch_size\":0}").status()).isEqualTo(400);

        assertThat(post("clock", "{\"advance_seconds\":86400}").path("now").asText())
                .isEqualTo("2026-11-21T08:00:00Z");
        assertThat(scene.sendText("late").code()).isEqualTo(131047);
    }

    @Test
    void webhooks_over_http() throws Exception {
        post(
                "webhooks",
                "{\"waba_id\":\"%s\",\"field\":\"account_update\",\"value\":{\"event\":\"DISABLED_UPDATE\"}}"
                        .formatted(scene.business.wabaId()));
        await().until(() -> scene.app.values().size() == 1);
        var body = "{\"a\" :  \"ש\"}".getBytes(StandardCharsets.UTF_8);
        control.send(
                control.request("/control/webhooks/raw").POST(BodyPublishers.ofByteArray(body)));
        control.send(
                control.request("/control/webhooks/raw")
                        .header("X-Signature", "sha256=00")
                        .POST(BodyPublishers.ofByteArray(body)));
        control.send(
                control.request("/control/webhooks/raw")
                        .header("X-Signature", "none")
                        .POST(BodyPublishers.ofByteArray(body)));
        var posts = scene.app.received();
        assertThat(posts.get(1).body()).isEqualTo(body);
        assertThat(posts.get(1).header("x-hub-signature-256")).contains(scene.control.sign(body));
        assertThat(posts.get(2).header("x-hub-signature-256")).contains("sha256=00");
        assertThat(posts.get(3).header("x-hub-signature-256")).isEmpty();
        assertThat(get("webhooks").path("data")).hasSize(4);

        post("faults", "{\"match\":{\"times\":1},\"effect\":{\"webhook\":\"hold\"}}");
        scene.customerWrote();
        assertThat(get("state").path("webhooks_held").asInt()).isEqualTo(1);
        assertThat(post("webhooks/release", "{}").path("released").asInt()).isEqualTo(1);

        assertThat(post("webhook/handshake", "{}").path("verified").asBoolean()).isFalse();
        post("webhook", "{\"url\":\"" + scene.app.url() + "?a=b\"}");
        assertThat(get("state").path("webhook_url").asText()).endsWith("?a=b");
        post("webhook", "{}");
        assertThat(control.post("/control/webhook/handshake", "{}").status()).isEqualTo(400);
    }

    @Test
    void what_makes_no_sense_is_a_400_that_says_why() throws Exception {
        var unknown =
                control.post(
                        "/control/customers/messages",
                        "{\"phone_number_id\":\"1\",\"from\":\"+972501112222\",\"text\":\"a\"}");
        assertThat(unknown.status()).isEqualTo(400);
        assertThat(unknown.json().path("error").asText())
                .isEqualTo("there is no phone number id 1");
        assertThat(control.post("/control/businesses", "not json").status()).isEqualTo(400);
        assertThat(control.post("/control/businesses", "{\"nonsense\":1}").status()).isEqualTo(400);
        assertThat(control.post("/control/tokens", "{}").status()).isEqualTo(400);
        assertThat(control.get("/control/nonsense").status()).isEqualTo(404);
        assertThat(post("reset", "{}").path("success").asBoolean()).isTrue();
        assertThat(get("businesses").path("data")).isEmpty();
    }
}
