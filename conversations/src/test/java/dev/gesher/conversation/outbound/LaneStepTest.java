package dev.gesher.conversation.outbound;

import static dev.gesher.conversation.RunningGesher.CUSTOMER;
import static dev.gesher.conversation.RunningGesher.text;
import static dev.gesher.conversation.RunningGesher.textOrTemplate;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.gesher.conversation.RunningGesher;
import dev.gesher.conversation.RunningGesher.SimulatedNumber;
import dev.gesher.conversation.SendAnswer;
import dev.gesher.conversation.outbound.Call.Ended;
import dev.gesher.simulator.GraphSimulator;
import dev.gesher.simulator.SimulatorOptions;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.SettableClock;
import dev.gesher.testkit.TestDatabase;
import dev.gesher.whatsapp.InboundSignal;
import dev.gesher.whatsapp.SendResult;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A lane's transactions one by one, as a holder runs them. */
@GesherDatabase
class LaneStepTest {
    private static final Duration LEASE = Duration.ofSeconds(30);

    private final SettableClock clock = SettableClock.at("2026-03-01T10:00:00Z");
    private GraphSimulator simulator;
    private RunningGesher gesher;
    private SimulatedNumber number;
    private TenantId tenant;
    private long steps;

    @BeforeEach
    void start(TestDatabase database) throws Exception {
        simulator = GraphSimulator.start(SimulatorOptions.forTests().withClock(clock));
        gesher = RunningGesher.start(database, clock, simulator);
        number = SimulatedNumber.of(simulator, "+972 3-555-0101");
        tenant = gesher.connectedTenant(simulator, number);
        gesher.customerWrites(tenant, number.phoneNumberId(), CUSTOMER, "שלום");
    }

    @AfterEach
    void stop() {
        gesher.close();
        simulator.close();
    }

    private LaneHold acquire(String holder) {
        return gesher
                .bean(TenantScope.class)
                .platform(tx ->
                        LaneLeases.acquire(tx, holder, LEASE, clock.instant(), 1000, List.of()))
                .stream()
                .filter(hold -> hold.phoneNumberId().equals(number.phoneNumberId()))
                .findFirst()
                .orElseThrow();
    }

    private void leaseRunsOut() {
        gesher.asAdministrator("UPDATE lanes SET lease_expires_at = '-infinity'");
    }

    private LaneStep.Answer step(
            LaneHold hold, String holder, List<Ended> ended, boolean reconcile) {
        var request =
                new LaneStep.Request(
                        hold, holder, LEASE, ++steps, ended, Set.of(), reconcile, 10, Map.of(),
                        false, false);
        return gesher.bean(TenantScope.class)
                .in(
                        tenant,
                        tx -> gesher.bean(LaneStep.class).write(tx, List.of(request)).getFirst());
    }

    private Call claimed(LaneHold hold, String holder) {
        var held = (LaneStep.Answer.Held) step(hold, holder, List.of(), false);
        assertThat(held.calls()).hasSize(1);
        return held.calls().getFirst();
    }

    private String stage(SendAnswer.Accepted answer) {
        return gesher.message(tenant, answer.message()).stage();
    }

    @Test
    void a_dead_holders_lane_is_free_nine_seconds_after_its_last_word() {
        var longestByDefault = Duration.ofSeconds(6);

        assertThat(gesher.bean(DispatchSettings.class).leaseFor(longestByDefault))
                .isEqualTo(Duration.ofSeconds(9));
        // What a test may have shortened is never more than that.
        assertThat(gesher.bean(dev.gesher.whatsapp.WhatsAppClients.class).longestSend())
                .isLessThanOrEqualTo(longestByDefault);
    }

    @Test
    void who_holds_a_lane_hears_how_fast_it_may_go_by_now() {
        gesher.accepted(text(tenant, CUSTOMER, "שלום"));
        var hold = acquire("we");
        assertThat(((LaneStep.Answer.Held) step(hold, "we", List.of(), false)).messagesPerSecond())
                .isEqualTo(80);
        gesher.asAdministrator(
                "UPDATE lanes SET messages_per_second = 1000 WHERE phone_number_id = ?",
                number.phoneNumberId());
        assertThat(((LaneStep.Answer.Held) step(hold, "we", List.of(), false)).messagesPerSecond())
                .isEqualTo(1000);
    }

    @Test
    void a_claim_whose_commit_was_in_doubt_is_taken_back_since_it_was_never_called() {
        var answer = gesher.accepted(text(tenant, CUSTOMER, "שלום"));
        var hold = acquire("we");
        claimed(hold, "we");
        assertThat(stage(answer)).isEqualTo("sending");

        var held = (LaneStep.Answer.Held) step(hold, "we", List.of(), true);

        assertThat(held.calls()).extracting(Call::attempt).containsExactly(2);
        assertThat(gesher.message(tenant, answer.message()).attempts().getFirst().outcome())
                .contains("not_sent");
    }

