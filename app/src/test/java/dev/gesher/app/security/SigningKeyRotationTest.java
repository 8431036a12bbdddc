package dev.gesher.app.security;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jwt.SignedJWT;
import dev.gesher.app.testing.RunningGesher;
import dev.gesher.app.testing.RunningGesher.TestTenant;
import dev.gesher.testkit.SettableClock;
import java.text.ParseException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The key that signs tokens is replaced in two replicas on one clock and one database. */
class SigningKeyRotationTest {
    private static final String PATH = "/v1/conversations";

    private SettableClock clock;
    private RunningGesher one;
    private RunningGesher other;
    private TestTenant tenant;

    @BeforeEach
    void start() {
        clock = SettableClock.at(Clock.systemUTC().instant().truncatedTo(ChronoUnit.MILLIS));
        one = RunningGesher.start(Map.of(), clock);
        other = one.replica(Map.of());
        tenant = one.newTenant("a");
    }

    @AfterEach
    void stop() {
        other.close();
        one.close();
    }

    @Test
    void a_new_key_is_published_by_both_before_it_signs_and_taken_by_both_then() throws Exception {
        var old = kid(token(one));
        assertThat(kids(one)).containsExactly(old);
        assertThat(kids(other)).containsExactly(old); // remembers it for a minute
        var oldToken = token(one);

        var rotated = one.post("/v1/operator/signing-keys/rotate", one.operatorToken(), Map.of());
        assertThat(rotated.status()).as(rotated.text()).isEqualTo(202);
        var signsFrom = Instant.parse(rotated.at("/signs_from"));
        assertThat(Duration.between(clock.instant(), signsFrom)).isEqualTo(Duration.ofMinutes(5));

        clock.advance(Duration.ofSeconds(61)); // nearly four minutes ahead
        assertThat(kids(one)).hasSize(2).contains(old);
        assertThat(kids(other)).isEqualTo(kids(one));
        assertThat(kid(token(one))).isEqualTo(old);
        assertThat(kid(token(other))).isEqualTo(old);

        clock.advance(Duration.between(clock.instant(), signsFrom));
        for (var issuer : List.of(one, other)) {
            var fresh = token(issuer);
            assertThat(kid(fresh)).isNotEqualTo(old).isIn(kids(one));
            assertThat(one.get(PATH, fresh).status()).isEqualTo(200);
            assertThat(other.get(PATH, fresh).status()).isEqualTo(200);
        }
        assertThat(other.get(PATH, oldToken).status()).as("until it ends").isEqualTo(200);

        clock.advance(Duration.ofMinutes(15));
        assertThat(kids(other)).as("a last token of the old key has just ended").contains(old);
        assertThat(other.get(PATH, oldToken).status()).isEqualTo(401);
        clock.advance(Duration.ofMinutes(6));
        assertThat(kids(one)).hasSize(1).doesNotContain(old);
        assertThat(kids(other)).isEqualTo(kids(one));
    }

    /** The private halves are secrets of the platform: both layers of keys move under them. */
    @Test
    void the_platforms_own_keys_survive_a_rotation_of_what_protects_them() throws Exception {
        var before = kid(token(one));
        for (var layer : List.of("key_encryption_key", "data_keys")) {
            var asked =
                    one.post(
                            "/v1/operator/key-rotations",
                            one.operatorToken(),
                            Map.of("layer", layer));
            org.awaitility.Awaitility.await()
                    .untilAsserted(() ->
                            assertThat(
                                            one.get(
                                                            "/v1/operator/key-rotations/"
                                                                    + asked.at("/rotation_id"),
                                                            one.operatorToken())
                                                    .at("/state"))
                                    .isEqualTo("done"));
        }
        clock.advance(Duration.ofSeconds(61)); // nothing is remembered
        var fresh = token(other);
        assertThat(kid(fresh)).isEqualTo(before);
        assertThat(one.get(PATH, fresh).status()).isEqualTo(200);
    }

    @Test
    void a_key_whose_last_token_has_ended_is_destroyed_at_the_next_rotation() throws Exception {
        rotate();
        clock.advance(Duration.ofMinutes(30));
        rotate();

        try (var administrator = one.database().connectAsAdministrator();
                var statement = administrator.createStatement();
                var result =
                        statement.executeQuery(
                                """
                                SELECT (SELECT count(*) FROM jwt_keys),
                                    (SELECT count(*) FROM secrets WHERE kind LIKE 'jwt_private_key:%')
                                """)) {
            result.next();
            assertThat(result.getInt(1)).isEqualTo(2);
            assertThat(result.getInt(2)).isEqualTo(2);
        }
    }

    private void rotate() {
        assertThat(
                        one.post("/v1/operator/signing-keys/rotate", one.operatorToken(), Map.of())
                                .status())
                .isEqualTo(202);
    }

    private String token(RunningGesher gesher) {
        return gesher.accessToken(tenant.clientId(), tenant.clientSecret());
    }

    private static String kid(String token) throws ParseException {
        return SignedJWT.parse(token).getHeader().getKeyID();
    }

    private static List<String> kids(RunningGesher gesher) {
        var keys = gesher.send("GET", "/.well-known/jwks.json", new byte[0]).json().at("/keys");
        return keys.findValuesAsText("kid");
    }
}
