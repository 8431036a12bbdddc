package dev.gesher.whatsapp.signup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.gesher.simulator.GraphSimulator;
import dev.gesher.simulator.SimulatorOptions;
import dev.gesher.simulator.control.Control;
import dev.gesher.simulator.world.Business;
import dev.gesher.simulator.world.BusinessSpec;
import dev.gesher.simulator.world.FaultRule.Drop;
import dev.gesher.simulator.world.FaultRule.Effect;
import dev.gesher.simulator.world.FaultRule.Match;
import dev.gesher.simulator.world.NumberChange;
import dev.gesher.simulator.world.NumberSpec;
import dev.gesher.simulator.world.TokenSpec;
import dev.gesher.tenant.SecretText;
import dev.gesher.tenant.TenantId;
import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.SettableClock;
import dev.gesher.testkit.TestDatabase;
import dev.gesher.whatsapp.Departures;
import dev.gesher.whatsapp.Signup.Attempt;
import dev.gesher.whatsapp.Signup.SessionEvent;
import dev.gesher.whatsapp.Signup.Source;
import dev.gesher.whatsapp.Signup.Status;
import dev.gesher.whatsapp.SignupFailure;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Every failure of the closed list is reached, and is what it says: final, with its token dead at
 * Meta and gone here, or mended and retried from where it stands to a working connection.
 */
