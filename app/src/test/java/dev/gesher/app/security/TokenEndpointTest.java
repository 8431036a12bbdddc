package dev.gesher.app.security;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jwt.SignedJWT;
import dev.gesher.app.testing.RunningGesher;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class TokenEndpointTest {
    private static RunningGesher gesher;

    @BeforeAll
    static void start() {
        gesher = RunningGesher.start();
    }

    @AfterAll
    static void stop() {
        gesher.close();
    }

    @Test
    void a_tenants_token_says_who_may_do_what_for_fifteen_minutes() throws ParseException {
        var tenant = gesher.newTenant("מאפיית לחם");

        var answer =
                gesher.token(
                        Map.of(
                                "grant_type",
                                "client_credentials",
                                "client_id",
                                tenant.clientId(),
                                "client_secret",
                                tenant.clientSecret(),
                                "scope",
                                "messages:send messages:read"));

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("Cache-Control")).hasValue("no-store");
        assertThat(answer.at("/token_type")).isEqualTo("Bearer");
        assertThat(answer.at("/expires_in")).isEqualTo("900");
        assertThat(answer.at("/scope")).isEqualTo("messages:read messages:send");
        var jwt = SignedJWT.parse(answer.at("/access_token"));
        assertThat(jwt.getHeader().toJSONObject())
                .containsEntry("alg", "ES256")
                .containsEntry("typ", "at+jwt")
                .containsKey("kid");
        var claims = jwt.getJWTClaimsSet();
        assertThat(claims.getIssuer()).isEqualTo(gesher.settings().publicUrl().toString());
        assertThat(claims.getAudience()).containsExactly("gesher");
        assertThat(claims.getSubject()).isEqualTo(tenant.clientId());
        assertThat(claims.getStringClaim("tenant_id")).isEqualTo(tenant.tenantId());
        assertThat(claims.getStringClaim("scope")).isEqualTo("messages:read messages:send");
        assertThat(claims.getJWTID()).isNotBlank();
        assertThat(
                        Duration.between(
                                claims.getIssueTime().toInstant(),
                                claims.getExpirationTime().toInstant()))
                .isEqualTo(Duration.ofMinutes(15));
    }

    @Test
    void an_operators_token_has_an_audience_of_its_own_and_no_tenant() throws ParseException {
        var claims = SignedJWT.parse(gesher.operatorToken()).getJWTClaimsSet();

        assertThat(claims.getAudience()).containsExactly("gesher-operator");
        assertThat(claims.getClaims()).doesNotContainKeys("tenant_id", "scope");
    }

    @Test
    void credentials_may_come_in_the_header_but_not_twice() {
        var basic =
                "Basic "
                        + Base64.getEncoder()
                                .encodeToString(
                                        ("operator:"
                                                        + java.net.URLEncoder.encode(
                                                                RunningGesher.OPERATOR_SECRET,
                                                                StandardCharsets.UTF_8))
                                                .getBytes(StandardCharsets.UTF_8));

        var once = gesher.token(Map.of("grant_type", "client_credentials"), "Authorization", basic);
        var twice =
                gesher.token(
                        Map.of(
                                "grant_type",
                                "client_credentials",
                                "client_id",
                                "operator",
                                "client_secret",
                                "x"),
                        "Authorization",
                        basic);

        assertThat(once.status()).isEqualTo(200);
        assertThat(twice.status()).isEqualTo(400);
        assertThat(twice.at("/error")).isEqualTo("invalid_request");
    }

    @Test
    void refusals_are_those_of_the_rfc() {
        var tenant = gesher.newTenant("a");
        var good =
                Map.of(
                        "client_id", tenant.clientId(),
                        "client_secret", tenant.clientSecret());

        assertThat(error(good, Map.of())).isEqualTo("400 invalid_request");
        assertThat(error(good, Map.of("grant_type", "password")))
                .isEqualTo("400 unsupported_grant_type");
        assertThat(
                        error(
                                good,
                                Map.of(
                                        "grant_type",
                                        "client_credentials",
                                        "scope",
                                        "gesher-operator")))
                .isEqualTo("400 invalid_scope");
        assertThat(
                        error(
                                good,
                                Map.of(
                                        "grant_type",
                                        "client_credentials",
                                        "client_secret",
                                        "wrong")))
                .isEqualTo("401 invalid_client");
        assertThat(error(good, Map.of("grant_type", "client_credentials", "client_id", "nobody")))
                .isEqualTo("401 invalid_client");
        assertThat(error(Map.of(), Map.of("grant_type", "client_credentials")))
                .isEqualTo("401 invalid_client");
    }

    private static String error(Map<String, String> base, Map<String, String> changes) {
        var form = new java.util.HashMap<>(base);
        form.putAll(changes);
        var answer = gesher.token(form);
        assertThat(answer.header("Cache-Control")).hasValue("no-store");
        return answer.status() + " " + answer.at("/error");
    }

    @Test
    void a_client_gets_no_scope_it_was_not_given() {
        var all = gesher.newTenant("b");
        var some =
                gesher.newClient(
                        all.tenantId(),
                        Map.of("name", "reader", "scopes", List.of("messages:read")));

        var answer =
                gesher.token(
                        Map.of(
                                "grant_type",
                                "client_credentials",
                                "client_id",
                                some.clientId(),
                                "client_secret",
                                some.clientSecret(),
                                "scope",
                                "messages:send"));

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.at("/error")).isEqualTo("invalid_scope");
    }

    @Test
    void a_repeated_parameter_is_refused() {
        var answer =
                gesher.send(
                        "POST",
                        "/oauth/token",
                        "grant_type=client_credentials&grant_type=client_credentials"
                                .getBytes(StandardCharsets.UTF_8),
                        "Content-Type",
                        "application/x-www-form-urlencoded");

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.at("/error")).isEqualTo("invalid_request");
    }

    @Test
    void guessing_is_slowed_down_and_the_right_secret_still_works() {
        var tenant = gesher.newTenant("guessed");
        var statuses = new java.util.ArrayList<Integer>();
        for (int i = 0; i <= GuessLimits.PER_CLIENT; i++) {
            statuses.add(
                    gesher.token(
                                    Map.of(
                                            "grant_type",
                                            "client_credentials",
                                            "client_id",
                                            tenant.clientId(),
                                            "client_secret",
                                            "guess " + i))
                            .status());
        }

        assertThat(statuses).startsWith(401).endsWith(429);
        assertThat(gesher.accessToken(tenant.clientId(), tenant.clientSecret())).isNotEmpty();
    }

    @Test
    void the_published_keys_verify_a_token_and_hold_no_private_part() throws Exception {
        var keys =
                com.nimbusds.jose.jwk.JWKSet.parse(
                        gesher.send("GET", "/.well-known/jwks.json", new byte[0]).text());
        var jwt = SignedJWT.parse(gesher.operatorToken());
        var key = keys.getKeyByKeyId(jwt.getHeader().getKeyID()).toECKey();

        assertThat(jwt.verify(new com.nimbusds.jose.crypto.ECDSAVerifier(key))).isTrue();
        assertThat(keys.getKeys()).noneMatch(com.nimbusds.jose.jwk.JWK::isPrivate);
    }
}