    @Test
    void the_result_of_a_lost_lane_is_not_recorded() {
        var answer = gesher.accepted(text(tenant, CUSTOMER, "שלום"));
        var old = acquire("old");
        var call = claimed(old, "old");
        leaseRunsOut();
        var hold = acquire("new");
        assertThat(hold.leftBehind()).isTrue();

        var sent =
                new Ended(
                        call,
                        new Call.End.Made(new SendResult.Accepted("wamid.1", null, null, false)),
                        clock.instant());
        assertThat(step(old, "old", List.of(sent), false)).isEqualTo(new LaneStep.Answer.Lost());
        assertThat(stage(answer)).isEqualTo("sending");

        step(hold, "new", List.of(), true);
        assertThat(stage(answer)).isEqualTo("settling");
    }

    @Test
    void a_lane_that_becomes_another_tenants_is_lost_and_free_at_once() {
        gesher.accepted(text(tenant, CUSTOMER, "שלום"));
        var old = acquire("old");
        gesher.disconnect(tenant, number);
        var other = gesher.newTenant();
        gesher.connect(other, simulator, number);

        var hold = acquire("new");

        assertThat(hold.tenant()).isEqualTo(other);
        assertThat(hold.token()).isGreaterThan(old.token() + 1);
        assertThat(step(old, "old", List.of(), false)).isEqualTo(new LaneStep.Answer.Lost());
    }

    @Test
    void a_call_that_was_not_made_costs_no_try() {
        var answer = gesher.accepted(text(tenant, CUSTOMER, "שלום"));
        var hold = acquire("we");
        var call = claimed(hold, "we");

        var held =
                (LaneStep.Answer.Held)
                        step(
                                hold,
                                "we",
                                List.of(new Ended(call, new Call.End.NotMade(), clock.instant())),
                                false);

        assertThat(held.calls()).extracting(Call::attempt).containsExactly(2);
        assertThat(
                        gesher.count(
                                "SELECT retries FROM whatsapp_messages WHERE message_id = ?",
                                answer.message().value()))
                .isZero();
    }

    @Test
    void a_number_with_a_long_queue_is_left_at_once_and_the_queue_withdrawn_after_it()
            throws Exception {
        int all = LeftMessages.AT_ONCE + 20;
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Callable<SendAnswer> call = () -> gesher.accepted(text(tenant, CUSTOMER, "א"));
            for (var answer : threads.invokeAll(Collections.nCopies(all, call))) {
                answer.get();
            }
        }
        gesher.asAdministrator(
                "UPDATE whatsapp_messages SET stage = 'deferred', not_before = 'infinity' WHERE"
                        + " tenant_id = ? AND direction = 'outbound' AND seq % 2 = 0",
                tenant.value());

        gesher.disconnect(tenant, number);

