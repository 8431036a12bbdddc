package dev.gesher.whatsapp.signup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.gesher.simulator.GraphSimulator;
import dev.gesher.simulator.SimulatorOptions;
import dev.gesher.simulator.control.Control;
import dev.gesher.simulator.signup.SignupGrant;
import dev.gesher.simulator.world.Business;
import dev.gesher.simulator.world.BusinessSpec;
import dev.gesher.simulator.world.FaultRule.Drop;
import dev.gesher.simulator.world.FaultRule.Effect;
import dev.gesher.simulator.world.FaultRule.Match;
import dev.gesher.simulator.world.NumberChange;
import dev.gesher.simulator.world.NumberSpec;
import dev.gesher.simulator.world.TokenSpec;
import dev.gesher.tenant.SecretName;
import dev.gesher.tenant.SecretText;
import dev.gesher.tenant.TenantId;
import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.SettableClock;
import dev.gesher.testkit.TestDatabase;
import dev.gesher.whatsapp.AppSync;
import dev.gesher.whatsapp.AppSync.State;
import dev.gesher.whatsapp.Connection;
import dev.gesher.whatsapp.ConnectionCause;
import dev.gesher.whatsapp.Signup.Attempt;
import dev.gesher.whatsapp.Signup.SessionEvent;
import dev.gesher.whatsapp.Signup.Status;
import dev.gesher.whatsapp.Signup.Step;
import dev.gesher.whatsapp.SignupFailure;
import dev.gesher.whatsapp.signup.RunningSignup.Told;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@GesherDatabase
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SignupTest {
    private static final Instant NOW = Instant.parse("2026-11-20T09:00:00.250Z");

    private final SettableClock clock = SettableClock.at(NOW);
    private final TestDatabase database;
    private final GraphSimulator simulator;
    private final Control meta;
    private RunningSignup running;
    private TenantId tenant;

    SignupTest(TestDatabase database) throws Exception {
        this.database = database;
        simulator = GraphSimulator.start(SimulatorOptions.forTests().withClock(clock));
        meta = simulator.control();
        running = new RunningSignup(database, simulator, clock, Map.of());
    }

    @BeforeEach
    void reset() {
        clock.set(NOW);
        meta.reset();
        meta.changeQuirks("{\"require_app_secret_proof\":true}");
        running.told.clear();
        tenant = running.newTenant();
    }

    @AfterAll
    void stop() {
        running.close();
        simulator.close();
    }

    @Test
    void a_signup_goes_from_the_code_to_an_active_connection() {
        var bakery = bakery();

        var attempt = running.submit(tenant, meta.mintCode(bakery.wabaId()));

        assertDone(attempt, bakery);
        assertThat(running.steps(attempt))
                .containsExactly(
                        "exchange succeeded null",
                        "inspect succeeded null",
                        "verify succeeded null",
                        "bind succeeded null",
                        "subscribe succeeded null",
                        "register succeeded null",
                        "sync skipped null",
                        "read_back succeeded null");
        assertThat(running.callsAbout(bakery))
                .containsExactly(
                        "GET /oauth/access_token",
                        "GET /debug_token",
                        "GET /WABA",
                        "GET /WABA/phone_numbers",
                        "POST /WABA/subscribed_apps",
                        "GET /PNID",
                        "POST /PNID/register",
                        "GET /PNID");
        var connection = running.connections().find(tenant).orElseThrow();
        assertThat(connection.displayPhoneNumber()).contains("+972 3-555-0101");
        assertThat(connection.businessName()).contains("מאפיית דנה");
        assertThat(connection.verifiedAt()).contains(NOW);
        assertThat(running.told).containsExactly(new Told.Connected(connection, Optional.empty()));
        assertThat(
                        running.look(
                                "SELECT tenant_id, messages_per_second FROM lanes WHERE phone_number_id = ?",
                                bakery.phoneNumberId()))
                .containsExactly(tenant + " 80");
        // From the start of its second on: Meta's timestamps have no fractions.
        assertThat(
                        running.look(
                                "SELECT held_from = '2026-11-20T09:00:00Z', held_to FROM number_bindings WHERE tenant_id = ?",
                                tenant.value()))
                .containsExactly("t null");
        assertThat(opened(SecretName.META_ACCESS_TOKEN)).isNotEmpty();
        assertThat(opened(SecretName.META_API_KEY)).contains(bakery.phoneNumberId());
        assertThat(opened(SecretName.META_PIN)).get().asString().matches("\\d{6}");
        assertThat(secrets()).containsExactly("access_token", "api_key", "pin");
        assertThat(meta.business(bakery.wabaId()).subscribed()).isTrue();
    }

    @Test
    void what_goes_to_graph_is_as_meta_writes_it() throws Exception {
        var bakery = bakery();
        var grant = meta.mintCode(bakery.wabaId());

        running.submit(tenant, grant);

        var exchange = meta.calls("/oauth/access_token").getFirst();
        assertThat(exchange.version()).isEqualTo("v21.0");
        assertThat(exchange.query())
                .containsOnlyKeys("client_id", "client_secret", "code")
                .containsEntry("client_id", simulator.options().appId())
                .containsEntry("code", grant.code());
        assertThat(meta.calls("/debug_token").getFirst().query())
                .containsOnlyKeys("input_token", "appsecret_proof");
        assertThat(meta.calls("/subscribed_apps").getFirst().body()).isEmpty();
        var json = new com.fasterxml.jackson.databind.ObjectMapper();
        var pin = opened(SecretName.META_PIN).orElseThrow();
        assertThat(json.readTree(meta.calls("/register").getFirst().body()))
                .isEqualTo(
                        json.readTree(
                                "{\"messaging_product\":\"whatsapp\",\"pin\":\"" + pin + "\"}"));
        assertThat(meta.calls().stream().skip(1).map(call -> call.query().keySet()))
                .allSatisfy(names ->
                        assertThat(names)
                                .contains("appsecret_proof")
                                .doesNotContain("access_token"));
    }

    @Test
    void the_numbers_of_the_account_are_found_when_the_event_is_missing() {
        var bakery = bakery();
        assertDone(running.submitWithoutEvent(tenant, meta.mintCode(bakery.wabaId())), bakery);
    }

    @Test
    void one_of_several_numbers_is_chosen_by_the_event_that_comes_later() {
        var bakery = bakery();
        var second = secondNumber(bakery);
        var grant = meta.mintCode(bakery.wabaId(), second);

        var waits = running.submitWithoutEvent(tenant, grant);
        assertThat(waits.status()).isEqualTo(Status.CHOOSE_NUMBER);
        assertThat(waits.choices()).hasSize(2);

        var attempt = tell(waits, RunningSignup.event(grant));

        assertThat(attempt.status()).isEqualTo(Status.DONE);
        assertThat(attempt.phoneNumberId()).contains(second);
    }

    @Test
    void somebody_chooses_when_nothing_else_does() {
        var bakery = bakery();
        secondNumber(bakery);
        var waits = running.submitWithoutEvent(tenant, meta.mintCode(bakery.wabaId()));
        var choice = waits.choices().getLast();
        assertThat(choice.displayPhoneNumber()).isEqualTo("+972 3-555-0202");
        assertThat(choice.accountName()).isEqualTo("מאפיית דנה");

        // What was not offered is not taken, nor is it an end.
        assertThat(choose(waits, bakery.wabaId(), "4711").status()).isEqualTo(Status.CHOOSE_NUMBER);

        var attempt = choose(waits, choice.wabaId(), choice.phoneNumberId());
        assertThat(attempt.status()).isEqualTo(Status.DONE);
        assertThat(attempt.phoneNumberId()).contains(choice.phoneNumberId());
        assertThat(attempt.choices()).isEmpty();
    }

    @Test
    void an_event_cannot_choose_what_is_not_among_the_choices() {
        var bakery = bakery();
        secondNumber(bakery);
        var other = flowers();
        var waits = running.submitWithoutEvent(tenant, meta.mintCode(bakery.wabaId()));

        var event = new SessionEvent("FINISH", other.wabaId(), other.phoneNumberId());
        assertThat(tell(waits, event).status()).isEqualTo(Status.CHOOSE_NUMBER);
    }

    @Test
    void an_account_without_a_number_waits_for_one() {
        var empty = meta.createBusiness(BusinessSpec.named("ריק"));
        var attempt = running.submitWithoutEvent(tenant, meta.mintCode(empty.wabaId(), null));
        assertFailed(attempt, Step.VERIFY, SignupFailure.NO_NUMBER);

        meta.addNumber(empty.wabaId(), NumberSpec.of("+972 3-555-0404"));

        assertThat(retry(attempt).status()).isEqualTo(Status.DONE);
    }

    @Test
    void closing_the_dialog_is_recorded() {
        var attempt =
                running.signup().cancelled(tenant, "PHONE_NUMBER_SETUP <x>", RunningSignup.ACTOR);

        assertThat(attempt.status()).isEqualTo(Status.ABANDONED);
        assertThat(attempt.failure()).contains(SignupFailure.CANCELLED);
        assertThat(attempt.detail()).contains("PHONE_NUMBER_SETUPx");
        assertThat(attempt.retryable()).isFalse();
        assertThat(running.signup().latest(tenant)).contains(attempt);
        assertThat(meta.calls()).isEmpty();
    }

    @Test
    void a_code_is_good_once() {
        var bakery = bakery();
        var grant = meta.mintCode(bakery.wabaId());
        running.submit(tenant, grant);

        var again = running.submit(running.newTenant(), grant);

        assertFailed(again, Step.EXCHANGE, SignupFailure.CODE_REFUSED);
        assertThat(again.retryable()).isFalse();
        assertThat(again.detail()).contains("100");
    }

    @Test
    void a_code_is_good_for_half_a_minute() {
        var grant = meta.mintCode(bakery().wabaId());
        clock.advance(Duration.ofSeconds(31));

        assertFailed(running.submit(tenant, grant), Step.EXCHANGE, SignupFailure.CODE_REFUSED);
    }

    @Test
    void an_exchange_without_an_answer_is_never_repeated() {
        var grant = meta.mintCode(bakery().wabaId());
        meta.addFault(
                Match.any().path("GET .*/oauth/access_token").times(1), Effect.drop(Drop.AFTER));

        var attempt = running.submit(tenant, grant);

        assertFailed(attempt, Step.EXCHANGE, SignupFailure.EXCHANGE_UNCLEAR);
        assertThat(retry(attempt)).isEqualTo(attempt);
        assertThat(meta.calls("/oauth/access_token")).hasSize(1);
    }

    @Test
    void a_waba_that_the_browser_made_up_is_refused_and_the_token_revoked() {
        var bakery = bakery();
        var other = flowers();
        var grant = meta.mintCode(bakery.wabaId());
        var event = new SessionEvent("FINISH", other.wabaId(), other.phoneNumberId());

        var attempt = submit(grant, event);

        assertFailed(attempt, Step.INSPECT, SignupFailure.ACCOUNT_NOT_GRANTED);
        assertForgotten(attempt);
        assertThat(meta.calls("/" + other.wabaId())).isEmpty();
    }

    @Test
    void a_number_of_another_account_is_refused() {
        var bakery = bakery();
        var other = flowers();
        var grant = meta.mintCode(bakery.wabaId());
        var event = new SessionEvent("FINISH", bakery.wabaId(), other.phoneNumberId());

        var attempt = submit(grant, event);

        assertFailed(attempt, Step.VERIFY, SignupFailure.NUMBER_NOT_IN_ACCOUNT);
        assertForgotten(attempt);
    }

    @Test
    void an_id_that_is_none_never_reaches_a_url() {
        var bakery = bakery();
        var grant = meta.mintCode(bakery.wabaId());
        var event = new SessionEvent("FINISH", "../" + bakery.wabaId(), "1?x=");

        var attempt = submit(grant, event);

        assertDone(attempt, bakery);
        assertThat(meta.calls()).noneMatch(call -> call.path().contains(".."));
    }

    @ParameterizedTest
    @CsvSource({
        "INSPECT, GET .*/debug_token",
        "VERIFY, GET .*/WABA$",
        "VERIFY, GET .*/WABA/phone_numbers",
        "SUBSCRIBE, POST .*/WABA/subscribed_apps",
        "REGISTER, POST .*/PNID/register",
        "READ_BACK, GET .*/PNID$"
    })
    void a_step_that_fails_is_retried_from_there(Step step, String path) {
        var bakery = bakery();
        var _ =
                meta.addFault(
                        Match.any()
                                .path(
                                        path.replace("WABA", bakery.wabaId())
                                                .replace("PNID", bakery.phoneNumberId())),
                        Effect.httpError(503));
        // The register step reads the number too.
        var failing = step == Step.READ_BACK ? Step.REGISTER : step;

        var attempt = running.submit(tenant, meta.mintCode(bakery.wabaId()));
        assertFailed(attempt, failing, SignupFailure.META_UNREACHABLE);
        assertThat(attempt.retryable()).isTrue();
        assertThat(attempt.detail()).contains("http_503");
        assertThat(opened(SecretName.META_ACCESS_TOKEN)).isEmpty();

        // Still away: fails in the same place, and is no attempt more.
        assertThat(retry(attempt).step()).isEqualTo(failing);
        meta.clearFaults();
        assertDone(retry(attempt), bakery);

        assertThat(meta.calls("/oauth/access_token")).hasSize(1);
        assertThat(
                        running.look(
                                "SELECT count(*) FROM connect_attempts WHERE tenant_id = ?",
                                tenant.value()))
                .containsExactly("1");
    }

    @Test
    void a_lost_answer_to_register_loses_no_pin() {
        var bakery = bakery();
        meta.addFault(Match.any().path("POST .*/register").times(1), Effect.drop(Drop.AFTER));

        var attempt = running.submit(tenant, meta.mintCode(bakery.wabaId()));
        assertFailed(attempt, Step.REGISTER, SignupFailure.META_UNREACHABLE);

        // Meta took the PIN; another one would now be refused.
        assertDone(retry(attempt), bakery);
    }

    @Test
    void a_dead_token_ends_the_attempt_and_lets_the_number_go() {
        var bakery = bakery();
        meta.addFault(Match.any().path("POST .*/subscribed_apps").times(1), Effect.refuse(190));

        var attempt = running.submit(tenant, meta.mintCode(bakery.wabaId()));

        assertFailed(attempt, Step.SUBSCRIBE, SignupFailure.TOKEN_INVALID);
        assertForgotten(attempt);
        assertThat(running.connections().find(tenant).orElseThrow())
                .satisfies(connection -> {
                    assertThat(connection.status()).isEqualTo(Connection.Status.DISCONNECTED);
                    assertThat(connection.cause()).contains("token_invalid");
                });
        // Another tenant may have it now.
        assertDone(running.submit(running.newTenant(), meta.mintCode(bakery.wabaId())), bakery);
    }

    @Test
    void the_listener_sees_whose_the_numbers_lane_was() {
        var bakery = bakery();
        var before = running.newTenant();
        running.scope()
                .platform(tx ->
                        tx.update(
                                "INSERT INTO lanes (phone_number_id, tenant_id, messages_per_second) VALUES (?, ?, 5)",
                                bakery.phoneNumberId(),
                                before));

        assertDone(running.submit(tenant, meta.mintCode(bakery.wabaId())), bakery);

        assertThat(
                        running.look(
                                "SELECT tenant_id, messages_per_second FROM lanes WHERE phone_number_id = ?",
                                bakery.phoneNumberId()))
                .containsExactly(before + " 80");
    }

    @RepeatedTest(20)
    void of_several_tenants_that_want_one_number_one_gets_it() throws Exception {
        var bakery = bakery();
        // Another number of the account is as good as the same: webhooks name the account.
        var second = secondNumber(bakery);
        var start = new CountDownLatch(1);
        var attempts = new ArrayList<Attempt>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var futures = new ArrayList<Future<Attempt>>();
            for (int i = 0; i < 6; i++) {
                var one = running.newTenant();
                var grant =
                        meta.mintCode(
                                bakery.wabaId(), i % 3 == 0 ? second : bakery.phoneNumberId());
                futures.add(
                        threads.submit(() -> {
                            start.await();
                            return running.submit(one, grant);
                        }));
            }
            start.countDown();
            for (var future : futures) {
                attempts.add(future.get());
            }
        }

        assertThat(attempts).filteredOn(one -> one.status() == Status.DONE).hasSize(1);
        assertThat(attempts)
                .filteredOn(one -> one.status() != Status.DONE)
                .hasSize(5)
                .allSatisfy(one -> {
                    assertFailed(one, Step.BIND, SignupFailure.NUMBER_CONNECTED_ELSEWHERE);
                    assertThat(one.detail()).isEmpty();
                });
        assertThat(
                        running.look(
                                "SELECT count(*) FROM number_bindings WHERE waba_id = ? AND held_to IS NULL",
                                bakery.wabaId()))
                .containsExactly("1");
        // The losers' tokens are dead; the winner's is not, nor is its subscription.
        assertThat(meta.calls("/oauth/revoke")).hasSize(5);
        assertThat(meta.business(bakery.wabaId()).subscribed()).isTrue();
        assertThat(
                        running.look(
                                "SELECT kind FROM secrets WHERE kind LIKE 'attempt%' AND tenant_id IN (SELECT tenant_id FROM connect_attempts WHERE waba_id = ?)",
                                bakery.wabaId()))
                .isEmpty();
    }

    @Test
    void another_number_of_an_account_that_somebody_holds_is_refused_too() {
        var bakery = bakery();
        var second = secondNumber(bakery);
        running.submit(tenant, meta.mintCode(bakery.wabaId()));

        var other = running.submit(running.newTenant(), meta.mintCode(bakery.wabaId(), second));

        assertFailed(other, Step.BIND, SignupFailure.NUMBER_CONNECTED_ELSEWHERE);
    }

    @Test
    void binding_a_number_gives_its_parked_webhooks_another_try() {
        var bakery = bakery();
        running.look("SELECT gesher_open_webhook_day(20261120)::text");
        running.change(
                """
                INSERT INTO webhook_changes (inbox_id, ordinal, bucket, phone_number_id, field, received_at,
                                             key_day, payload, correlation, state, settled_at)
                VALUES (abs(hashtext(?)), 0, 0, ?, 'messages', now(), 20261120, '', 'c', 'parked', now())
                """,
                bakery.phoneNumberId(),
                bakery.phoneNumberId());

        running.submit(tenant, meta.mintCode(bakery.wabaId()));

        assertThat(
                        running.look(
                                "SELECT state FROM webhook_changes WHERE phone_number_id = ?",
                                bakery.phoneNumberId()))
                .containsExactly("pending");
    }

    @Test
    void a_number_that_is_refused_leaves_the_working_one_alone() {
        var bakery = bakery();
        var taken = flowers();
        running.submit(running.newTenant(), meta.mintCode(taken.wabaId()));
        running.submit(tenant, meta.mintCode(bakery.wabaId()));
        var before = running.connections().find(tenant);
        var token = opened(SecretName.META_ACCESS_TOKEN);

        running.submit(tenant, meta.mintCode(taken.wabaId()));

        assertThat(running.connections().find(tenant)).isEqualTo(before);
        assertThat(opened(SecretName.META_ACCESS_TOKEN)).isEqualTo(token);
    }

    @Test
    void connecting_another_number_leaves_the_old_one() {
        var bakery = bakery();
        running.submit(tenant, meta.mintCode(bakery.wabaId()));
        var flowers = flowers();
        clock.advance(Duration.ofHours(1));
        running.told.clear();

        assertDone(running.submit(tenant, meta.mintCode(flowers.wabaId())), flowers);

        assertThat(running.told).hasSize(2);
        assertThat(running.told.getFirst())
                .isInstanceOfSatisfying(
                        Told.Stopped.class,
                        stopped -> {
                            assertThat(stopped.now().phoneNumberId())
                                    .contains(bakery.phoneNumberId());
                            assertThat(stopped.now().cause()).contains("number_changed");
                        });
        assertThat(running.told.getLast())
                .isInstanceOfSatisfying(
                        Told.Connected.class,
                        connected -> {
                            assertThat(connected.now().phoneNumberId())
                                    .contains(flowers.phoneNumberId());
                            assertThat(connected.before().orElseThrow().phoneNumberId())
                                    .contains(bakery.phoneNumberId());
                        });
        assertThat(
                        running.look(
                                "SELECT phone_number_id, held_to IS NULL FROM number_bindings WHERE tenant_id = ? ORDER BY held_from",
                                tenant.value()))
                .containsExactly(bakery.phoneNumberId() + " f", flowers.phoneNumberId() + " t");
        assertThat(opened(SecretName.META_API_KEY)).contains(flowers.phoneNumberId());
        // And comes back with the PIN that only we know.
        clock.advance(Duration.ofMinutes(1));
        assertDone(running.submit(tenant, meta.mintCode(bakery.wabaId())), bakery);
    }

    @Test
    void connecting_the_same_number_again_renews_its_token_and_mends_it() {
        var bakery = bakery();
        running.submit(tenant, meta.mintCode(bakery.wabaId()));
        var firstToken = opened(SecretName.META_ACCESS_TOKEN);
        running.scope()
                .in(
                        tenant,
                        tx -> {
                            running.connections()
                                    .invalidate(
                                            tx,
                                            tenant,
                                            bakery.phoneNumberId(),
                                            ConnectionCause.TOKEN_INVALID,
                                            clock.instant(),
                                            clock.instant());
                            tx.update(
                                    "UPDATE lanes SET parked_cause = 'token_invalid', parked_since = now() WHERE phone_number_id = ?",
                                    bakery.phoneNumberId());
                            return null;
                        });
        var invalid = running.connections().find(tenant).orElseThrow();
        assertThat(invalid.status()).isEqualTo(Connection.Status.INVALID);
        assertThat(invalid.cause()).contains("token_invalid");
        assertThat(running.told.getLast()).isEqualTo(new Told.Stopped(invalid));
        clock.advance(Duration.ofHours(1));

        // Registers with the PIN that it knows: another one would be refused.
        assertDone(running.submit(tenant, meta.mintCode(bakery.wabaId())), bakery);

        assertThat(opened(SecretName.META_ACCESS_TOKEN)).isNotEqualTo(firstToken);
        assertThat(running.told.getLast())
                .isInstanceOfSatisfying(
                        Told.Connected.class,
                        connected -> assertThat(connected.before()).contains(invalid));
        assertThat(
                        running.look(
                                "SELECT parked_cause FROM lanes WHERE phone_number_id = ?",
                                bakery.phoneNumberId()))
                .containsExactly("null");
        assertThat(
                        running.look(
                                "SELECT count(*) FROM number_bindings WHERE tenant_id = ?",
                                tenant.value()))
                .containsExactly("1");
    }

    @Test
    void an_invalidation_of_another_number_changes_nothing() {
        var bakery = bakery();
        running.submit(tenant, meta.mintCode(bakery.wabaId()));
        running.told.clear();
        invalidate("4711", clock.instant());
        assertThat(running.connections().find(tenant).orElseThrow().status())
                .isEqualTo(Connection.Status.ACTIVE);
        assertThat(running.told).isEmpty();
    }

    @Test
    void what_a_call_from_before_a_renewal_found_out_changes_nothing() {
        var bakery = bakery();
        running.submit(tenant, meta.mintCode(bakery.wabaId()));
        var callBegan = clock.instant().plusSeconds(50);
        clock.advance(Duration.ofMinutes(1));
        assertDone(running.submit(tenant, meta.mintCode(bakery.wabaId())), bakery);
        running.told.clear();

        invalidate(bakery.phoneNumberId(), callBegan);
        assertThat(running.connections().find(tenant).orElseThrow().status())
                .isEqualTo(Connection.Status.ACTIVE);
        assertThat(running.told).isEmpty();

        invalidate(bakery.phoneNumberId(), clock.instant().plusSeconds(1));
        assertThat(running.connections().find(tenant).orElseThrow().status())
                .isEqualTo(Connection.Status.INVALID);
    }

    private void invalidate(String phoneNumberId, Instant asked) {
        running.scope()
                .in(
                        tenant,
                        tx -> {
                            running.connections()
                                    .invalidate(
                                            tx,
                                            tenant,
                                            phoneNumberId,
                                            ConnectionCause.TOKEN_INVALID,
                                            asked,
                                            clock.instant());
                            return null;
                        });
    }

    @Test
    void a_number_with_a_pin_waits_for_it() {
        var bakery = withNumber(NumberSpec.of("+972 3-555-0101").withPin("271828"));

        var waits = running.submit(tenant, meta.mintCode(bakery.wabaId()));
        assertThat(waits.status()).isEqualTo(Status.NEEDS_PIN);
        assertThat(waits.step()).isEqualTo(Step.REGISTER);
        assertThat(waits.failure()).contains(SignupFailure.PIN_REQUIRED);
        assertThat(waits.pinTriesLeft()).isEqualTo(3);
        assertThat(running.connections().find(tenant).orElseThrow().status())
                .isEqualTo(Connection.Status.PENDING);

        var wrong = givePin(waits, "314159");
        assertThat(wrong.status()).isEqualTo(Status.NEEDS_PIN);
        assertThat(wrong.failure()).contains(SignupFailure.PIN_WRONG);
        assertThat(wrong.pinTriesLeft()).isEqualTo(2);

        assertDone(givePin(waits, "271828"), bakery);
        assertThat(opened(SecretName.META_PIN)).contains("271828");
    }

    @Test
    void three_wrong_pins_lock_the_number_for_a_day() {
        var bakery = withNumber(NumberSpec.of("+972 3-555-0101").withPin("271828"));
        var waits = running.submit(tenant, meta.mintCode(bakery.wabaId()));
        givePin(waits, "000001");
        givePin(waits, "000002");
        var locked = givePin(waits, "000003");

        assertFailed(locked, Step.REGISTER, SignupFailure.PIN_LOCKED);
        assertThat(locked.pinTriesLeft()).isZero();
        assertThat(locked.retryAfter()).contains(NOW.plus(Duration.ofDays(1)));
        var registrations = meta.calls("/register").size();
        assertThat(retry(locked)).isEqualTo(locked);
        // A new attempt has no new tries.
        var again = running.submit(tenant, meta.mintCode(bakery.wabaId()));
        assertFailed(again, Step.REGISTER, SignupFailure.PIN_LOCKED);
        assertThat(again.retryAfter()).isEqualTo(locked.retryAfter());
        assertThat(givePin(again, "271828")).isEqualTo(again);
        assertThat(meta.calls("/register")).hasSize(registrations);

        clock.advance(Duration.ofDays(1).plusSeconds(1));
        var waitsAgain = retry(locked);
        assertThat(waitsAgain.status()).isEqualTo(Status.NEEDS_PIN);
        assertThat(waitsAgain.pinTriesLeft()).isEqualTo(3);
        assertDone(givePin(waitsAgain, "271828"), bakery);
    }

    @Test
    void a_pin_has_six_digits() {
        assertThatThrownBy(() ->
                        running.signup()
                                .givePin(
                                        tenant,
                                        UUID.randomUUID(),
                                        SecretText.of("12345a"),
                                        RunningSignup.ACTOR))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageNotContaining("12345a");
    }

    @Test
    void a_number_that_is_not_verified_waits_for_its_owner() {
        var bakery = withNumber(NumberSpec.of("+972 3-555-0101").notVerified());
        var attempt = running.submit(tenant, meta.mintCode(bakery.wabaId()));
        assertFailed(attempt, Step.REGISTER, SignupFailure.NUMBER_NOT_VERIFIED);
        assertThat(attempt.retryable()).isTrue();
    }

    @Test
    void the_registration_limit_names_its_end() {
        var bakery = bakery();
        meta.addFault(Match.any().path("POST .*/register").times(1), Effect.refuse(133016));
        var attempt = running.submit(tenant, meta.mintCode(bakery.wabaId()));
        assertFailed(attempt, Step.REGISTER, SignupFailure.REGISTER_LIMIT);
        assertThat(attempt.retryAfter()).contains(NOW.plus(Duration.ofDays(3)));

        assertThat(retry(attempt)).isEqualTo(attempt);
        clock.advance(Duration.ofDays(3));
        assertDone(retry(attempt), bakery);
    }

    @ParameterizedTest
    @CsvSource({
        "368, ACCOUNT_RESTRICTED",
        "131042, PAYMENT_REQUIRED",
        "80007, META_BUSY",
        "2, META_UNREACHABLE",
        "100, SUBSCRIBE_REFUSED"
    })
    void a_refusal_says_what_to_do(int code, SignupFailure failure) {
        var bakery = bakery();
        meta.addFault(Match.any().path("POST .*/subscribed_apps").times(1), Effect.refuse(code));
        var attempt = running.submit(tenant, meta.mintCode(bakery.wabaId()));
        assertFailed(attempt, Step.SUBSCRIBE, failure);
        assertThat(attempt.detail()).contains(Integer.toString(code));
        assertDone(retry(attempt), bakery);
    }

    @Test
    void only_a_connected_number_becomes_active() {
        var bakery = bakery();
        meta.changeNumber(bakery.phoneNumberId(), NumberChange.none().withStatus("BANNED"));
        var attempt = running.submit(tenant, meta.mintCode(bakery.wabaId()));
        assertFailed(attempt, Step.READ_BACK, SignupFailure.NUMBER_NOT_CONNECTED);
        assertThat(attempt.detail()).contains("BANNED");
        assertThat(running.connections().find(tenant).orElseThrow().status())
                .isEqualTo(Connection.Status.PENDING);

        // A flagged number sends.
        meta.changeNumber(bakery.phoneNumberId(), NumberChange.none().withStatus("FLAGGED"));
        assertDone(retry(attempt), bakery);
    }

    @Test
    void a_number_on_the_business_app_is_synced_and_not_registered() {
        var bakery = withNumber(NumberSpec.of("+972 3-555-0101").onBusinessApp());

        var attempt = running.submit(tenant, meta.mintCode(bakery.wabaId()));

        assertDone(attempt, bakery);
        assertThat(running.steps(attempt))
                .contains("register skipped null", "sync succeeded requested");
        assertThat(meta.calls("/register")).isEmpty();
        assertThat(meta.calls("/smb_app_data"))
                .extracting(call -> call.body().contains("smb_app_state_sync"))
                .containsExactly(true, false);
        assertThat(meta.calls("/smb_app_data").getLast().body())
                .isEqualTo("{\"messaging_product\":\"whatsapp\",\"sync_type\":\"history\"}");
        assertThat(messagesPerSecond(bakery)).containsExactly("20");
        assertThat(opened(SecretName.META_PIN)).isEmpty();
    }

    @Test
    void a_number_whose_past_cannot_be_had_works_without_it() {
        var bakery = withNumber(NumberSpec.of("+972 3-555-0101").onBusinessApp());
        meta.addFault(Match.any().path("POST .*/smb_app_data"), Effect.refuse(2593109));

        var attempt = running.submit(tenant, meta.mintCode(bakery.wabaId()));

        assertDone(attempt, bakery);
        assertThat(running.steps(attempt)).contains("sync succeeded declined");
        assertThat(appSync()).isEqualTo(sync(State.DECLINED, State.DECLINED));
    }

    @Test
    void the_past_of_a_number_is_asked_for_again_until_metas_day_is_over() {
        var bakery = withNumber(NumberSpec.of("+972 3-555-0101").onBusinessApp());
        meta.addFault(Match.any().path("POST .*/smb_app_data").times(1), Effect.httpError(503));

        assertDone(running.submit(tenant, meta.mintCode(bakery.wabaId())), bakery);
        assertThat(appSync()).isEqualTo(sync(State.PENDING, State.REQUESTED));

        running.syncDue(tenant);
        await().untilAsserted(() ->
                assertThat(appSync()).isEqualTo(sync(State.REQUESTED, State.REQUESTED)));
        assertThat(meta.calls("/smb_app_data")).hasSize(3);
        assertThat(running.look("SELECT 1 FROM timers WHERE kind = 'app_sync'")).isEmpty();
    }

    @Test
    void the_past_that_was_never_to_be_had_is_given_up_after_a_day() {
        var bakery = withNumber(NumberSpec.of("+972 3-555-0101").onBusinessApp());
        meta.addFault(Match.any().path("POST .*/smb_app_data"), Effect.httpError(503));
        assertDone(running.submit(tenant, meta.mintCode(bakery.wabaId())), bakery);
        clock.advance(Duration.ofDays(1));

        running.syncDue(tenant);

        assertThat(appSync()).isEqualTo(sync(State.TOO_LATE, State.TOO_LATE));
        assertThat(running.look("SELECT 1 FROM timers WHERE kind = 'app_sync'")).isEmpty();
    }

    private AppSync appSync() {
        return running.connections().appSync(tenant).orElseThrow();
    }

    private static AppSync sync(State contacts, State history) {
        return new AppSync(contacts, history, NOW.plus(Duration.ofDays(1)));
    }

    @Test
    void an_account_that_cannot_be_read_takes_nothing_from_the_others() {
        var bakery = bakery();
        var flowers = ofTheSameOwner(bakery, "פרחי רון", "+972 3-555-0303");
        var cafe = ofTheSameOwner(bakery, "קפה גל", "+972 3-555-0404");
        // Meta names every account that its owner ever granted.
        meta.addFault(Match.any().path("GET .*/debug_token").times(2), Effect.httpError(503));
        running.submitWithoutEvent(tenant, meta.mintCode(flowers.wabaId()));
        running.submitWithoutEvent(tenant, meta.mintCode(cafe.wabaId()));
        meta.addFault(Match.any().path("GET .*/" + cafe.wabaId() + "$"), Effect.refuse(100));

        var attempt = running.submitWithoutEvent(tenant, meta.mintCode(bakery.wabaId()));

        assertThat(attempt.status()).isEqualTo(Status.CHOOSE_NUMBER);
        assertThat(attempt.choices())
                .extracting(choice -> choice.wabaId())
                .containsExactlyInAnyOrder(bakery.wabaId(), flowers.wabaId());
        assertDone(choose(attempt, flowers.wabaId(), flowers.phoneNumberId()), flowers);
    }

    @Test
    void a_pin_that_meta_does_not_tell_of_is_found_out() {
        var bakery = bakery();
        meta.addFault(Match.any().path("POST .*/register").times(1), Effect.refuse(133005));
        var waits = running.submit(tenant, meta.mintCode(bakery.wabaId()));
        assertThat(waits.failure()).contains(SignupFailure.PIN_REQUIRED);
        assertThat(meta.calls("/register")).hasSize(1);
        assertDone(givePin(waits, "271828"), bakery);
    }

    @Test
    void a_pin_that_meta_tells_of_is_not_guessed_at() {
        var bakery = withNumber(NumberSpec.of("+972 3-555-0101").withPin("271828"));
        var waits = running.submit(tenant, meta.mintCode(bakery.wabaId()));
        assertThat(waits.failure()).contains(SignupFailure.PIN_REQUIRED);
        assertThat(meta.calls("/register")).isEmpty();
    }

    @Test
    void a_try_is_counted_once_though_the_process_dies_before_it_is_recorded() {
        var bakery = withNumber(NumberSpec.of("+972 3-555-0101").withPin("271828"));
        var waits = running.submit(tenant, meta.mintCode(bakery.wabaId()));
        // Meta hears the wrong PIN, and we never hear of it.
        meta.addFault(Match.any().path("POST .*/register").times(1), Effect.drop(Drop.AFTER));
        var unheard = givePin(waits, "000001");
        assertFailed(unheard, Step.REGISTER, SignupFailure.META_UNREACHABLE);
        assertThat(unheard.pinTriesLeft()).isEqualTo(2);
        running.close();
        running = new RunningSignup(database, simulator, clock, Map.of());

        var heard = retry(unheard);

        assertThat(heard.failure()).contains(SignupFailure.PIN_WRONG);
        assertThat(heard.pinTriesLeft()).isEqualTo(2);
        assertThat(givePin(heard, "000002").pinTriesLeft()).isEqualTo(1);
        assertFailed(givePin(heard, "000003"), Step.REGISTER, SignupFailure.PIN_LOCKED);
    }

    @Test
    void pins_given_at_the_same_time_are_counted_one_by_one() throws Exception {
        var bakery = withNumber(NumberSpec.of("+972 3-555-0101").withPin("271828"));
        var waiting = new ArrayList<Attempt>();
        for (int i = 0; i < 6; i++) {
            waiting.add(running.submit(tenant, meta.mintCode(bakery.wabaId())));
        }
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Callable<Attempt>> given =
                    waiting.stream()
                            .<Callable<Attempt>>map(one -> () -> givePin(one, "000001"))
                            .toList();
            for (var done : threads.invokeAll(given)) {
                assertThat(done.get().status()).isNotEqualTo(Status.DONE);
            }
        }
        assertThat(meta.calls("/register")).hasSize(3);
    }

    @Test
    void a_fast_number_gets_a_fast_lane() {
        var bakery = withNumber(NumberSpec.of("+972 3-555-0101").withThroughputLevel("HIGH"));
        assertDone(running.submit(tenant, meta.mintCode(bakery.wabaId())), bakery);
        assertThat(messagesPerSecond(bakery)).containsExactly("1000");
    }

    @Test
    void a_system_users_token_connects_with_the_same_checks() {
        var bakery =
                withNumber(NumberSpec.of("+972 3-555-0101").alreadyRegistered().withPin("271828"));
        var token = meta.mintToken(TokenSpec.forWabas(bakery.wabaId()).withHiddenTargets());

        var attempt = connect(bakery, token.value());

        assertDone(attempt, bakery);
        assertThat(running.steps(attempt))
                .startsWith("inspect succeeded null", "verify succeeded null")
                .contains("register skipped null");
        assertThat(opened(SecretName.META_ACCESS_TOKEN)).contains(token.value());
    }

    @Test
    void a_system_users_token_registers_a_fresh_number() {
        var bakery = bakery();
        assertDone(connect(bakery, meta.mintToken(bakery.wabaId())), bakery);
        assertThat(meta.calls("/register")).hasSize(1);
    }

    @Test
    void a_token_of_another_app_is_refused_and_left_alone() {
        var bakery = bakery();
        var token = meta.mintToken(TokenSpec.forWabas(bakery.wabaId()).withAppId("1234567890"));

        var attempt = connect(bakery, token.value());

        assertFailed(attempt, Step.INSPECT, SignupFailure.TOKEN_OF_ANOTHER_APP);
        assertThat(meta.calls("/oauth/revoke")).isEmpty();
        assertThat(secrets()).isEmpty();
    }

    @Test
    void a_token_that_fails_is_destroyed_here_but_a_system_users_is_not_revoked() {
        var bakery = bakery();
        var other = flowers();
        var attempt = connect(bakery, meta.mintToken(other.wabaId()));

        assertFailed(attempt, Step.INSPECT, SignupFailure.ACCOUNT_NOT_GRANTED);
        assertThat(meta.calls("/oauth/revoke")).isEmpty();
        assertThat(secrets()).isEmpty();
    }

    @Test
    void a_token_without_targets_must_be_able_to_read_the_account() {
        var bakery = bakery();
        var other = flowers();
        var blind = meta.mintToken(TokenSpec.forWabas(other.wabaId()).withHiddenTargets());

        assertFailed(connect(bakery, blind.value()), Step.VERIFY, SignupFailure.ACCOUNT_UNREADABLE);
    }

    @Test
    void a_dead_token_or_one_without_permission_is_refused() {
        var bakery = bakery();
        assertFailed(connect(bakery, "EAA-of-nobody"), Step.INSPECT, SignupFailure.TOKEN_INVALID);
        var expired = meta.mintToken(TokenSpec.forWabas(bakery.wabaId()).expiringIn(60));
        clock.advance(Duration.ofMinutes(2));
        assertFailed(connect(bakery, expired.value()), Step.INSPECT, SignupFailure.TOKEN_INVALID);
        var weak =
                meta.mintToken(
                        TokenSpec.forWabas(bakery.wabaId())
                                .withScopes(List.of("whatsapp_business_management")));
        assertFailed(connect(bakery, weak.value()), Step.INSPECT, SignupFailure.PERMISSION_MISSING);
    }

    @Test
    void the_end_of_a_token_is_kept() {
        var bakery = bakery();
        var days = Duration.ofDays(60);
        var token =
                meta.mintToken(TokenSpec.forWabas(bakery.wabaId()).expiringIn(days.toSeconds()));

        assertDone(connect(bakery, token.value()), bakery);

        assertThat(
                        running.look(
                                "SELECT token_expires_at BETWEEN '2027-01-19T08:59:59Z' AND '2027-01-19T09:00:01Z' FROM whatsapp_connections WHERE tenant_id = ?",
                                tenant.value()))
                .containsExactly("t");
    }

    @Test
    void an_attempt_whose_process_died_is_resumed_by_another() {
        var bakery = bakery();
        // The process dies in the step: what it recorded before is all there is.
        meta.addFault(Match.any().path("POST .*/subscribed_apps").times(1), Effect.httpError(503));
        var attempt = running.submit(tenant, meta.mintCode(bakery.wabaId()));
        running.change(
                "UPDATE connect_attempts SET status = 'running', failure_code = NULL, run_until = now() + interval '1 minute' WHERE attempt_id = ?",
                attempt.id());
        running.close();
        running = new RunningSignup(database, simulator, clock, Map.of());

        var runs = running.signup().attempt(tenant, attempt.id()).orElseThrow();
        assertThat(runs.status()).isEqualTo(Status.RUNNING);
        assertThat(runs.retryable()).isFalse();
        assertThat(retry(attempt).status()).isEqualTo(Status.RUNNING);

        // Its time is over.
        running.change(
                "UPDATE connect_attempts SET run_until = now() - interval '1 second' WHERE attempt_id = ?",
                attempt.id());
        assertThat(running.signup().attempt(tenant, attempt.id()).orElseThrow().retryable())
                .isTrue();
        assertDone(retry(attempt), bakery);
        assertThat(meta.calls("/oauth/access_token")).hasSize(1);
        assertThat(meta.calls("/debug_token")).hasSize(1);
    }

    @Test
    void an_attempt_whose_process_died_goes_on_by_itself() {
        var bakery = bakery();
        meta.addFault(Match.any().path("POST .*/subscribed_apps").times(1), Effect.httpError(503));
        var attempt = running.submit(tenant, meta.mintCode(bakery.wabaId()));
        running.change(
                "UPDATE connect_attempts SET status = 'running', run_until = now() + interval '1 minute' WHERE attempt_id = ?",
                attempt.id());

        running.due(tenant, attempt);
        assertThat(meta.calls("/subscribed_apps")).hasSize(1);

        running.change(
                "UPDATE connect_attempts SET run_until = now() - interval '1 second' WHERE attempt_id = ?",
                attempt.id());
        running.due(tenant, attempt);
        await().untilAsserted(() ->
                assertDone(running.signup().attempt(tenant, attempt.id()).orElseThrow(), bakery));
        assertThat(running.timers(attempt)).isEmpty();
    }

    @Test
    void an_attempt_that_nobody_comes_back_to_is_ended() {
        var bakery = withNumber(NumberSpec.of("+972 3-555-0101").withPin("271828"));
        var attempt = running.submit(tenant, meta.mintCode(bakery.wabaId()));
        assertThat(running.timers(attempt)).containsExactly("2026-11-27 09:00:00.25+00");

        running.due(tenant, attempt);

        var ended = running.signup().attempt(tenant, attempt.id()).orElseThrow();
        assertThat(ended.status()).isEqualTo(Status.ABANDONED);
        assertThat(ended.failure()).contains(SignupFailure.ABANDONED);
        assertThat(ended.retryable()).isFalse();
        assertThat(running.connections().find(tenant).orElseThrow().status())
                .isEqualTo(Connection.Status.DISCONNECTED);
        await().untilAsserted(() -> assertForgotten(attempt));
        assertThat(givePin(attempt, "271828")).isEqualTo(ended);
        assertThat(running.submit(running.newTenant(), meta.mintCode(bakery.wabaId())).status())
                .isEqualTo(Status.NEEDS_PIN);
    }

    @Test
    void an_event_that_comes_while_the_saga_runs_makes_the_choice() throws Exception {
        var bakery = bakery();
        var second = secondNumber(bakery);
        var grant = meta.mintCode(bakery.wabaId(), second);
        meta.addFault(Match.any().path("GET .*/phone_numbers").times(1), Effect.delay(1_000));
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var slow = threads.submit(() -> running.submitWithoutEvent(tenant, grant));
            await().until(() ->
                    running.signup()
                            .latest(tenant)
                            .filter(one -> one.step() == Step.VERIFY)
                            .isPresent());

            var told =
                    tell(running.signup().latest(tenant).orElseThrow(), RunningSignup.event(grant));
            assertThat(told.status()).isEqualTo(Status.RUNNING);

            assertThat(slow.get().status()).isEqualTo(Status.DONE);
            assertThat(slow.get().phoneNumberId()).contains(second);
        }
    }

    @Test
    void an_attempt_that_died_during_the_exchange_is_over() {
        var bakery = bakery();
        meta.addFault(
                Match.any().path("GET .*/oauth/access_token").times(1), Effect.drop(Drop.AFTER));
        var attempt = running.submit(tenant, meta.mintCode(bakery.wabaId()));
        running.change(
                "UPDATE connect_attempts SET status = 'running', final = false, run_until = '-infinity' WHERE attempt_id = ?",
                attempt.id());

        assertFailed(retry(attempt), Step.EXCHANGE, SignupFailure.INTERRUPTED);
    }

    @Test
    void a_run_that_lost_its_turn_writes_nothing() throws Exception {
        var bakery = bakery();
        meta.addFault(Match.any().path("POST .*/subscribed_apps").times(1), Effect.delay(1_000));
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var grant = meta.mintCode(bakery.wabaId());
            var slow = threads.submit(() -> running.submit(tenant, grant));
            await().until(() ->
                    running.look(
                                            "SELECT 1 FROM connect_attempts WHERE tenant_id = ? AND step = 'subscribe'",
                                            tenant.value())
                                    .size()
                            == 1);
            var attempt = running.signup().latest(tenant).orElseThrow();
            running.change(
                    "UPDATE connect_attempts SET run_until = '-infinity' WHERE attempt_id = ?",
                    attempt.id());

            assertDone(retry(attempt), bakery);

            assertThat(slow.get().status()).isEqualTo(Status.DONE);
            assertThat(running.steps(attempt).stream().filter(step -> step.startsWith("subscribe")))
                    .hasSize(1);
            assertThat(meta.calls("/register")).hasSize(1);
        }
    }

    @Test
    void an_attempt_is_invisible_to_other_tenants() {
        var attempt = running.submit(tenant, meta.mintCode(bakery().wabaId()));
        var other = running.newTenant();

        assertThat(running.signup().attempt(other, attempt.id())).isEmpty();
        assertThat(running.signup().retry(other, attempt.id(), "x")).isEmpty();
        assertThat(running.signup().choose(other, attempt.id(), "1", "2", "x")).isEmpty();
        assertThat(
                        running.signup()
                                .tell(
                                        other,
                                        attempt.id(),
                                        new SessionEvent("FINISH", null, null),
                                        "x"))
                .isEmpty();
        assertThat(running.signup().givePin(other, attempt.id(), SecretText.of("123456"), "x"))
                .isEmpty();
        assertThat(running.signup().latest(other)).isEmpty();
    }

    @Test
    void nothing_that_is_stored_in_the_open_holds_a_secret() {
        var bakery = bakery();
        var grant = meta.mintCode(bakery.wabaId());
        running.submit(tenant, grant);

        var secrets =
                List.of(
                        grant.code(),
                        opened(SecretName.META_ACCESS_TOKEN).orElseThrow(),
                        opened(SecretName.META_PIN).orElseThrow());
        for (var table :
                List.of(
                        "connect_attempts",
                        "connect_attempt_steps",
                        "connect_links",
                        "whatsapp_connections",
                        "audit_log",
                        "secrets")) {
            var rows = running.look("SELECT t::text FROM " + table + " t");
            assertThat(rows).noneMatch(row -> secrets.stream().anyMatch(row::contains));
        }
    }

    private List<String> messagesPerSecond(Business business) {
        return running.look(
                "SELECT messages_per_second FROM lanes WHERE phone_number_id = ?",
                business.phoneNumberId());
    }

    private Attempt submit(SignupGrant grant, SessionEvent event) {
        return running.signup()
                .submit(
                        tenant,
                        SecretText.of(grant.code()),
                        Optional.of(event),
                        RunningSignup.ACTOR);
    }

    private Business flowers() {
        return meta.createBusiness("פרחי רון", "+972 3-555-0303");
    }

    private Business bakery() {
        return withNumber(NumberSpec.of("+972 3-555-0101"));
    }

    private String secondNumber(Business business) {
        return meta.addNumber(business.wabaId(), NumberSpec.of("+972 3-555-0202"))
                .numbers()
                .get(1)
                .phoneNumberId();
    }

    private Business ofTheSameOwner(Business business, String name, String number) {
        return meta.createBusiness(
                BusinessSpec.named(name).withBusinessId(business.businessId()).withNumber(number));
    }

    private Business withNumber(NumberSpec number) {
        var business = meta.createBusiness(BusinessSpec.named("מאפיית דנה"));
        return meta.addNumber(business.wabaId(), number);
    }

    private Attempt connect(Business business, String token) {
        return running.signup()
                .connectWithToken(
                        tenant,
                        business.wabaId(),
                        business.phoneNumberId(),
                        SecretText.of(token),
                        "client:test");
    }

    private Attempt retry(Attempt attempt) {
        return running.signup().retry(tenant, attempt.id(), RunningSignup.ACTOR).orElseThrow();
    }

    private Attempt tell(Attempt attempt, SessionEvent event) {
        return running.signup()
                .tell(tenant, attempt.id(), event, RunningSignup.ACTOR)
                .orElseThrow();
    }

    private Attempt choose(Attempt attempt, String wabaId, String phoneNumberId) {
        return running.signup()
                .choose(tenant, attempt.id(), wabaId, phoneNumberId, RunningSignup.ACTOR)
                .orElseThrow();
    }

    private Attempt givePin(Attempt attempt, String pin) {
        return running.signup()
                .givePin(tenant, attempt.id(), SecretText.of(pin), RunningSignup.ACTOR)
                .orElseThrow();
    }

    private Optional<String> opened(SecretName name) {
        return running.vault().open(tenant, name, "test").map(SecretText::reveal);
    }

    private List<String> secrets() {
        return running.look(
                "SELECT kind FROM secrets WHERE tenant_id = ? ORDER BY kind", tenant.value());
    }

    private static void assertDone(Attempt attempt, Business business) {
        assertThat(attempt.failure()).isEmpty();
        assertThat(attempt.status()).isEqualTo(Status.DONE);
        assertThat(attempt.step()).isEqualTo(Step.DONE);
        assertThat(attempt.wabaId()).contains(business.wabaId());
        assertThat(attempt.phoneNumberId()).contains(business.phoneNumberId());
        assertThat(attempt.retryable()).isFalse();
    }

    private static void assertFailed(Attempt attempt, Step step, SignupFailure failure) {
        assertThat(attempt.failure()).contains(failure);
        assertThat(attempt.status()).isEqualTo(Status.FAILED);
        assertThat(attempt.step()).isEqualTo(step);
        assertThat(attempt.retryable()).isEqualTo(!failure.isFinal());
    }

    /** Its token is dead at Meta and gone here. */
    private void assertForgotten(Attempt attempt) {
        var revoked = meta.calls("/oauth/revoke");
        assertThat(revoked).hasSize(1);
        assertThat(revoked.getFirst().status()).isEqualTo(200);
        assertThat(
                        running.look(
                                "SELECT kind FROM secrets WHERE kind LIKE ?",
                                "attempt_%" + attempt.id()))
                .isEmpty();
    }
}
