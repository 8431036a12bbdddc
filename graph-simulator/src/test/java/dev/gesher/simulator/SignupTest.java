package dev.gesher.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What the dialog's page asks the simulator for; the page itself runs in {@link SignupDialogTest}.
 */
class SignupTest {
    private Scene scene;

    @BeforeEach
    void start() throws Exception {
        scene = new Scene();
    }

    @AfterEach
    void stop() {
        scene.close();
    }

    private String dialog(String query) throws Exception {
        return new String(
                scene.anonymous.get("/v21.0/dialog/oauth?" + query).raw().body(),
                java.nio.charset.StandardCharsets.UTF_8);
    }

    @Test
    void the_sdk_loads_across_origins() throws Exception {
        var script = scene.anonymous.get("/en_US/sdk.js").raw();
        assertThat(script.headers().firstValue("Access-Control-Allow-Origin")).contains("*");
        assertThat(script.headers().firstValue("Content-Type"))
                .hasValueSatisfying(type -> assertThat(type).startsWith("application/javascript"));
        assertThat(scene.anonymous.get("/he_IL/sdk.js").status()).isEqualTo(200);
    }

    @Test
    void the_dialog_refuses_what_metas_would() throws Exception {
        var options = scene.simulator.options();
        var right =
                "client_id=%s&config_id=%s&response_type=code&override_default_response_type=true"
                        .formatted(options.appId(), options.configId());
        assertThat(dialog(right)).contains("var refused = null;");
        assertThat(dialog(right.replace("client_id=", "client_id=1"))).contains("App not active");
        assertThat(dialog(right.replace("config_id=", "config_id=1")))
                .contains("Invalid config_id");
        assertThat(dialog(right.replace("response_type=code", "response_type=token")))
                .contains("response_type must be");
        assertThat(dialog(right.replace("=true", "=false"))).contains("response_type must be");
    }

    @Test
    void a_person_makes_a_business_and_finishes_with_it() throws Exception {
        var made =
                scene.anonymous.post(
                        "/dialog/businesses",
                        "{\"name\":\"קפה נגה\",\"display_phone_number\":\"+972 3-555-0600\"}");
        var waba = made.json().path("waba_id").asText();
        var number = made.json().at("/numbers/0/phone_number_id").asText();
        scene.control.changeQuirks("{\"session_event\":\"after_code\"}");
        var grant =
                scene.anonymous
                        .post(
                                "/dialog/finish",
                                "{\"waba_id\":\""
                                        + waba
                                        + "\",\"phone_number_id\":\""
                                        + number
                                        + "\"}")
                        .json();

        assertThat(grant.path("order").asText()).isEqualTo("after_code");
        assertThat(grant.at("/session_event/data/waba_id").asText()).isEqualTo(waba);
        var options = scene.simulator.options();
        var exchanged =
                scene.anonymous.get(
                        "/v21.0/oauth/access_token?client_id=%s&client_secret=%s&code=%s"
                                .formatted(
                                        options.appId(),
                                        options.appSecret(),
                                        grant.path("code").asText()));
        assertThat(exchanged.status()).isEqualTo(200);
    }

    @Test
    void what_makes_no_sense_is_told() throws Exception {
        assertThat(scene.anonymous.post("/dialog/businesses", "{\"name\":\"\"}").status())
                .isEqualTo(400);
        assertThat(
                        scene.anonymous
                                .post("/dialog/finish", "{\"waba_id\":\"1\"}")
                                .json()
                                .path("error")
                                .asText())
                .isEqualTo("There is no such business.");
        var foreign = "{\"waba_id\":\"" + scene.business.wabaId() + "\",\"phone_number_id\":\"1\"}";
        assertThat(scene.anonymous.post("/dialog/finish", foreign).status()).isEqualTo(400);
    }
}
