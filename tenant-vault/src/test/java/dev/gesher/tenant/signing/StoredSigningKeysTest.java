package dev.gesher.tenant.signing;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.Payload;
import com.nimbusds.jose.crypto.ECDSAVerifier;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import dev.gesher.tenant.RunningVault;
import dev.gesher.tenant.SigningKeys;
import dev.gesher.tenant.SigningKeys.SigningKey;
import dev.gesher.testkit.TestDatabase;
import java.time.Duration;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class StoredSigningKeysTest {
    private TestDatabase database;
    private RunningVault running;
    private SigningKeys keys;

    @BeforeEach
    void start() {
        database = TestDatabase.fresh();
        running = RunningVault.demo(database);
        keys = running.bean(SigningKeys.class);
    }

    @AfterEach
    void stop() {
        running.close();
        database.close();
    }

    @Test
    void the_first_key_signs_from_the_first_start_and_is_found_again() throws Exception {
        var first = keys.current();
        assertThat(keys.published()).singleElement().matches(key -> verifies(key, signed(first)));

        try (var later = RunningVault.demo(database)) {
            assertThat(later.bean(SigningKeys.class).current().kid()).isEqualTo(first.kid());
        }
    }

    @Test
    void two_first_starts_at_once_make_one_key() throws Exception {
        try (var fresh = TestDatabase.fresh();
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            // One data folder, one key file: it is there before the two race for the rest.
            RunningVault.demo(fresh).close();
            try (var one = RunningVault.demo(fresh)) {
                one.asAdministrator("DELETE FROM jwt_keys");
                var a = threads.submit(() -> kidOfAStart(fresh));
                var b = threads.submit(() -> kidOfAStart(fresh));
                assertThat(a.get()).isEqualTo(b.get());
            }
        }
    }

    @Test
    void a_new_key_is_published_five_minutes_before_it_signs() {
        var old = keys.current().kid();

        var signsFrom = keys.rotate("operator");
        assertThat(signsFrom).isEqualTo(running.clock().instant().plus(Duration.ofMinutes(5)));
        assertThat(keys.published()).hasSize(2);
        assertThat(keys.current().kid()).isEqualTo(old);

        running.clock().advance(Duration.ofMinutes(5).minusSeconds(1));
        assertThat(keys.current().kid()).isEqualTo(old);
        running.clock().advance(Duration.ofSeconds(1));
        var newer = keys.current();
        assertThat(newer.kid()).isNotEqualTo(old);
        assertThat(keys.published().getFirst()).matches(key -> verifies(key, signed(newer)));
    }

    @Test
    void an_old_key_is_published_until_its_last_token_has_ended() {
        keys.rotate("operator");
        running.clock().advance(Duration.ofMinutes(5 + 15));
        assertThat(keys.published()).as("a token of 15 minutes may still be used").hasSize(2);

        running.clock().advance(Duration.ofMinutes(6));
        assertThat(keys.published())
                .extracting(ECKey::getKeyID)
                .containsExactly(keys.current().kid());
    }

    @Test
    void another_replica_sees_a_new_key_before_it_signs() {
        try (var other = RunningVault.demo(database)) {
            var others = other.bean(SigningKeys.class);
            assertThat(others.published()).hasSize(1);
            keys.rotate("operator");

            other.clock().advance(Duration.ofMinutes(1));
            assertThat(others.published()).hasSize(2);
        }
    }

    @Test
    void what_is_published_and_printed_is_public() {
        var key = keys.current();

        assertThat(key.toString()).isEqualTo("SigningKey[" + key.kid() + "]");
        assertThat(keys.published()).noneMatch(JWK::isPrivate);
        assertThat(running.count("SELECT count(*) FROM jwt_keys WHERE public_jwk LIKE '%\"d\"%'"))
                .isZero();
        assertThat(
                        running.count(
                                "SELECT count(*) FROM audit_log WHERE action = 'signing_key.created'"))
                .isEqualTo(1);
    }

    private static String kidOfAStart(TestDatabase database) {
        try (var start = RunningVault.demo(database)) {
            return start.bean(SigningKeys.class).current().kid();
        }
    }

    private static JWSObject signed(SigningKey key) {
        try {
            var header = new JWSHeader.Builder(JWSAlgorithm.ES256).keyID(key.kid()).build();
            var signed = new JWSObject(header, new Payload("hello"));
            signed.sign(key.signer());
            return signed;
        } catch (JOSEException e) {
            throw new IllegalStateException(e);
        }
    }

    private static boolean verifies(ECKey key, JWSObject signed) {
        try {
            return key.getKeyID().equals(signed.getHeader().getKeyID())
                    && signed.verify(new ECDSAVerifier(key));
        } catch (JOSEException e) {
            throw new IllegalStateException(e);
        }
    }
}