        assertThat(gesher.messages(tenant, "stage <> 'done'")).isEqualTo(20);
        // Its next tenant's holder sees nothing of it.
        gesher.connectedTenant(simulator, number);
        gesher.with("timers");
        await().until(() -> gesher.messages(tenant, "stage <> 'done'") == 0);
        assertThat(gesher.messages(tenant, "error_code = 'connection_left'")).isEqualTo(all);
        assertThat(
                        gesher.count(
                                "SELECT count(*) FROM events WHERE tenant_id = ? AND type ="
                                        + " 'message.failed'",
                                tenant.value()))
                .isEqualTo(all);
        await().until(() ->
                gesher.count("SELECT count(*) FROM timers WHERE kind = 'messages.left'") == 0);
    }

    @Test
    void what_was_accepted_while_the_tenant_left_fails_for_that() {
        var answer = gesher.accepted(text(tenant, CUSTOMER, "שלום"));
        gesher.asAdministrator(
                "UPDATE whatsapp_connections SET status = 'disconnected', status_cause ="
                        + " 'requested' WHERE tenant_id = ?",
                tenant.value());

        step(acquire("we"), "we", List.of(), false);

        var message = gesher.message(tenant, answer.message());
        assertThat(message.status()).isEqualTo("failed");
        assertThat(message.errorCode()).contains("connection_left");
    }

    private void goesTo(SendAnswer.Accepted answer, SendResult result) {
        var hold = acquire("we");
        var call = claimed(hold, "we");
        assertThat(call.key().id()).isEqualTo(answer.message());
        step(
                hold,
                "we",
                List.of(new Ended(call, new Call.End.Made(result), clock.instant())),
                false);
    }

    @Test
    void a_template_that_would_follow_on_another_tenants_number_is_withdrawn() {
        var answer = gesher.accepted(textOrTemplate(tenant, CUSTOMER, "שלום"));
        goesTo(answer, new SendResult.Accepted("wamid.1", null, null, false));
        gesher.disconnect(tenant, number);
        gesher.connectedTenant(simulator, number);
        gesher.connect(tenant, simulator, SimulatedNumber.of(simulator, "+972 3-555-0109"));

        gesher.receive(tenant, number.phoneNumberId(), windowClosed(answer));
        gesher.with("timers");

        await().until(() -> stage(answer).equals("done"));
        var message = gesher.message(tenant, answer.message());
        assertThat(message.status()).isEqualTo("failed");
        assertThat(message.errorCode()).contains("connection_changed");
    }

    private InboundSignal.StatusUpdate windowClosed(SendAnswer.Accepted answer) {
        return RunningGesher.status(
                "wamid.1",
                InboundSignal.Status.FAILED,
                clock.instant(),
                Optional.of(answer.message() + ".1"),
                Optional.of("131047"));
    }

    @Test
    void a_message_that_goes_again_as_its_template_has_not_failed() {
        var answer = gesher.accepted(textOrTemplate(tenant, CUSTOMER, "שלום"));
        goesTo(answer, new SendResult.Accepted("wamid.1", null, null, false));

        gesher.receive(tenant, number.phoneNumberId(), windowClosed(answer));

        assertThat(stage(answer)).isEqualTo("queued");
        assertThat(gesher.message(tenant, answer.message()).failedAt()).isEmpty();
    }

    @Test
    void a_window_that_an_answer_closes_is_told_of() {
        clock.advance(Duration.ofSeconds(2));
        var answer = gesher.accepted(text(tenant, CUSTOMER, "שלום"));

        goesTo(answer, new SendResult.WindowClosed("131047", Optional.empty()));

        assertThat(gesher.eventTypes(tenant))
                .endsWith("message.accepted", "conversation.window_closed", "message.failed");
    }

    @Test
    void an_unknown_message_is_not_sent_again_on_another_tenants_number() {
        gesher.asAdministrator(
                "UPDATE tenants SET on_unknown = 'resend' WHERE tenant_id = ?", tenant.value());
        var answer = gesher.accepted(text(tenant, CUSTOMER, "שלום"));
        goesTo(answer, new SendResult.Unknown("http_500", Optional.empty()));
        gesher.disconnect(tenant, number);
        gesher.connectedTenant(simulator, number);
        clock.advance(Duration.ofMinutes(15));

        gesher.settle(tenant, answer.message());

        assertThat(gesher.message(tenant, answer.message()).errorCode())
                .contains("outcome_unknown");
    }

    @Test
    void while_received_webhooks_are_not_applied_nothing_is_given_up() {
        var answer = gesher.accepted(text(tenant, CUSTOMER, "שלום"));
        goesTo(answer, new SendResult.Unknown("http_500", Optional.empty()));
        gesher.asAdministrator(
                """
                DO $$ BEGIN
                    PERFORM gesher_open_webhook_day(20260101);
                    INSERT INTO webhook_inbox (key_day, inbox_id, delivery_id, received_at, body, correlation)
                    VALUES (20260101, 1, gen_random_uuid(), '2026-01-01', '', 'test');
                END $$
                """);
        gesher.asAdministrator(
                "INSERT INTO webhook_inbox_pending (heavy, inbox_id, key_day, bytes) VALUES (false, 1, 20260101, 1)");
        clock.advance(Duration.ofMinutes(15));
        gesher.settle(tenant, answer.message());
        assertThat(stage(answer)).isEqualTo("settling");

        gesher.asAdministrator("DELETE FROM webhook_inbox_pending");
        gesher.with("timers");
        await().during(Duration.ofMillis(1500))
                .atMost(Duration.ofSeconds(5))
                .until(() -> stage(answer).equals("settling"));
        clock.advance(Duration.ofMinutes(15));
        await().until(() -> stage(answer).equals("done"));
        assertThat(gesher.message(tenant, answer.message()).errorCode())
                .contains("outcome_unknown");
    }

    @Test
    void recording_twice_changes_nothing() {
        var answer = gesher.accepted(text(tenant, CUSTOMER, "שלום"));
        var hold = acquire("we");
        var sent =
                new Ended(
                        claimed(hold, "we"),
                        new Call.End.Made(new SendResult.Accepted("wamid.1", null, null, false)),
                        clock.instant());
        step(hold, "we", List.of(sent), false);
        var before = gesher.message(tenant, answer.message());

        step(hold, "we", List.of(sent), true);

        assertThat(gesher.message(tenant, answer.message())).isEqualTo(before);
        assertThat(gesher.eventTypes(tenant)).containsOnlyOnce("message.sent");
    }

    @Test
    void what_meta_holds_waits_without_a_timeout() {
        var answer = gesher.accepted(text(tenant, CUSTOMER, "שלום"));
        var hold = acquire("we");
        var heldBack =
                new Ended(
                        claimed(hold, "we"),
                        new Call.End.Made(new SendResult.Accepted("wamid.1", null, null, true)),
                        clock.instant());

        step(hold, "we", List.of(heldBack), false);

        assertThat(stage(answer)).isEqualTo("settling");
        clock.advance(Duration.ofDays(2));
        gesher.settle(tenant, answer.message());
        assertThat(stage(answer)).isEqualTo("settling");
    }
}
