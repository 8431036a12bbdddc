package dev.gesher.whatsapp.signup;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gesher.simulator.GraphSimulator;
import dev.gesher.tenant.SecretText;
import dev.gesher.tenant.TenantId;
import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.SettableClock;
import dev.gesher.testkit.TestDatabase;
import dev.gesher.whatsapp.Signup;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@GesherDatabase
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LinksTest {
    private static final Instant NOW = Instant.parse("2026-11-20T09:00:00Z");

    private final SettableClock clock = SettableClock.at(NOW);
    private GraphSimulator simulator;
    private RunningSignup running;
    private Signup signup;
    private TenantId tenant;

    @BeforeAll
    void start(TestDatabase database) throws Exception {
        simulator = GraphSimulator.start();
        running = new RunningSignup(database, simulator, clock, Map.of());
        signup = running.signup();
    }

    @BeforeEach
    void aTenant() {
        clock.set(NOW);
        tenant = running.newTenant();
    }

    @AfterAll
    void stop() {
        running.close();
        simulator.close();
    }

    @Test
    void a_link_becomes_a_session_that_names_its_tenant() {
        var link = signup.createLink(tenant, "client:shop");
        assertThat(link.secret().reveal()).startsWith(tenant + ".").hasSize(36 + 1 + 43);
        assertThat(link.expiresAt()).isEqualTo(NOW.plus(Duration.ofMinutes(30)));

        var session = signup.exchangeLink(link.secret()).orElseThrow();

        var visitor = signup.session(session.token()).orElseThrow();
        assertThat(visitor).isEqualTo(session.visitor());
        assertThat(visitor.tenant()).isEqualTo(tenant);
        assertThat(visitor.tenantName()).isEqualTo("מאפיית דנה");
        assertThat(visitor.locale()).isEqualTo("he");
        assertThat(visitor.actor()).isEqualTo("link:" + link.linkId());
        assertThat(
                        running.look(
                                "SELECT actor, action, object FROM audit_log WHERE tenant_id = ? AND action LIKE 'connect%'",
                                tenant.value()))
                .containsExactly("client:shop connect_link.created " + link.linkId());
    }

    @Test
    void opening_a_link_spends_nothing_and_the_last_browser_has_the_session() {
        var link = signup.createLink(tenant, "client:shop");
        var first = signup.exchangeLink(link.secret()).orElseThrow();
        var second = signup.exchangeLink(link.secret()).orElseThrow();

        assertThat(signup.session(first.token())).isEmpty();
        assertThat(signup.session(second.token())).isPresent();
    }

    @Test
    void link_and_session_end_after_half_an_hour() {
        var link = signup.createLink(tenant, "client:shop");
        var session = signup.exchangeLink(link.secret()).orElseThrow();

        clock.advance(Duration.ofMinutes(30).minusMillis(1));
        assertThat(signup.session(session.token())).isPresent();
        clock.advance(Duration.ofMillis(1));
        assertThat(signup.session(session.token())).isEmpty();
        assertThat(signup.exchangeLink(link.secret())).isEmpty();
    }

    @Test
    void a_secret_is_no_session_and_a_session_no_secret() {
        var link = signup.createLink(tenant, "client:shop");
        var session = signup.exchangeLink(link.secret()).orElseThrow();

        assertThat(signup.session(link.secret())).isEmpty();
        assertThat(signup.exchangeLink(session.token())).isEmpty();
    }

    @Test
    void a_secret_opens_no_other_tenants_link() {
        var link = signup.createLink(tenant, "client:shop");
        var other = running.newTenant();
        var forged = other + link.secret().reveal().substring(36);

        assertThat(signup.exchangeLink(SecretText.of(forged))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "x",
                "00000000-0000-0000-0000-000000000000.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                "' OR 1=1 --",
                "01234567-0123-7123-8123-012345678901.short"
            })
    void what_is_no_secret_opens_nothing(String text) {
        assertThat(signup.exchangeLink(SecretText.of(text))).isEmpty();
        assertThat(signup.session(SecretText.of(text))).isEmpty();
    }

    @Test
    void only_hashes_are_stored() {
        var link = signup.createLink(tenant, "client:shop");
        var session = signup.exchangeLink(link.secret()).orElseThrow();
        var random = link.secret().reveal().substring(37);

        assertThat(
                        running.look(
                                "SELECT l::text FROM connect_links l WHERE tenant_id = ?",
                                tenant.value()))
                .singleElement()
                .asString()
                .doesNotContain(random, session.token().reveal().substring(37));
        assertThat(link.toString() + session).doesNotContain(random);
    }
}
