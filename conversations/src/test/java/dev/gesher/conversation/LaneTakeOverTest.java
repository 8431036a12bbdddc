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
import dev.gesher.simulator.world.FaultRule.Drop;
import dev.gesher.simulator.world.FaultRule.Effect;
import dev.gesher.simulator.world.FaultRule.Match;
import dev.gesher.tenant.TenantId;
import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.SettableClock;
import dev.gesher.testkit.TestDatabase;
import dev.gesher.whatsapp.InboundSignal;
import java.sql.Timestamp;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Two processes and a lane that changes hands. */
@GesherDatabase
class LaneTakeOverTest {
    private final SettableClock clock = SettableClock.at("2026-03-01T10:00:00Z");
    private TestDatabase database;
    private GraphSimulator simulator;
    private RunningGesher first;
    private RunningGesher second;
    private SimulatedNumber number;
    private TenantId tenant;

    @BeforeEach
    void start(TestDatabase given) throws Exception {
        database = given;
        simulator = GraphSimulator.start(SimulatorOptions.forTests().withClock(clock));
        first = RunningGesher.start(database, clock, simulator).with("dispatcher");
        second = RunningGesher.start(database, clock, simulator);
        number = SimulatedNumber.of(simulator, "+972 3-555-0101");
        tenant = first.connectedTenant(simulator, number);
        for (var customer : new String[] {CUSTOMER, OTHER_CUSTOMER}) {
            simulator.control().customerWrites(number.phoneNumberId(), customer, "שלום");
            first.customerWrites(tenant, number.phoneNumberId(), customer, "שלום");
        }
    }

    @AfterEach
    void stop() {
        second.close();
        first.close();
        simulator.close();
    }

    private MessageView message(SendAnswer.Accepted answer) {
        return second.message(tenant, answer.message());
    }

    private long token() {
        return first.count(
                "SELECT token FROM lanes WHERE phone_number_id = ?", number.phoneNumberId());
    }

    /** As if its holder had been away for longer than its lease. */
    private void takeOver() {
        long before = token();
        second.with("dispatcher");
        await().atMost(Duration.ofSeconds(10))
                .pollInterval(Duration.ofMillis(20))
                .until(() -> {
                    first.asAdministrator(
                            "UPDATE lanes SET lease_expires_at = '-infinity', next_due_at ="
                                    + " ? WHERE phone_number_id = ? AND token = ?",
                            Timestamp.from(clock.instant()),
                            number.phoneNumberId(),
                            before);
                    return token() > before;
                });
    }

    @Test
    void what_was_being_sent_settles_and_is_never_sent_again() {
        simulator
                .control()
                .addFault(
                        Match.any().path("/messages$").recipient(CUSTOMER).times(1),
                        Effect.delay(1900));
        var answer = first.accepted(text(tenant, CUSTOMER, "שלום"));
        await().until(() -> message(answer).stage().equals("sending"));

        takeOver();
        await().until(() -> message(answer).stage().equals("settling"));
        assertThat(message(answer).attempts().getFirst().outcome()).contains("abandoned");
        // Meta's answer reaches the first holder, whose word no longer counts.
        await().atMost(Duration.ofSeconds(10)).until(() -> sentTo(CUSTOMER) == 1);
        var next = second.accepted(text(tenant, OTHER_CUSTOMER, "שלום"));
        await().until(() -> sentAsTimePasses(next));
        assertThat(message(answer).stage()).isEqualTo("settling");
        assertThat(message(answer).waMessageId()).isEmpty();

        second.receive(
                tenant,
                number.phoneNumberId(),
                status(answer.message(), 1, InboundSignal.Status.DELIVERED, clock.instant()));
        assertThat(message(answer).status()).isEqualTo("delivered");
        assertThat(sentTo(CUSTOMER)).isEqualTo(1);
    }

    private long sentTo(String customer) {
        return simulator.control().sentTo(customer).size();
    }

    @Test
    void without_a_word_from_meta_it_ends_as_unknown() {
        simulator
                .control()
                .addFault(
                        Match.any().path("/messages$").recipient(CUSTOMER).times(1),
                        Effect.delay(1900));
        var answer = first.accepted(text(tenant, CUSTOMER, "שלום"));
        await().until(() -> message(answer).stage().equals("sending"));
        takeOver();
        await().until(() -> message(answer).stage().equals("settling"));
        clock.advance(Duration.ofMinutes(15));

        second.with("timers");

        await().atMost(Duration.ofSeconds(10))
                .until(() -> message(answer).status().equals("failed"));
        assertThat(message(answer).errorCode()).contains("outcome_unknown");
    }

    @Test
    void after_a_restart_metas_word_gets_its_time_anew() {
        simulator
                .control()
                .addFault(
                        Match.any().path("/messages$").recipient(CUSTOMER).times(1),
                        Effect.drop(Drop.AFTER));
        var answer = first.accepted(text(tenant, CUSTOMER, "שלום"));
        await().until(() -> message(answer).stage().equals("settling"));
        clock.advance(Duration.ofMinutes(20));

        try (var third = RunningGesher.start(database, clock, simulator)) {
            clock.advance(Duration.ofMinutes(14));
            third.settle(tenant, answer.message());
            assertThat(message(answer).stage()).isEqualTo("settling");
            clock.advance(Duration.ofMinutes(1));
            third.settle(tenant, answer.message());
        }

        assertThat(message(answer).errorCode()).contains("outcome_unknown");
    }

    @Test
    void a_dead_holders_lane_moves_when_its_lease_is_over() {
        first.close();
        var answer = second.accepted(text(tenant, CUSTOMER, "שלום"));
        second.asAdministrator(
                "UPDATE lanes SET holder = 'dead', token = token + 1, lease_expires_at ="
                        + " clock_timestamp() + interval '2 seconds' WHERE phone_number_id = ?",
                number.phoneNumberId());
        second.with("dispatcher");
        clock.advance(Duration.ofSeconds(1));

        await().atMost(Duration.ofSeconds(10)).until(() -> sentAsTimePasses(answer));
    }

    /** A new holder's pace starts at nothing, since the one before may have just sent. */
    private boolean sentAsTimePasses(SendAnswer.Accepted answer) {
        clock.advance(Duration.ofMillis(100));
        return message(answer).status().equals("sent");
    }

    @Test
    void a_process_that_stops_gives_its_lanes_back_at_once() {
        var answer = first.accepted(text(tenant, CUSTOMER, "שלום"));
        await().until(() -> message(answer).status().equals("sent"));
        first.close();

        assertThat(
                        second.count(
                                "SELECT count(*) FROM lanes WHERE phone_number_id = ? AND holder IS"
                                        + " NULL",
                                number.phoneNumberId()))
                .isEqualTo(1);
    }
}