@GesherDatabase
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SignupFailuresTest {
    private static final Instant NOW = Instant.parse("2026-11-20T09:00:00Z");
    private static final String NUMBER = "+972 3-555-0101";
    private static final String PIN = "271828";

    private final SettableClock clock = SettableClock.at(NOW);
    private final GraphSimulator simulator;
    private final Control meta;
    private final RunningSignup running;
    private TenantId tenant;
    private Business business;

    SignupFailuresTest(TestDatabase database) throws Exception {
        simulator = GraphSimulator.start(SimulatorOptions.forTests().withClock(clock));
        meta = simulator.control();
        running = new RunningSignup(database, simulator, clock, Map.of());
    }

    @BeforeEach
    void reset() {
        clock.set(NOW);
        meta.reset();
        running.ending = false;
        tenant = running.newTenant();
        business = meta.createBusiness("מאפיית דנה", NUMBER);
    }

    @AfterAll
    void stop() {
        running.close();
        simulator.close();
    }

    @ParameterizedTest
    @EnumSource(SignupFailure.class)
    void is_reached_and_is_what_it_says(SignupFailure failure) {
        var attempt = reach(failure);

        assertThat(attempt.failure()).contains(failure);
        if (failure.isFinal()) {
            assertEnded(attempt);
        } else {
            mend(failure, attempt);
            assertThat(running.signup().attempt(tenant, attempt.id()).map(Attempt::status))
                    .contains(Status.DONE);
            // From there, not anew.
            assertThat(meta.calls("/oauth/access_token")).hasSize(1);
        }
    }

    /** What leads to it: the compiler asks for a way to each. */
    private Attempt reach(SignupFailure failure) {
        return switch (failure) {
            case CODE_REFUSED -> {
                var grant = meta.mintCode(business.wabaId());
                clock.advance(Duration.ofSeconds(31));
                yield running.submit(tenant, grant);
            }
            case EXCHANGE_UNCLEAR -> faulty("GET .*/oauth/access_token", Effect.drop(Drop.AFTER));
            case INTERRUPTED -> {
                var attempt = faulty("GET .*/oauth/access_token", Effect.drop(Drop.BEFORE));
                running.change(
                        "UPDATE connect_attempts SET status = 'running', final = false, run_until = '-infinity' WHERE attempt_id = ?",
                        attempt.id());
                yield running.signup().retry(tenant, attempt.id(), "x").orElseThrow();
            }
            case APP_REFUSED -> faulty("GET .*/debug_token", Effect.refuse(190));
            case TOKEN_INVALID -> faulty("GET .*/WABA$", Effect.refuse(190));
            case TOKEN_OF_ANOTHER_APP ->
                    connect(TokenSpec.forWabas(business.wabaId()).withAppId("1234567890"));
            case PERMISSION_MISSING -> faulty("GET .*/WABA$", Effect.refuse(10));
            case ACCOUNT_NOT_GRANTED -> {
                var other = meta.createBusiness("פרחי רון", "+972 3-555-0303");
                yield submit(new SessionEvent("FINISH", other.wabaId(), other.phoneNumberId()));
            }
            case ACCOUNT_UNREADABLE -> faulty("GET .*/WABA$", Effect.refuse(100));
            case NUMBER_NOT_IN_ACCOUNT ->
                    submit(new SessionEvent("FINISH", business.wabaId(), "4711"));
            case NO_NUMBER -> {
                business = meta.createBusiness(BusinessSpec.named("ריק"));
                yield running.submitWithoutEvent(tenant, meta.mintCode(business.wabaId(), null));
            }
            case NUMBER_CONNECTED_ELSEWHERE -> {
                running.submit(running.newTenant(), meta.mintCode(business.wabaId()));
                yield running.submit(tenant, meta.mintCode(business.wabaId()));
            }
            case SUPERSEDED -> {
                var slow = faulty("POST .*/register", Effect.httpError(503));
                meta.clearFaults();
                var other = meta.createBusiness("פרחי רון", "+972 3-555-0303");
                running.submit(tenant, meta.mintCode(other.wabaId()));
                yield running.signup().retry(tenant, slow.id(), "x").orElseThrow();
            }
            case CONNECTION_LEFT -> {
                var waits = faulty("POST .*/register", Effect.httpError(503));
                running.departures().leave(tenant, Departures.Cause.LEFT, "x");
                yield running.signup().attempt(tenant, waits.id()).orElseThrow();
            }
            case STILL_LEAVING -> {
                running.ending = true;
                yield running.submit(tenant, meta.mintCode(business.wabaId()));
            }
            case SUBSCRIBE_REFUSED -> faulty("POST .*/subscribed_apps", Effect.refuse(100));
            case DEREGISTRATION_UNFINISHED -> faulty("POST .*/register", Effect.refuse(133000));
            case NUMBER_NOT_VERIFIED -> {
                meta.changeNumber(business.phoneNumberId(), verified(false));
                yield running.submit(tenant, meta.mintCode(business.wabaId()));
            }
            case PIN_REQUIRED -> {
                business = withPin();
                yield running.submit(tenant, meta.mintCode(business.wabaId()));
            }
            case PIN_WRONG -> givePin(reach(SignupFailure.PIN_REQUIRED), "000001");
            case PIN_LOCKED -> {
                var waits = reach(SignupFailure.PIN_REQUIRED);
                givePin(waits, "000001");
                givePin(waits, "000002");
                yield givePin(waits, "000003");
            }
            case REGISTER_LIMIT -> faulty("POST .*/register", Effect.refuse(133016));
            case REGISTER_REFUSED -> faulty("POST .*/register", Effect.refuse(100));
            case NUMBER_NOT_CONNECTED -> {
                meta.changeNumber(
                        business.phoneNumberId(), NumberChange.none().withStatus("RESTRICTED"));
                yield running.submit(tenant, meta.mintCode(business.wabaId()));
            }
            case ACCOUNT_RESTRICTED -> faulty("POST .*/register", Effect.refuse(368));
            case PAYMENT_REQUIRED -> faulty("POST .*/register", Effect.refuse(131042));
            case META_UNREACHABLE -> faulty("POST .*/register", Effect.drop(Drop.BEFORE));
            case META_BUSY -> faulty("POST .*/register", Effect.refuse(133015));
            case CANCELLED -> running.signup().cancelled(tenant, "PERMISSIONS", "x");
            case ABANDONED -> {
                var waits = reach(SignupFailure.PIN_REQUIRED);
                running.due(tenant, waits);
                yield running.signup().attempt(tenant, waits.id()).orElseThrow();
            }
            case INTERNAL_ERROR -> {
                // What we wrote ourselves can't be read any more.
                var waits = faulty("GET .*/WABA/phone_numbers", Effect.httpError(503));
                meta.clearFaults();
                running.change(
                        "ALTER TABLE connect_attempts ADD CONSTRAINT broken CHECK (phone_number_id IS NULL) NOT VALID");
                var broken = running.signup().retry(tenant, waits.id(), "x").orElseThrow();
                running.change("ALTER TABLE connect_attempts DROP CONSTRAINT broken");
                yield broken;
            }
        };
    }

    /** What its sentence asks for is done, the time it names has come, and somebody goes on. */
    private void mend(SignupFailure failure, Attempt attempt) {
        assertThat(attempt.retryable()).isEqualTo(attempt.status() == Status.FAILED);
        switch (failure) {
            case NO_NUMBER -> meta.addNumber(business.wabaId(), NumberSpec.of(NUMBER));
            case NUMBER_NOT_VERIFIED -> meta.changeNumber(business.phoneNumberId(), verified(true));
            case NUMBER_NOT_CONNECTED ->
                    meta.changeNumber(
                            business.phoneNumberId(), NumberChange.none().withStatus("CONNECTED"));
            case STILL_LEAVING -> running.ending = false;
            default -> meta.clearFaults();
        }
        attempt.retryAfter()
                .ifPresent(until -> {
                    var early = running.signup().retry(tenant, attempt.id(), "x").orElseThrow();
                    assertThat(early).isEqualTo(attempt);
                    clock.set(until);
                });
        if (failure == SignupFailure.STILL_LEAVING) {
            running.due(tenant, attempt);
            await().until(() ->
                    running.signup().attempt(tenant, attempt.id()).orElseThrow().status()
                            == Status.DONE);
            return;
        }
        var waits =
                attempt.status() == Status.NEEDS_PIN
                        ? attempt
                        : running.signup().retry(tenant, attempt.id(), "x").orElseThrow();
        if (waits.status() == Status.NEEDS_PIN) {
            givePin(waits, PIN);
        }
    }

    private void assertEnded(Attempt attempt) {
        assertThat(attempt.retryable()).isFalse();
        assertThat(running.signup().retry(tenant, attempt.id(), "x")).contains(attempt);
        await().untilAsserted(() -> {
            assertThat(
                            running.look(
                                    "SELECT kind FROM secrets WHERE kind LIKE ?",
                                    "attempt_%" + attempt.id()))
                    .isEmpty();
            assertThat(running.timers(attempt)).isEmpty();
        });
        boolean hadToken =
                attempt.source() == Source.EMBEDDED_SIGNUP
                        && meta.calls("/oauth/access_token").stream()
                                .anyMatch(call -> call.status() == 200)
                        && attempt.step().compareTo(dev.gesher.whatsapp.Signup.Step.EXCHANGE) > 0;
        assertThat(meta.calls("/oauth/revoke")).hasSize(hadToken ? 1 : 0);
    }

    /** Where Meta does not take the token back at once, it is asked until it does. */
    @ParameterizedTest
    @CsvSource({"503, ", ", 2"})
    void a_token_that_cannot_be_revoked_now_is_revoked_later(Integer http, Integer code) {
        meta.addFault(
                Match.any().path("GET .*/oauth/revoke").times(1),
                http == null ? Effect.refuse(code) : Effect.httpError(http));
        var attempt = reach(SignupFailure.NUMBER_NOT_IN_ACCOUNT);
        assertThat(running.timers(attempt)).hasSize(1);

        running.due(tenant, attempt);

        await().untilAsserted(() -> assertThat(running.timers(attempt)).isEmpty());
        assertThat(meta.calls("/oauth/revoke"))
                .extracting(call -> call.status())
                .last()
                .isEqualTo(200);
        assertThat(
                        running.look(
                                "SELECT kind FROM secrets WHERE kind LIKE ?",
                                "attempt_%" + attempt.id()))
                .isEmpty();
    }

    private Attempt faulty(String path, Effect effect) {
        meta.addFault(
                Match.any()
                        .path(
                                path.replace("WABA", business.wabaId())
                                        .replace("PNID", business.phoneNumberId())),
                effect);
        return running.submit(tenant, meta.mintCode(business.wabaId()));
    }

    private Attempt submit(SessionEvent event) {
        var code = SecretText.of(meta.mintCode(business.wabaId()).code());
        return running.signup().submit(tenant, code, Optional.of(event), RunningSignup.ACTOR);
    }

    private Attempt connect(TokenSpec token) {
        return running.signup()
                .connectWithToken(
                        tenant,
                        business.wabaId(),
                        business.phoneNumberId(),
                        SecretText.of(meta.mintToken(token).value()),
                        "client:test");
    }

    private Business withPin() {
        return meta.createBusiness(
                BusinessSpec.named("קפה גל").withNumber(NumberSpec.of(NUMBER).withPin(PIN)));
    }

    private static NumberChange verified(boolean value) {
        return new NumberChange(null, null, null, null, null, null, value, null);
    }

    private Attempt givePin(Attempt attempt, String pin) {
        return running.signup()
                .givePin(tenant, attempt.id(), SecretText.of(pin), RunningSignup.ACTOR)
                .orElseThrow();
    }
}
