package dev.gesher.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.gesher.simulator.webhook.Signature;
import dev.gesher.simulator.world.BusinessSpec;
import dev.gesher.simulator.world.NumberSpec;
import dev.gesher.simulator.world.TokenSpec;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class OAuthTest {
    private Scene scene;
    private String app;
    private String secret;

    @BeforeEach
    void start() throws Exception {
        scene = new Scene();
        app = scene.simulator.options().appId();
        secret = scene.simulator.options().appSecret();
    }

    @AfterEach
    void stop() {
        scene.close();
    }

    private Client.Answered exchange(String code) throws Exception {
        return scene.anonymous.get(
                "/v21.0/oauth/access_token?client_id="
                        + app
                        + "&client_secret="
                        + secret
                        + "&code="
                        + code);
    }

    private Client.Answered debug(String input) throws Exception {
        var appToken = URLEncoder.encode(app + "|" + secret, StandardCharsets.UTF_8);
        return scene.anonymous.get(
                "/v21.0/debug_token?input_token=" + input + "&access_token=" + appToken);
    }

    @Test
    void a_code_becomes_a_token_once() throws Exception {
        var grant = scene.control.mintCode(scene.business.wabaId());
        assertThat(grant.sessionEvent().path("type").asText()).isEqualTo("WA_EMBEDDED_SIGNUP");
        assertThat(grant.sessionEvent().path("event").asText()).isEqualTo("FINISH");
        assertThat(grant.sessionEvent().at("/data/phone_number_id").asText())
                .isEqualTo(scene.number);

        var first = exchange(grant.code());
        assertThat(first.status()).isEqualTo(200);
        assertThat(first.json().path("token_type").asText()).isEqualTo("bearer");
        var again = exchange(grant.code());

        assertThat(again.status()).isEqualTo(400);
        assertThat(again.code()).isEqualTo(100);
        assertThat(again.json().at("/error/type").asText()).isEqualTo("OAuthException");
        var reader =
                new Client(scene.simulator.baseUrl(), first.json().path("access_token").asText());
        assertThat(reader.get("/v21.0/" + scene.business.wabaId()).status()).isEqualTo(200);
    }

    @Test
    void a_code_dies_after_thirty_seconds() throws Exception {
        var early = scene.control.mintCode(scene.business.wabaId()).code();
        scene.clock.advance(Duration.ofSeconds(29));
        assertThat(exchange(early).status()).isEqualTo(200);

        var late = scene.control.mintCode(scene.business.wabaId()).code();
        scene.clock.advance(Duration.ofSeconds(30));
        assertThat(exchange(late).status()).isEqualTo(400);
    }

    @Test
    void the_exchange_checks_app_and_secret_without_spending_the_code() throws Exception {
        var code = scene.control.mintCode(scene.business.wabaId()).code();
        var wrongSecret =
                scene.anonymous.get(
                        "/v21.0/oauth/access_token?client_id="
                                + app
                                + "&client_secret=x&code="
                                + code);
        var wrongApp =
                scene.anonymous.get(
                        "/v21.0/oauth/access_token?client_id=1&client_secret="
                                + secret
                                + "&code="
                                + code);

        assertThat(wrongSecret.json().at("/error/message").asText())
                .isEqualTo("Error validating client secret.");
        assertThat(wrongApp.code()).isEqualTo(100);
        assertThat(exchange(code).status()).isEqualTo(200);
    }

    @Test
    void debug_token_lists_the_granted_accounts_newest_first() throws Exception {
        var portfolio = scene.business.businessId();
        var second =
                scene.control.createBusiness(
                        BusinessSpec.named("סניף שני")
                                .withBusinessId(portfolio)
                                .withNumber("+972 3-555-0102"));
        exchange(scene.control.mintCode(scene.business.wabaId()).code());
        var token =
                exchange(scene.control.mintCode(second.wabaId()).code())
                        .json()
                        .path("access_token")
                        .asText();

        var data = debug(token).json().path("data");
        assertThat(data.path("app_id").asText()).isEqualTo(app);
        assertThat(data.path("type").asText()).isEqualTo("SYSTEM_USER");
        assertThat(data.path("is_valid").asBoolean()).isTrue();
        assertThat(data.path("expires_at").asLong(-1)).isZero();
        assertThat(data.path("user_id").asText()).isNotEmpty();
        assertThat(data.at("/granular_scopes/0/scope").asText())
                .isEqualTo("whatsapp_business_management");
        assertThat(data.at("/granular_scopes/0/target_ids/0").asText()).isEqualTo(second.wabaId());
        assertThat(data.at("/granular_scopes/0/target_ids/1").asText())
                .isEqualTo(scene.business.wabaId());
    }

    @Test
    void debug_token_tells_foreign_hidden_expired_and_unknown_tokens_apart() throws Exception {
        var waba = scene.business.wabaId();
        var foreign = scene.control.mintToken(TokenSpec.forWabas(waba).withAppId("42")).value();
        assertThat(debug(foreign).json().at("/data/app_id").asText()).isEqualTo("42");
        var hidden = scene.control.mintToken(TokenSpec.forWabas(waba).withHiddenTargets()).value();
        assertThat(debug(hidden).json().at("/data/granular_scopes/0/target_ids").isMissingNode())
                .isTrue();
        var expiring = scene.control.mintToken(TokenSpec.forWabas(waba).expiringIn(60)).value();
        assertThat(debug(expiring).json().at("/data/expires_at").asLong())
                .isEqualTo(scene.clock.instant().getEpochSecond() + 60);
        scene.clock.advance(Duration.ofSeconds(60));
        assertThat(debug(expiring).json().at("/data/is_valid").asBoolean(true)).isFalse();
        assertThat(debug("nonsense").json().at("/data/is_valid").asBoolean(true)).isFalse();
        assertThat(scene.anonymous.get("/v21.0/debug_token?input_token=" + hidden).code())
                .isEqualTo(104);
    }

    @Test
    void unknown_expired_and_revoked_tokens_are_190() throws Exception {
        var path = "/v21.0/" + scene.business.wabaId();
        var unknown = new Client(scene.simulator.baseUrl(), "EAAnonsense").get(path);
        assertThat(unknown.status()).isEqualTo(401);
        assertThat(unknown.code()).isEqualTo(190);
        assertThat(unknown.raw().headers().firstValue("WWW-Authenticate"))
                .hasValueSatisfying(
                        value -> assertThat(value).startsWith("OAuth \"Facebook Platform\""));

        var expiring =
                scene.control
                        .mintToken(TokenSpec.forWabas(scene.business.wabaId()).expiringIn(10))
                        .value();
        scene.clock.advance(Duration.ofSeconds(10));
        var expired = new Client(scene.simulator.baseUrl(), expiring).get(path);
        assertThat(expired.code()).isEqualTo(190);
        assertThat(expired.json().at("/error/error_subcode").asInt()).isEqualTo(463);
        assertThat(expired.json().at("/error/message").asText()).contains("Session has expired");

        assertThat(scene.control.revokeToken(scene.token)).isTrue();
        var revoked = scene.client.get(path);
        assertThat(revoked.code()).isEqualTo(190);
        assertThat(revoked.json().at("/error/error_subcode").asInt()).isEqualTo(458);
        assertThat(scene.anonymous.get(path).code()).isEqualTo(104);
    }

    @Test
    void revoking_over_oauth_ends_a_token() throws Exception {
        var revoked =
                scene.client.get(
                        "/v21.0/oauth/revoke?client_id=%s&client_secret=%s&revoke_token=%s"
                                .formatted(app, secret, scene.token));
        assertThat(revoked.json().path("success").asBoolean()).isTrue();
        assertThat(scene.client.get("/v21.0/" + scene.business.wabaId()).code()).isEqualTo(190);
    }

    @Test
    void another_tenants_objects_look_like_missing_ones() throws Exception {
        var other = scene.control.createBusiness("אחר", "+972 3-555-0199");
        var waba = scene.client.get("/v21.0/" + other.wabaId());
        var number = scene.client.get("/v21.0/" + other.phoneNumberId());
        var nobody = scene.client.get("/v21.0/1234567");

        assertThat(List.of(waba, number, nobody))
                .allSatisfy(answer -> {
                    assertThat(answer.status()).isEqualTo(400);
                    assertThat(answer.code()).isEqualTo(100);
                    assertThat(answer.json().at("/error/error_subcode").asInt()).isEqualTo(33);
                    assertThat(answer.json().at("/error/type").asText())
                            .isEqualTo("GraphMethodException");
                });
    }

    @Test
    void an_account_taken_back_is_out_of_sight_while_the_token_stays_good() throws Exception {
        var signedUp =
                exchange(scene.control.mintCode(scene.business.wabaId()).code())
                        .json()
                        .path("access_token")
                        .asText();
        scene.control.unshare(scene.business.wabaId());

        for (var token : List.of(signedUp, scene.token)) {
            var client = new Client(scene.simulator.baseUrl(), token);
            assertThat(client.get("/v21.0/" + scene.business.wabaId()).code()).isEqualTo(100);
            assertThat(debug(token).json().at("/data/is_valid").asBoolean()).isTrue();
            assertThat(debug(token).json().at("/data/granular_scopes/0/target_ids")).isEmpty();
        }
        assertThat(scene.control.revokeTokensOf(scene.business.wabaId())).isZero();
    }

    @Test
    void a_missing_permission_is_refused() throws Exception {
        var managementOnly =
                scene.control.mintToken(
                        TokenSpec.forWabas(scene.business.wabaId())
                                .withScopes(List.of("whatsapp_business_management")));
        var client = new Client(scene.simulator.baseUrl(), managementOnly.value());
        var send =
                client.post(
                        "/v21.0/" + scene.number + "/messages",
                        "{\"messaging_product\":\"whatsapp\",\"to\":\"+972501234567\",\"type\":\"text\",\"text\":{\"body\":\"a\"}}");
        assertThat(send.code()).isEqualTo(131005);
        assertThat(send.status()).isEqualTo(403);
        var messagingOnly =
                scene.control.mintToken(
                        TokenSpec.forWabas(scene.business.wabaId())
                                .withScopes(List.of("whatsapp_business_messaging")));
        assertThat(
                        new Client(scene.simulator.baseUrl(), messagingOnly.value())
                                .get("/v21.0/" + scene.business.wabaId())
                                .code())
                .isEqualTo(10);
    }

    @Test
    void an_appsecret_proof_is_checked_when_given_and_may_be_required() throws Exception {
        var path = "/v21.0/" + scene.business.wabaId() + "?appsecret_proof=";
        var right = Signature.hex(secret, scene.token.getBytes(StandardCharsets.UTF_8));
        assertThat(scene.client.get(path + right).status()).isEqualTo(200);
        assertThat(scene.client.get(path + "00").json().at("/error/message").asText())
                .isEqualTo("Invalid appsecret_proof provided in the API argument");

        scene.control.changeQuirks("{\"require_app_secret_proof\":true}");
        assertThat(
                        scene.client
                                .get("/v21.0/" + scene.business.wabaId())
                                .json()
                                .at("/error/message")
                                .asText())
                .isEqualTo("API calls from the server require an appsecret_proof argument");
        assertThat(scene.client.get(path + right).status()).isEqualTo(200);
        var inBody =
                scene.client.post(
                        "/v21.0/" + scene.business.wabaId() + "/subscribed_apps",
                        "{\"appsecret_proof\":\"" + right + "\"}");
        assertThat(inBody.status()).isEqualTo(200);
    }

    @Test
    void sixty_day_tokens_say_so_and_can_be_exchanged_while_they_live() throws Exception {
        scene.control.changeQuirks("{\"business_token_seconds\":5184000}");
        var first = exchange(scene.control.mintCode(scene.business.wabaId()).code()).json();
        assertThat(first.path("expires_in").asLong()).isEqualTo(5_184_000);

        var refresh =
                "/v21.0/oauth/access_token?grant_type=fb_exchange_token&client_id=%s&client_secret=%s&fb_exchange_token=%s"
                        .formatted(app, secret, first.path("access_token").asText());
        var second = scene.anonymous.get(refresh).json().path("access_token").asText();
        assertThat(second).isNotEmpty().isNotEqualTo(first.path("access_token").asText());
        assertThat(
                        debug(first.path("access_token").asText())
                                .json()
                                .at("/data/is_valid")
                                .asBoolean())
                .isTrue();
        scene.clock.advance(Duration.ofDays(60));
        assertThat(scene.anonymous.get(refresh).code()).isEqualTo(190);
    }

    @Test
    void an_exchange_can_be_told_to_the_app_under_the_portfolios_id() throws Exception {
        scene.control.changeQuirks("{\"account_webhooks\":true}");
        exchange(scene.control.mintCode(scene.business.wabaId()).code());
        await().until(() -> !scene.app.values().isEmpty());

        assertThat(scene.app.values().getFirst().path("event").asText()).isEqualTo("PARTNER_ADDED");
        assertThat(scene.app.values().getFirst().at("/waba_info/waba_id").asText())
                .isEqualTo(scene.business.wabaId());
        assertThat(scene.app.received().getFirst().text())
                .contains("\"id\":\"" + scene.business.businessId() + "\"");
    }

    @Test
    void a_coexistence_signup_tells_the_account_only() {
        var shop =
                scene.control.createBusiness(
                        BusinessSpec.named("חנות")
                                .withNumber(NumberSpec.of("+972 50-555-0103").onBusinessApp()));
        var event = scene.control.mintCode(shop.wabaId()).sessionEvent();

        assertThat(event.path("event").asText())
                .isEqualTo("FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING");
        assertThat(event.at("/data/waba_id").asText()).isEqualTo(shop.wabaId());
        assertThat(event.at("/data/phone_number_id").isMissingNode()).isTrue();
    }
}
