package dev.gesher.whatsapp.signup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.gesher.simulator.GraphSimulator;
import dev.gesher.simulator.SimulatorOptions;
import dev.gesher.simulator.control.Control;
import dev.gesher.simulator.world.Business;
import dev.gesher.simulator.world.FaultRule.Effect;
import dev.gesher.simulator.world.FaultRule.Match;
import dev.gesher.simulator.world.NumberChange;
import dev.gesher.tenant.TenantId;
import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.SettableClock;
import dev.gesher.testkit.TestDatabase;
import dev.gesher.whatsapp.AccountFact.AccountUpdate;
import dev.gesher.whatsapp.Connection;
import dev.gesher.whatsapp.ConnectionCause;
import dev.gesher.whatsapp.Signup.Status;
import dev.gesher.whatsapp.signup.RunningSignup.Told;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Meta tells that an account is gone: nothing ends before Graph says so too. */
@GesherDatabase
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DoubtsTest {
    private static final Instant NOW = Instant.parse("2026-11-20T09:00:00Z");
    private static final String OURS = SimulatorOptions.forTests().appId();

    private final SettableClock clock = SettableClock.at(NOW);
    private final GraphSimulator simulator;
    private final Control meta;
    private final RunningSignup running;
    private TenantId tenant;
    private Business bakery;

    DoubtsTest(TestDatabase database) throws Exception {
        simulator = GraphSimulator.start(SimulatorOptions.forTests().withClock(clock));
        meta = simulator.control();
        running = new RunningSignup(database, simulator, clock, Map.of());
    }

    @BeforeEach
    void connect() {
        clock.set(NOW);
        meta.reset();
        running.ending = false;
        tenant = running.newTenant();
        bakery = meta.createBusiness("מאפיית דנה", "+972 3-555-0101");
        assertThat(running.submit(tenant, meta.mintCode(bakery.wabaId())).status())
                .isEqualTo(Status.DONE);
        running.told.clear();
        clock.advance(Duration.ofHours(1));
    }

    @AfterAll
    void stop() {
        running.close();
        simulator.close();
    }

    private static AccountUpdate update(String event, @Nullable String app, @Nullable String ban) {
        return new AccountUpdate(
                event,
                Optional.ofNullable(app),
                Optional.ofNullable(ban),
                Optional.empty(),
                List.of(),
                Optional.empty(),
                Optional.empty());
    }

    private void tell(Instant at, AccountUpdate update) {
        running.tell(tenant, bakery, at, update);
    }

    /** Has Graph asked, and waits for what comes of it. */
    private void prove() {
        running.runDue(tenant, "account_proof");
        await().untilAsserted(() -> assertThat(suspicions()).isEmpty());
    }

    private List<String> suspicions() {
        return running.look(
                "SELECT kind FROM account_suspicions WHERE tenant_id = ?", tenant.value());
    }

    private Connection connection() {
        return running.connections().find(tenant).orElseThrow();
    }

    private List<String> audited() {
        return running.look(
                "SELECT action, detail->>'told' FROM audit_log WHERE tenant_id = ? AND action LIKE 'connection.doubt%' ORDER BY at, audit_id",
                tenant.value());
    }

    private void happens(String event) {
        switch (event) {
            case "PARTNER_REMOVED", "ACCOUNT_DELETED" -> meta.unshare(bakery.wabaId());
            case "PARTNER_APP_UNINSTALLED" -> meta.revokeTokensOf(bakery.wabaId());
            default ->
                    meta.changeNumber(
                            bakery.phoneNumberId(), NumberChange.none().withStatus("BANNED"));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "PARTNER_REMOVED, app_removed, partner_removed",
        "PARTNER_APP_UNINSTALLED, app_removed, app_uninstalled",
        "ACCOUNT_DELETED, account_removed, account_deleted"
    })
    void what_graph_confirms_disconnects(String event, String cause, String told) {
        happens(event);
        tell(clock.instant(), update(event, OURS, null));
        assertThat(connection().status()).isEqualTo(Connection.Status.ACTIVE);

        prove();

        assertThat(connection().status()).isEqualTo(Connection.Status.DISCONNECTED);
        assertThat(connection().cause()).contains(cause);
        assertThat(audited()).containsExactly("connection.doubt_confirmed " + told);
        await().untilAsserted(() ->
                assertThat(running.departures().latest(tenant).orElseThrow().endedAt())
                        .isPresent());
    }

    @ParameterizedTest
    @CsvSource({
        "PARTNER_REMOVED, , partner_removed",
        "PARTNER_APP_UNINSTALLED, , app_uninstalled",
        "ACCOUNT_DELETED, , account_deleted",
        "DISABLED_UPDATE, DISABLE, disabled",
        "ACCOUNT_OFFBOARDED, , offboarded"
    })
    void what_graph_refutes_is_forgotten(String event, String ban, String told) {
        tell(clock.instant(), update(event, OURS, ban));

        prove();

        assertThat(connection().status()).isEqualTo(Connection.Status.ACTIVE);
        assertThat(running.told).isEmpty();
        assertThat(audited()).containsExactly("connection.doubt_refuted " + told);
        assertThat(timers()).isEmpty();
    }

    private List<String> timers() {
        return running.look(
                "SELECT kind FROM timers WHERE tenant_id = ? AND kind = 'account_proof'",
                tenant.value());
    }

    @ParameterizedTest
    @CsvSource({
        "DISABLED_UPDATE, DISABLE, DISABLED_UPDATE, REINSTATE, account_disabled",
        "ACCOUNT_OFFBOARDED, , ACCOUNT_RECONNECTED, , account_offboarded"
    })
    void what_stops_sending_comes_back(
            String stops, String ban, String comesBack, String unban, String cause) {
        happens(stops);
        tell(clock.instant(), update(stops, null, ban));
        prove();
        assertThat(connection().status()).isEqualTo(Connection.Status.INVALID);
        assertThat(connection().cause()).contains(cause);

        clock.advance(Duration.ofHours(1));
        tell(clock.instant(), update(comesBack, null, unban));
        // Graph does not know yet.
        running.runDue(tenant, "account_proof");
        await().untilAsserted(() -> assertThat(tries()).containsExactly("1"));
        assertThat(connection().status()).isEqualTo(Connection.Status.INVALID);
        meta.changeNumber(bakery.phoneNumberId(), NumberChange.none().withStatus("CONNECTED"));
        clock.advance(Duration.ofMinutes(1));
        prove();

        assertThat(connection().status()).isEqualTo(Connection.Status.ACTIVE);
        assertThat(connection().cause()).isEmpty();
        assertThat(running.told).hasSize(2);
        assertThat(running.told.getLast()).isInstanceOf(Told.Connected.class);

        // The first once more, older than what undid it.
        happens(stops);
        tell(clock.instant().minus(Duration.ofMinutes(30)), update(stops, null, ban));
        tell(clock.instant().minus(Duration.ofHours(3)), update(stops, null, ban));
        assertThat(suspicions()).isEmpty();
        assertThat(connection().status()).isEqualTo(Connection.Status.ACTIVE);
    }

    @Test
    void a_ban_that_a_refused_send_told_of_first_is_lifted_too() {
        happens("DISABLED_UPDATE");
        running.scope()
                .in(
                        tenant,
                        tx -> {
                            running.connections()
                                    .invalidate(
                                            tx,
                                            tenant,
                                            bakery.phoneNumberId(),
                                            ConnectionCause.RESTRICTED,
                                            clock.instant(),
                                            clock.instant());
                            return true;
                        });
        tell(clock.instant(), update("DISABLED_UPDATE", null, "DISABLE"));
        prove();
        assertThat(connection().cause()).contains("restricted");

        clock.advance(Duration.ofHours(1));
        meta.changeNumber(bakery.phoneNumberId(), NumberChange.none().withStatus("CONNECTED"));
        tell(clock.instant(), update("DISABLED_UPDATE", null, "REINSTATE"));
        prove();

        assertThat(connection().status()).isEqualTo(Connection.Status.ACTIVE);
    }

    @Test
    void what_ends_a_ban_is_decided_after_the_ban() {
        happens("DISABLED_UPDATE");
        tell(clock.instant().minusSeconds(1), update("DISABLED_UPDATE", null, "DISABLE"));
        tell(clock.instant(), update("DISABLED_UPDATE", null, "REINSTATE"));
        running.runDue(tenant, "account_proof");
        await().untilAsserted(() -> assertThat(suspicions()).containsExactly("reinstated"));
        await().untilAsserted(() -> assertThat(tries()).containsExactly("1"));
        assertThat(connection().cause()).contains("account_disabled");

        meta.changeNumber(bakery.phoneNumberId(), NumberChange.none().withStatus("CONNECTED"));
        clock.advance(Duration.ofMinutes(2));
        prove();

        assertThat(connection().status()).isEqualTo(Connection.Status.ACTIVE);
    }

    private List<String> tries() {
        return running.look(
                "SELECT tries FROM account_suspicions WHERE tenant_id = ?", tenant.value());
    }

    @Test
    void an_older_signal_than_its_opposite_raises_no_doubt() {
        tell(clock.instant(), update("PARTNER_ADDED", null, null));
        tell(clock.instant(), update("ACCOUNT_RECONNECTED", null, null));
        prove();
        tell(clock.instant().minusSeconds(60), update("PARTNER_REMOVED", null, null));
        tell(clock.instant().minusSeconds(60), update("ACCOUNT_OFFBOARDED", null, null));
        // Older than the connection itself.
        tell(NOW.minusSeconds(60), update("ACCOUNT_DELETED", null, null));
        tell(NOW.minusSeconds(60), update("DISABLED_UPDATE", null, "DISABLE"));

        assertThat(suspicions()).isEmpty();
        assertThat(timers()).isEmpty();
    }

    @Test
    void another_app_that_was_uninstalled_is_none_of_ours() {
        happens("PARTNER_APP_UNINSTALLED");
        tell(clock.instant(), update("PARTNER_APP_UNINSTALLED", "4711", null));
        assertThat(suspicions()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET .*/debug_token", "GET .*/%s$"})
    void while_graph_does_not_answer_nothing_ends_and_it_is_asked_again(String path) {
        meta.addFault(Match.any().path(path.formatted(bakery.wabaId())), Effect.httpError(503));
        tell(clock.instant(), update("PARTNER_REMOVED", null, null));

        for (int tries = 1; tries <= 3; tries++) {
            var so = Integer.toString(tries);
            running.runDue(tenant, "account_proof");
            await().untilAsserted(() -> assertThat(tries()).containsExactly(so));
            await().untilAsserted(() -> assertThat(timers()).hasSize(1));
            // Not at once.
            running.runDue(tenant, "account_proof");
            clock.advance(Duration.ofMinutes(10));
        }
        assertThat(connection().status()).isEqualTo(Connection.Status.ACTIVE);
        assertThat(audited()).isEmpty();

        meta.clearFaults();
        meta.unshare(bakery.wabaId());
        prove();
        assertThat(connection().status()).isEqualTo(Connection.Status.DISCONNECTED);
    }

    @Test
    void a_wrong_app_secret_proves_nothing() {
        meta.addFault(Match.any().path("GET .*/debug_token"), Effect.refuse(190));
        tell(clock.instant(), update("PARTNER_APP_UNINSTALLED", OURS, null));
        running.runDue(tenant, "account_proof");
        await().untilAsserted(() -> assertThat(tries()).containsExactly("1"));
        assertThat(connection().status()).isEqualTo(Connection.Status.ACTIVE);
    }

    @Test
    void whoever_connected_anew_meanwhile_is_left_alone() {
        tell(clock.instant(), update("PARTNER_REMOVED", null, null));
        clock.advance(Duration.ofMinutes(5));
        assertThat(running.submit(tenant, meta.mintCode(bakery.wabaId())).status())
                .isEqualTo(Status.DONE);
        meta.addFault(Match.any().path("GET .*/debug_token"), Effect.httpError(503));
        prove();
        assertThat(connection().status()).isEqualTo(Connection.Status.ACTIVE);
        assertThat(audited()).isEmpty();
    }

    @Test
    void told_twice_is_proven_once() {
        happens("PARTNER_REMOVED");
        tell(clock.instant().minusSeconds(5), update("PARTNER_REMOVED", null, null));
        tell(clock.instant(), update("PARTNER_REMOVED", null, null));
        assertThat(suspicions()).hasSize(1);
        prove();
        assertThat(audited()).hasSize(1);
        assertThat(running.told).hasSize(1);
    }
}
