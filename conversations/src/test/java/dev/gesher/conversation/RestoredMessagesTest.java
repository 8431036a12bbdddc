package dev.gesher.conversation;

import static dev.gesher.conversation.RunningGesher.CUSTOMER;
import static dev.gesher.conversation.RunningGesher.OTHER_CUSTOMER;
import static dev.gesher.conversation.RunningGesher.status;
import static dev.gesher.conversation.RunningGesher.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.gesher.conversation.RunningGesher.SimulatedNumber;
import dev.gesher.simulator.GraphSimulator;
import dev.gesher.simulator.SimulatorOptions;
import dev.gesher.tenant.RestoreWatch;
import dev.gesher.tenant.SendingHold;
import dev.gesher.tenant.TenantId;
import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.SettableClock;
import dev.gesher.testkit.TestDatabase;
import dev.gesher.whatsapp.InboundSignal;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A restored database: what it holds as queued may have been sent long ago. */
@GesherDatabase
class RestoredMessagesTest {
    private final SettableClock clock = SettableClock.at("2026-03-01T10:00:00Z");
    private GraphSimulator simulator;
    private RunningGesher gesher;
    private SimulatedNumber number;
    private TenantId tenant;

    @BeforeEach
    void start(TestDatabase database) throws Exception {
        simulator = GraphSimulator.start(SimulatorOptions.forTests().withClock(clock));
        gesher = RunningGesher.start(database, clock, simulator);
        number = SimulatedNumber.of(simulator, "+972 3-555-0101");
        tenant = gesher.connectedTenant(simulator, number);
        for (var customer : new String[] {CUSTOMER, OTHER_CUSTOMER}) {
            simulator.control().customerWrites(number.phoneNumberId(), customer, "שלום");
            gesher.customerWrites(tenant, number.phoneNumberId(), customer, "שלום");
        }
        gesher.bean(RestoreWatch.class).look();
    }

    @AfterEach
    void stop() {
        gesher.close();
        simulator.close();
    }

    /** As a restore into another database would be found. */
    private void restore() {
        gesher.asAdministrator("UPDATE database_generations SET place = 'another server'");
        clock.advance(Duration.ofSeconds(1));
        gesher.bean(RestoreWatch.class).look();
    }

    private String stage(SendAnswer.Accepted answer) {
        return gesher.message(tenant, answer.message()).stage();
    }

    @Test
    void what_was_queued_sending_or_due_settles_and_is_not_sent() {
        var queued = gesher.accepted(text(tenant, CUSTOMER, "אחת"));
        var sending = gesher.accepted(text(tenant, OTHER_CUSTOMER, "שתיים"));
        var deferred = gesher.accepted(text(tenant, CUSTOMER, "שלוש"));
        var later = gesher.accepted(text(tenant, CUSTOMER, "ארבע"));
        gesher.asAdministrator(
                "UPDATE whatsapp_messages SET stage = 'sending', attempt = 1 WHERE message_id = ?",
                sending.message().value());
        gesher.asAdministrator(
                "INSERT INTO whatsapp_message_attempts (tenant_id, message_id, attempt, lease_token, route, started_at)"
                        + " VALUES (?, ?, 1, 1, 'freeform', '2026-03-01T10:00:00Z')",
                tenant.value(),
                sending.message().value());
        gesher.asAdministrator(
                "UPDATE whatsapp_messages SET stage = 'deferred' WHERE message_id = ?",
                deferred.message().value());
        gesher.asAdministrator(
                "UPDATE whatsapp_messages SET stage = 'deferred', not_before = '2026-03-01T11:00:00Z' WHERE message_id = ?",
                later.message().value());

        restore();
        gesher.with("dispatcher");
        var newer = gesher.accepted(text(tenant, OTHER_CUSTOMER, "חמש"));

        assertThat(stage(queued)).isEqualTo("settling");
        assertThat(stage(sending)).isEqualTo("settling");
        assertThat(stage(deferred)).isEqualTo("settling");
        assertThat(stage(later)).isEqualTo("deferred");
        assertThat(gesher.message(tenant, queued.message()).attempts()).hasSize(1);
        assertThat(gesher.message(tenant, sending.message()).attempts()).hasSize(1);
        assertThat(stage(newer)).isEqualTo("queued");

        gesher.bean(SendingHold.class).release("operator:test");
        await().until(() -> stage(newer).equals("done"));
        assertThat(
                        simulator.control().sentMessages().stream()
                                .filter(it -> it.phoneNumberId().equals(number.phoneNumberId())))
                .singleElement()
                .extracting(it -> it.text())
                .isEqualTo("חמש");
    }

    @Test
    void a_status_of_an_attempt_that_the_restore_undid_settles_its_message() {
        var queued = gesher.accepted(text(tenant, CUSTOMER, "אחת"));
        restore();

        gesher.receive(
                tenant,
                number.phoneNumberId(),
                status(queued.message(), 3, InboundSignal.Status.DELIVERED, clock.instant()));

        assertThat(gesher.message(tenant, queued.message()).status()).isEqualTo("delivered");
        assertThat(stage(queued)).isEqualTo("done");
    }

    @Test
    void settling_waits_for_the_operators_word_and_its_time_begins_there() {
        var queued = gesher.accepted(text(tenant, CUSTOMER, "אחת"));
        restore();
        clock.advance(Duration.ofHours(2));
        gesher.settle(tenant, queued.message());
        assertThat(stage(queued)).isEqualTo("settling");

        gesher.bean(SendingHold.class).release("operator:test");
        clock.advance(Duration.ofMinutes(14));
        gesher.settle(tenant, queued.message());
        assertThat(stage(queued)).isEqualTo("settling");
        clock.advance(Duration.ofMinutes(1));
        gesher.settle(tenant, queued.message());

        var message = gesher.message(tenant, queued.message());
        assertThat(message.status()).isEqualTo("failed");
        assertThat(message.errorCode()).contains("outcome_unknown");
    }

    @Test
    void no_number_of_an_event_is_given_twice() {
        gesher.accepted(text(tenant, CUSTOMER, "אחת"));
        long last = gesher.events(tenant).getLast().tenantSeq();
        restore();
        gesher.accepted(text(tenant, OTHER_CUSTOMER, "שתיים"));

        assertThat(gesher.events(tenant).getLast().tenantSeq()).isGreaterThan(last + 1_000_000);
        var silent = gesher.newTenant();
        restore();
        assertThat(
                        gesher.count(
                                "SELECT value FROM event_counters WHERE tenant_id = ?",
                                silent.value()))
                .as("a tenant without an event at the backup's time")
                .isGreaterThan(1_000_000);
    }

    @Test
    void an_operators_hold_stops_a_lane_that_is_running() {
        gesher.with("dispatcher");
        gesher.bean(SendingHold.class).hold("operator:test");
        var held = gesher.accepted(text(tenant, CUSTOMER, "אחת"));
        assertThat(stage(held)).isEqualTo("queued");

        gesher.bean(SendingHold.class).release("operator:test");
        await().until(() -> stage(held).equals("done"));
    }
}
