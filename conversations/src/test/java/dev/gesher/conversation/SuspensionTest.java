package dev.gesher.conversation;

import static dev.gesher.conversation.RunningGesher.CUSTOMER;
import static dev.gesher.conversation.RunningGesher.OTHER_CUSTOMER;
import static dev.gesher.conversation.RunningGesher.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.gesher.conversation.RunningGesher.SimulatedNumber;
import dev.gesher.simulator.GraphSimulator;
import dev.gesher.simulator.SimulatorOptions;
import dev.gesher.simulator.world.FaultRule.Effect;
import dev.gesher.simulator.world.FaultRule.Match;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.Tenants;
import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.SettableClock;
import dev.gesher.testkit.TestDatabase;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

/** Nothing is sent for a suspended tenant, and nothing of it is lost. */
@GesherDatabase
@TestInstance(Lifecycle.PER_CLASS)
class SuspensionTest {
    private final SettableClock clock = SettableClock.at("2026-03-01T10:00:00Z");
    private GraphSimulator simulator;
    private RunningGesher gesher;
    private Tenants tenants;
    private SimulatedNumber number;
    private TenantId tenant;

    @BeforeAll
    void start(TestDatabase database) throws Exception {
        simulator = GraphSimulator.start(SimulatorOptions.forTests().withClock(clock));
        gesher = RunningGesher.start(database, clock, simulator).with("dispatcher");
        tenants = gesher.bean(Tenants.class);
    }

    @AfterAll
    void stop() {
        gesher.close();
        simulator.close();
    }

    @BeforeEach
    void connect() {
        simulator.control().clearFaults();
        number = SimulatedNumber.of(simulator, "+972 3-555-0101");
        tenant = gesher.connectedTenant(simulator, number);
        customerWrites(CUSTOMER);
    }

    private void customerWrites(String from) {
        simulator.control().customerWrites(number.phoneNumberId(), from, "שלום");
        gesher.customerWrites(tenant, number.phoneNumberId(), from, "שלום");
    }

    private long received() {
        return simulator.control().sentMessages().stream()
                .filter(view -> view.phoneNumberId().equals(number.phoneNumberId()))
                .count();
    }

    private String stage(SendAnswer.Accepted answer) {
        return gesher.message(tenant, answer.message()).stage();
    }

    private String status(SendAnswer.Accepted answer) {
        return gesher.message(tenant, answer.message()).status();
    }

    /** The lane was looked at since, and given back until its messages expire. */
    private void awaitLaneAtRest() {
        await().until(() ->
                gesher.count(
                                """
                                SELECT count(*) FROM lanes WHERE phone_number_id = ?
                                    AND holder IS NULL AND next_due_at > ?::timestamptz + interval '1 minute'
                                """,
                                number.phoneNumberId(),
                                clock.instant().toString())
                        == 1);
    }

    /** The first is at Meta and the second waits for it when the tenant is suspended. */
    private SendAnswer.Accepted waitingAtSuspension() {
        // All that is slow the first time has happened once: the delay below must suffice.
        var before = gesher.accepted(text(tenant, CUSTOMER, "ראשונה"));
        await().until(() -> status(before).equals("sent"));
        simulator
                .control()
                .addFault(Match.any().path("POST .*/messages$").times(1), Effect.delay(1_500));
        var first = gesher.accepted(text(tenant, CUSTOMER, "א"));
        var second = gesher.accepted(text(tenant, CUSTOMER, "ב"));
        await().until(() -> stage(first).equals("sending"));
        tenants.suspend(tenant, "unpaid", "operator");
        await().until(() -> status(first).equals("sent"));
        return second;
    }

    @Test
    void claims_stop_and_go_on_when_it_is_resumed() {
        var waiting = waitingAtSuspension();
        awaitLaneAtRest();
        assertThat(stage(waiting)).isEqualTo("queued");
        assertThat(received()).isEqualTo(2);

        tenants.resume(tenant, "paid", "operator");

        await().until(() -> status(waiting).equals("sent"));
        assertThat(received()).isEqualTo(3);
        assertThat(gesher.eventTypes(tenant)).contains("tenant.suspended", "tenant.resumed");
    }

    @Test
    void what_customers_write_is_kept_and_opens_windows() {
        tenants.suspend(tenant, "unpaid", "operator");

        customerWrites(OTHER_CUSTOMER);

        assertThat(
                        gesher.count(
                                "SELECT count(*) FROM whatsapp_messages WHERE tenant_id = ? AND direction = 'inbound'",
                                tenant.value()))
                .isEqualTo(2);
        tenants.resume(tenant, "paid", "operator");
        var reply = gesher.accepted(text(tenant, OTHER_CUSTOMER, "תשובה"));
        await().until(() -> status(reply).equals("sent"));
    }

    @Test
    void what_waits_expires_by_itself() {
        var waiting = waitingAtSuspension();
        awaitLaneAtRest();

        clock.advance(Duration.ofHours(25));

        await().until(() -> status(waiting).equals("failed"));
        assertThat(gesher.message(tenant, waiting.message()).errorCode()).contains("expired");
        assertThat(received()).isEqualTo(2);
    }

    @Test
    void the_gate_is_asked_again_at_the_end_of_a_suspension() {
        clock.advance(Duration.ofHours(12));
        var waiting = waitingAtSuspension();
        awaitLaneAtRest();
        clock.advance(Duration.ofHours(13)); // the window closes, the message is good for 11 more

        tenants.resume(tenant, "paid", "operator");

        await().until(() -> stage(waiting).equals("done"));
        assertThat(status(waiting)).isEqualTo("blocked");
        assertThat(gesher.message(tenant, waiting.message()).reasons())
                .containsExactly("window_closed");
        assertThat(received()).isEqualTo(2);
    }

    @Test
    void while_it_is_suspended_nothing_new_is_accepted() {
        tenants.suspend(tenant, "unpaid", "operator");

        var answer = gesher.messages().send(text(tenant, CUSTOMER, "שלום"));

        assertThat(answer)
                .isInstanceOfSatisfying(
                        SendAnswer.Blocked.class,
                        blocked ->
                                assertThat(blocked.reasons())
                                        .containsExactly(Reason.TENANT_SUSPENDED));
    }

    @Test
    void a_lane_that_is_parked_stays_parked_after_a_suspension() {
        gesher.asAdministrator(
                "UPDATE lanes SET parked_cause = 'token_invalid', parked_since = now() WHERE phone_number_id = ?",
                number.phoneNumberId());
        tenants.suspend(tenant, "unpaid", "operator");
        tenants.resume(tenant, "paid", "operator");

        assertThat(
                        gesher.count(
                                "SELECT count(*) FROM lanes WHERE phone_number_id = ? AND parked_cause = 'token_invalid'",
                                number.phoneNumberId()))
                .isEqualTo(1);
        assertThat(tenants.find(tenant).flatMap(it -> it.suspension())).isEqualTo(Optional.empty());
    }
}
