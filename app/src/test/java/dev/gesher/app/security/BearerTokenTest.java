package dev.gesher.app.security;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import dev.gesher.app.testing.Answer;
import dev.gesher.app.testing.RunningGesher;
import dev.gesher.app.testing.RunningGesher.TestTenant;
import dev.gesher.tenant.SigningKeys;
import dev.gesher.testkit.SettableClock;
import java.text.ParseException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class BearerTokenTest {
    private static final String TENANT_PATH = "/v1/conversations";

    private static SettableClock clock;
    private static RunningGesher gesher;
    private static TestTenant tenant;

    @BeforeAll
    static void start() {
        // As coarse as PostgreSQL: a key's time that rounds up would lie ahead of a clock that
        // stands.
        clock = SettableClock.at(Clock.systemUTC().instant().truncatedTo(ChronoUnit.MILLIS));
        gesher = RunningGesher.start(Map.of(), clock);
        tenant = gesher.newTenant("a");
    }

    @AfterAll
    static void stop() {
        gesher.close();
    }

    @BeforeEach
    void the_tokens_own_kind_is_taken() throws JOSEException {
        // Otherwise every refusal below could have another cause than the one it names.
        assertThat(gesher.get(TENANT_PATH, forged(changes -> {})).status()).isEqualTo(200);
    }

    @Test
    void no_token_is_refused_with_a_bare_challenge() {
        var answer = gesher.send("GET", TENANT_PATH, new byte[0]);

        assertThat(answer.status()).isEqualTo(401);
        assertThat(answer.header("WWW-Authenticate")).hasValue("Bearer");
        assertThat(answer.at("/code")).isEqualTo("unauthenticated");
    }

    @Test
    void a_token_that_expired_is_refused_also_when_it_was_taken_before() {
        var fresh = gesher.accessToken(tenant.clientId(), tenant.clientSecret());
        assertThat(gesher.get(TENANT_PATH, fresh).status()).isEqualTo(200);
        var now = clock.instant();
        try {
            clock.advance(Duration.ofMinutes(15));
            assertRefused(gesher.get(TENANT_PATH, fresh));
        } finally {
            clock.set(now);
        }
    }

    @Test
    void an_unsigned_token_is_refused() throws ParseException {
        var claims = SignedJWT.parse(tenant.token()).getJWTClaimsSet();

        assertRefused(gesher.get(TENANT_PATH, new PlainJWT(claims).serialize()));
    }

    @Test
    void a_token_signed_by_hmac_with_the_public_key_is_refused() throws Exception {
        var key = gesher.bean(SigningKeys.class).published().getFirst();
        for (var secret :
                List.of(
                        key.toPublicJWK()
                                .toJSONString()
                                .getBytes(java.nio.charset.StandardCharsets.UTF_8),
                        key.toECPublicKey().getEncoded())) {
            var header =
                    new JWSHeader.Builder(JWSAlgorithm.HS256)
                            .type(new JOSEObjectType("at+jwt"))
                            .keyID(key.getKeyID())
                            .build();
            var jwt = new SignedJWT(header, claims().build());
            jwt.sign(new MACSigner(secret));

            assertRefused(gesher.get(TENANT_PATH, jwt.serialize()));
        }
    }

    @Test
    void a_foreign_issuer_and_a_wrong_audience_are_refused() throws JOSEException {
        assertRefused(gesher.get(TENANT_PATH, forged(it -> it.issuer("https://evil.example"))));
        assertRefused(gesher.get(TENANT_PATH, forged(it -> it.audience("other"))));
        assertRefused(
                gesher.get(
                        TENANT_PATH,
                        forged(it -> it.audience(List.of("gesher", "gesher-operator")))));
        assertRefused(gesher.get(TENANT_PATH, forged(it -> it.claim("tenant_id", null))));
        assertRefused(gesher.get(TENANT_PATH, forged(it -> it.claim("tenant_id", "1"))));
    }

    @Test
    void an_operators_audience_with_a_tenant_is_neither() throws JOSEException {
        var token = forged(it -> it.audience("gesher-operator"));

        assertRefused(gesher.get(TENANT_PATH, token));
        assertRefused(gesher.get("/v1/tenants/" + tenant.tenantId(), token));
    }

    @Test
    void times_that_can_not_be_are_refused() throws JOSEException {
        assertRefused(gesher.get(TENANT_PATH, forged(it -> it.expirationTime(null))));
        assertRefused(gesher.get(TENANT_PATH, forged(it -> it.issueTime(null))));
        assertRefused(
                gesher.get(
                        TENANT_PATH,
                        forged(it -> it.issueTime(date(clock.instant().plusSeconds(120))))));
        assertRefused(
                gesher.get(TENANT_PATH, forged(it -> it.expirationTime(date(clock.instant())))));
    }

    @Test
    void a_tampered_token_is_refused() {
        var parts = tenant.token().split("\\.", -1);
        var other = gesher.newTenant("other").token().split("\\.", -1);

        assertRefused(gesher.get(TENANT_PATH, parts[0] + "." + other[1] + "." + parts[2]));
        assertRefused(gesher.get(TENANT_PATH, parts[0] + "." + parts[1] + "."));
        assertRefused(gesher.get(TENANT_PATH, parts[0] + "." + parts[1]));
        assertRefused(gesher.get(TENANT_PATH, "x".repeat(6_000)));
    }

    @Test
    void an_unknown_key_and_a_foreign_key_under_a_known_id_are_refused() throws JOSEException {
        var foreign = new ECKeyGenerator(Curve.P_256).keyID("nobody's").generate();
        var known = gesher.bean(SigningKeys.class).current().kid();

        assertRefused(
                gesher.get(TENANT_PATH, signed("nobody's", new ECDSASigner(foreign), claims())));
        assertRefused(gesher.get(TENANT_PATH, signed(known, new ECDSASigner(foreign), claims())));
    }

    @Test
    void another_type_of_token_is_refused() throws JOSEException {
        var key = gesher.bean(SigningKeys.class).current();
        var header =
                new JWSHeader.Builder(JWSAlgorithm.ES256)
                        .type(JOSEObjectType.JWT)
                        .keyID(key.kid())
                        .build();
        var jwt = new SignedJWT(header, claims().build());
        jwt.sign(key.signer());

        assertRefused(gesher.get(TENANT_PATH, jwt.serialize()));
    }

    @Test
    void a_tenants_token_does_not_pass_at_the_operators() {
        var paths = List.of("/v1/tenants/" + tenant.tenantId());
        for (var path : paths) {
            assertForbidden(gesher.get(path, tenant.token()));
        }
        assertForbidden(gesher.post("/v1/tenants", tenant.token(), Map.of("name", "mine")));
        assertForbidden(
                gesher.post(
                        "/v1/tenants/" + tenant.tenantId() + "/clients",
                        tenant.token(),
                        Map.of("name", "mine")));
    }

    @Test
    void an_operators_token_does_not_pass_at_a_tenants() {
        var operator = gesher.operatorToken();

        assertForbidden(gesher.get(TENANT_PATH, operator));
        assertForbidden(gesher.get("/v1/messages/" + UUID.randomUUID(), operator));
        assertForbidden(gesher.get("/v1/connection", operator));
    }

    @Test
    void a_missing_scope_is_403_and_says_so() {
        var reader =
                gesher.newClient(
                        tenant.tenantId(),
                        Map.of("name", "reader", "scopes", List.of("messages:read")));

        var answer = gesher.get(TENANT_PATH, reader.token());

        assertForbidden(answer);
        assertThat(answer.header("WWW-Authenticate"))
                .hasValue("Bearer error=\"insufficient_scope\"");
    }

    @Test
    void a_scope_that_looks_like_the_operators_role_is_none() throws JOSEException {
        var token = forged(it -> it.claim("scope", "gesher-operator isAnonymous()"));

        assertForbidden(gesher.get("/v1/tenants/" + tenant.tenantId(), token));
    }

    private static String forged(Consumer<JWTClaimsSet.Builder> changes) throws JOSEException {
        var key = gesher.bean(SigningKeys.class).current();
        var claims = claims();
        changes.accept(claims);
        return signed(key.kid(), key.signer(), claims);
    }

    private static String signed(String kid, JWSSigner signer, JWTClaimsSet.Builder claims)
            throws JOSEException {
        var header =
                new JWSHeader.Builder(JWSAlgorithm.ES256)
                        .type(new JOSEObjectType("at+jwt"))
                        .keyID(kid)
                        .build();
        var jwt = new SignedJWT(header, claims.build());
        jwt.sign(signer);
        return jwt.serialize();
    }

    /** The claims of a good token. */
    private static JWTClaimsSet.Builder claims() {
        return new JWTClaimsSet.Builder()
                .issuer(gesher.settings().publicUrl().toString())
                .subject(tenant.clientId())
                .audience("gesher")
                .claim("tenant_id", tenant.tenantId())
                .claim("scope", "conversations:read")
                .issueTime(date(clock.instant()))
                .expirationTime(date(clock.instant().plusSeconds(900)))
                .jwtID(UUID.randomUUID().toString());
    }

    @SuppressWarnings("JavaUtilDate") // the library's type
    private static Date date(Instant instant) {
        return Date.from(instant);
    }

    private static void assertRefused(Answer answer) {
        assertThat(answer.status()).as(answer.text()).isEqualTo(401);
        assertThat(answer.header("WWW-Authenticate")).hasValue("Bearer error=\"invalid_token\"");
        assertThat(answer.header("Content-Type")).hasValue("application/problem+json");
    }

    private static void assertForbidden(Answer answer) {
        assertThat(answer.status()).as(answer.text()).isEqualTo(403);
        assertThat(answer.at("/code")).isEqualTo("insufficient_scope");
    }
}
