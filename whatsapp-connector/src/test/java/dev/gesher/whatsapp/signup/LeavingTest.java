package dev.gesher.whatsapp.signup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.gesher.simulator.GraphSimulator;
import dev.gesher.simulator.SimulatorOptions;
import dev.gesher.simulator.control.Control;
import dev.gesher.simulator.world.Business;
import dev.gesher.simulator.world.FaultRule.Drop;
import dev.gesher.simulator.world.FaultRule.Effect;
import dev.gesher.simulator.world.FaultRule.Match;
import dev.gesher.simulator.world.TokenSpec;
import dev.gesher.tenant.SecretName;
import dev.gesher.tenant.SecretText;
import dev.gesher.tenant.TenantId;
import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.SettableClock;
import dev.gesher.testkit.TestDatabase;
import dev.gesher.whatsapp.Connection;
import dev.gesher.whatsapp.Departures;
import dev.gesher.whatsapp.Departures.Cause;
import dev.gesher.whatsapp.Departures.Departure;
import dev.gesher.whatsapp.Signup.Attempt;
import dev.gesher.whatsapp.Signup.Status;
import dev.gesher.whatsapp.SignupFailure;
import dev.gesher.whatsapp.signup.RunningSignup.Told;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A tenant leaves its number: what ends here, what ends at Meta, and in which order. */
@GesherDatabase
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LeavingTest {
    private static final Instant NOW = Instant.parse("2026-11-20T09:00:00Z");
    private static final String ACTOR = "client:test";

    private final SettableClock clock = SettableClock.at(NOW);
    private final GraphSimulator simulator;
    private final Control meta;
    private final RunningSignup running;
    private TenantId tenant;
    private Business bakery;

    LeavingTest(TestDatabase database) throws Exception {
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

    @Test
    void leaving_unsubscribes_revokes_keeps_the_pin_and_lets_the_number_go() {
        var pin = opened(SecretName.META_PIN).orElseThrow();
        int before = meta.calls().size();

        var left = leave();

        assertThat(left.endedAt()).contains(clock.instant());
        assertThat(left.unsubscribed()).contains("done");
        assertThat(left.revoked()).contains("done");
        assertThat(running.callsAbout(bakery).subList(before, before + 2))
                .containsExactly("DELETE /WABA/subscribed_apps", "GET /oauth/revoke");
        assertThat(meta.business(bakery.wabaId()).subscribed()).isFalse();
        var connection = connection();
        assertThat(connection.status()).isEqualTo(Connection.Status.DISCONNECTED);
        assertThat(connection.cause()).contains("left");
        assertThat(running.told).containsExactly(new Told.Stopped(connection));
        assertThat(held()).isEmpty();
        assertThat(secrets()).containsExactly("pin:" + bakery.phoneNumberId());
        for (var asked : List.of(Optional.<String>empty(), Optional.of(bakery.phoneNumberId()))) {
            assertThat(running.departures().pin(tenant, asked, "client:" + asked))
                    .map(shown -> shown.phoneNumberId() + " " + shown.pin().reveal())
                    .contains(bakery.phoneNumberId() + " " + pin);
        }
        assertThat(running.departures().pin(tenant, Optional.of("1"), ACTOR)).isEmpty();
        assertThat(
                        running.look(
                                "SELECT actor, object FROM audit_log WHERE tenant_id = ? AND action = 'two_step_pin.shown' ORDER BY at, audit_id",
                                tenant.value()))
                .containsExactly(
                        "client:Optional.empty " + bakery.phoneNumberId(),
                        "client:Optional["
                                + bakery.phoneNumberId()
                                + "] "
                                + bakery.phoneNumberId());
        assertThat(running.timers(left)).isEmpty();
        assertThat(
                        running.look(
                                "SELECT actor, action FROM audit_log WHERE tenant_id = ? AND action IN ('connection.left', 'connection.released') ORDER BY at, audit_id",
                                tenant.value()))
                .containsExactly(ACTOR + " connection.left", "system:signup connection.released");
    }

    @Test
    void the_pin_of_a_number_left_for_another_can_be_read() {
        var pin = opened(SecretName.META_PIN).orElseThrow();
        assertThat(running.departures().pin(tenant, Optional.empty(), ACTOR)).isEmpty();
        var next = meta.createBusiness("מאפיית דנה", "+972 3-555-0102");
        assertThat(running.submit(tenant, meta.mintCode(next.wabaId())).status())
                .isEqualTo(Status.DONE);

        assertThat(running.departures().pin(tenant, Optional.empty(), ACTOR))
                .map(shown -> shown.phoneNumberId() + " " + shown.pin().reveal())
                .contains(bakery.phoneNumberId() + " " + pin);

        leave();
        assertThat(running.departures().pin(tenant, Optional.empty(), ACTOR))
                .map(Departures.LeftPin::phoneNumberId)
                .contains(next.phoneNumberId());
        assertThat(running.departures().pin(tenant, Optional.of(bakery.phoneNumberId()), ACTOR))
                .map(shown -> shown.pin().reveal())
                .contains(pin);
        assertThat(
                        running.departures()
                                .pin(
                                        running.newTenant(),
                                        Optional.of(bakery.phoneNumberId()),
                                        ACTOR))
                .isEmpty();
    }

    @Test
    void leaving_twice_is_leaving_once() {
        var left = leave();
        int calls = meta.calls().size();
        assertThat(leave()).isEqualTo(left);
        assertThat(meta.calls()).hasSize(calls);
        assertThat(running.departures().leave(running.newTenant(), Cause.LEFT, ACTOR)).isEmpty();
    }

    @Test
    void another_tenant_may_have_the_number_afterwards_and_not_before() {
        meta.addFault(Match.any().path("DELETE .*/subscribed_apps"), Effect.httpError(503));
        var left = leave();
        assertThat(left.endedAt()).isEmpty();

        var other = running.newTenant();
        assertThat(running.submit(other, meta.mintCode(bakery.wabaId())).failure())
                .contains(SignupFailure.NUMBER_CONNECTED_ELSEWHERE);

        meta.clearFaults();
        running.due(tenant, left);
        await().until(() -> latest().endedAt().isPresent());
        meta.changeNumber(
                bakery.phoneNumberId(), dev.gesher.simulator.world.NumberChange.none().withPin(""));
        assertThat(running.submit(other, meta.mintCode(bakery.wabaId())).status())
                .isEqualTo(Status.DONE);
        // Nothing of the departure comes after the new holder's subscription.
        running.due(tenant, left);
        assertThat(meta.business(bakery.wabaId()).subscribed()).isTrue();
        assertThat(latest().endedAt()).isPresent();
    }

    @ParameterizedTest
    @CsvSource({
        "DELETE .*/subscribed_apps, 503, ",
        "DELETE .*/subscribed_apps, , 4",
        "GET .*/oauth/revoke, 503, ",
        "GET .*/oauth/revoke, , 2"
    })
    void what_meta_holds_up_is_done_later_from_there(String path, Integer http, Integer code) {
        meta.addFault(
                Match.any().path(path).times(1),
                http == null ? Effect.refuse(code) : Effect.httpError(http));

        var left = leave();

        assertThat(left.endedAt()).isEmpty();
        // On our side it is over at once.
        assertThat(connection().status()).isEqualTo(Connection.Status.DISCONNECTED);
        assertThat(running.timers(left)).containsExactly("2026-11-20 10:00:30+00");
        running.due(tenant, left);
        await().until(() -> latest().endedAt().isPresent());
        assertThat(latest().unsubscribed()).contains("done");
        assertThat(latest().revoked()).contains("done");
        assertThat(secrets()).containsExactly("pin:" + bakery.phoneNumberId());
        assertThat(meta.calls("/subscribed_apps"))
                .filteredOn(call -> call.method().equals("DELETE") && call.status() == 200)
                .hasSize(1);
    }

    @Test
    void a_lost_answer_does_no_harm() {
        meta.addFault(
                Match.any().path("DELETE .*/subscribed_apps").times(1), Effect.drop(Drop.AFTER));
        meta.addFault(Match.any().path("GET .*/oauth/revoke").times(1), Effect.drop(Drop.AFTER));
        var left = leave();
        running.due(tenant, left);
        await().until(() -> latest().unsubscribed().isPresent() && !timerOfNow(left));
        running.due(tenant, left);
        await().until(() -> latest().endedAt().isPresent());
        assertThat(held()).isEmpty();
    }

    private boolean timerOfNow(Departure left) {
        return running.timers(left).equals(List.of("2026-11-20 10:02:00+00"));
    }

    @Test
    void a_number_is_not_held_hostage_for_more_than_a_day() {
        meta.addFault(Match.any().path("DELETE .*/subscribed_apps"), Effect.httpError(503));
        meta.addFault(Match.any().path("GET .*/oauth/revoke"), Effect.httpError(503));
        var left = leave();
        clock.advance(Duration.ofDays(1));

        running.due(tenant, left);

        await().until(() -> latest().endedAt().isPresent());
        assertThat(latest().unsubscribed()).contains("gave_up");
        assertThat(latest().revoked()).contains("gave_up");
        assertThat(held()).isEmpty();
        assertThat(opened(SecretName.META_ACCESS_TOKEN)).isEmpty();
    }

    @Test
    void a_dead_token_holds_nothing_up() {
        meta.addFault(Match.any().path("DELETE .*/subscribed_apps"), Effect.refuse(190));
        var left = leave();
        assertThat(left.endedAt()).isPresent();
        assertThat(left.unsubscribed()).contains("refused_190");
    }

    @Test
    void a_system_users_token_is_kept_alive_for_its_owner() {
        var other = running.newTenant();
        var flowers = meta.createBusiness("פרחי רון", "+972 3-555-0303");
        var token = meta.mintToken(TokenSpec.forWabas(flowers.wabaId()));
        running.signup()
                .connectWithToken(
                        other,
                        flowers.wabaId(),
                        flowers.phoneNumberId(),
                        SecretText.of(token.value()),
                        ACTOR);

        var left = running.departures().leave(other, Cause.LEFT, ACTOR).orElseThrow();

        assertThat(left.revoked()).contains("kept");
        assertThat(left.endedAt()).isPresent();
        assertThat(meta.calls("/oauth/revoke")).isEmpty();
        assertThat(meta.business(flowers.wabaId()).subscribed()).isFalse();
    }

    @Test
    void it_begins_in_a_transaction_of_somebody_else() {
        boolean begun =
                running.scope()
                        .in(
                                tenant,
                                tx ->
                                        running.departures()
                                                .begin(
                                                        tx,
                                                        tenant,
                                                        Cause.APP_REMOVED,
                                                        "system:meta"));
        assertThat(begun).isTrue();
        await().until(() -> latest().endedAt().isPresent());
        assertThat(connection().cause()).contains("app_removed");
    }

    @Test
    void a_process_that_dies_between_the_steps_is_followed_by_another() {
        meta.addFault(Match.any().path("GET .*/oauth/revoke").times(1), Effect.httpError(503));
        var left = leave();
        assertThat(left.unsubscribed()).contains("done");
        // As if it had died with the claim in hand.
        running.change(
                "UPDATE connection_departures SET run_until = now() + interval '1 minute' WHERE departure_id = ?",
                left.id());
        running.due(tenant, left);
        assertThat(running.timers(left)).hasSize(1);
        assertThat(latest().revoked()).isEmpty();

        running.change(
                "UPDATE connection_departures SET run_until = now() - interval '1 second' WHERE departure_id = ?",
                left.id());
        running.due(tenant, left);
        await().until(() -> latest().endedAt().isPresent());
        assertThat(
                        meta.calls("/subscribed_apps").stream()
                                .filter(call -> call.method().equals("DELETE")))
                .hasSize(1);
    }

    @Test
    void leaving_ends_attempts_and_their_tokens() {
        meta.addFault(Match.any().path("POST .*/subscribed_apps"), Effect.httpError(503));
        var waits = running.submit(tenant, meta.mintCode(bakery.wabaId()));
        assertThat(waits.retryable()).isTrue();

        leave();

        var ended = attempt(waits);
        assertThat(ended.failure()).contains(SignupFailure.CONNECTION_LEFT);
        assertThat(ended.retryable()).isFalse();
        await().untilAsserted(() -> assertThat(meta.calls("/oauth/revoke")).hasSize(2));
        await().untilAsserted(() ->
                assertThat(secrets()).containsExactly("pin:" + bakery.phoneNumberId()));
    }

    @Test
    void a_token_that_comes_while_the_tenant_leaves_is_revoked() throws Exception {
        meta.addFault(Match.any().path("GET .*/oauth/access_token").times(1), Effect.delay(1_200));
        var submitted = new CompletableFuture<Attempt>();
        var grant = meta.mintCode(bakery.wabaId());
        Thread.startVirtualThread(() -> submitted.complete(running.submit(tenant, grant)));
        await().until(() ->
                running.signup().latest(tenant).orElseThrow().status() == Status.RUNNING);

        leave();
        assertThat(submitted).isNotDone();

        assertThat(submitted.get(30, TimeUnit.SECONDS).failure())
                .contains(SignupFailure.CONNECTION_LEFT);
        // The connection's token and the attempt's.
        assertThat(meta.calls("/oauth/revoke"))
                .hasSize(2)
                .allSatisfy(call -> assertThat(call.status()).isEqualTo(200));
        assertThat(secrets()).containsExactly("pin:" + bakery.phoneNumberId());
    }

    @Test
    void a_deletion_goes_on_with_a_departure_that_waits_for_meta() {
        meta.addFault(
                Match.any().path("DELETE .*/subscribed_apps").times(1), Effect.httpError(503));
        var left = leave();
        assertThat(left.endedAt()).isEmpty();

        var deleted =
                running.departures().leave(tenant, Cause.TENANT_DELETED, "operator").orElseThrow();

        assertThat(deleted.id()).isEqualTo(left.id());
        assertThat(deleted.unsubscribed()).contains("done");
        assertThat(deleted.revoked()).contains("done");
        assertThat(deleted.endedAt()).isPresent();
        assertThat(running.timers(deleted)).isEmpty();
    }

    @Test
    void a_tenant_that_comes_back_while_it_leaves_waits_for_that() {
        meta.addFault(Match.any().path("DELETE .*/subscribed_apps"), Effect.httpError(503));
        var left = leave();

        var back = running.submit(tenant, meta.mintCode(bakery.wabaId()));

        assertThat(back.failure()).contains(SignupFailure.STILL_LEAVING);
        assertThat(back.retryAfter()).contains(clock.instant().plusSeconds(5));
        meta.clearFaults();
        running.due(tenant, left);
        await().until(() -> latest().endedAt().isPresent());
        // By itself, and with the PIN that only we know.
        running.due(tenant, back);
        await().until(() -> attempt(back).status() == Status.DONE);
        assertThat(meta.business(bakery.wabaId()).subscribed()).isTrue();
        assertThat(connection().status()).isEqualTo(Connection.Status.ACTIVE);
    }

    @Test
    void a_tenant_that_comes_back_waits_until_its_old_queue_has_ended() {
        leave();
        running.ending = true;

        var back = running.submit(tenant, meta.mintCode(bakery.wabaId()));
        assertThat(back.failure()).contains(SignupFailure.STILL_LEAVING);
        assertThat(held()).isEmpty();

        running.ending = false;
        running.due(tenant, back);
        await().until(() -> attempt(back).status() == Status.DONE);
    }

    private Departure leave() {
        return running.departures().leave(tenant, Cause.LEFT, ACTOR).orElseThrow();
    }

    private Departure latest() {
        return running.departures().latest(tenant).orElseThrow();
    }

    private Attempt attempt(Attempt attempt) {
        return running.signup().attempt(tenant, attempt.id()).orElseThrow();
    }

    private Connection connection() {
        return running.connections().find(tenant).orElseThrow();
    }

    private List<String> held() {
        return running.look(
                "SELECT phone_number_id FROM number_bindings WHERE tenant_id = ? AND held_to IS NULL",
                tenant.value());
    }

    private List<String> secrets() {
        return running.look(
                "SELECT kind FROM secrets WHERE tenant_id = ? ORDER BY kind", tenant.value());
    }

    private Optional<String> opened(SecretName name) {
        return running.vault().open(tenant, name, "test").map(SecretText::reveal);
    }
}
