package dev.gesher.conversation.outbound;

import static dev.gesher.conversation.RunningGesher.CUSTOMER;
import static dev.gesher.conversation.RunningGesher.text;
import static org.assertj.core.api.Assertions.assertThat;

import dev.gesher.conversation.RunningGesher;
import dev.gesher.conversation.RunningGesher.SimulatedNumber;
import dev.gesher.conversation.SendQueue;
import dev.gesher.conversation.SendQueue.Depth;
import dev.gesher.simulator.GraphSimulator;
import dev.gesher.simulator.SimulatorOptions;
import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.SettableClock;
import dev.gesher.testkit.TestDatabase;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What whoever operates Gesher sees of the queue, while nobody sends. */
@GesherDatabase
class StoredQueueTest {
    private final SettableClock clock = SettableClock.at("2026-03-01T10:00:00Z");

    @Test
    void what_waits_is_counted_over_tenants_and_ages(TestDatabase database) throws Exception {
        try (var simulator = GraphSimulator.start(SimulatorOptions.forTests().withClock(clock));
                var gesher = RunningGesher.start(database, clock, simulator)) {
            for (var display : new String[] {"+972 3-555-0101", "+972 3-555-0102"}) {
                var number = SimulatedNumber.of(simulator, display);
                var tenant = gesher.connectedTenant(simulator, number);
                gesher.customerWrites(tenant, number.phoneNumberId(), CUSTOMER, "שלום");
                gesher.accepted(text(tenant, CUSTOMER, "שלום"));
                clock.advance(Duration.ofSeconds(30));
            }

            var standing = gesher.bean(SendQueue.class).read();

            assertThat(standing.depths())
                    .containsExactly(new Depth("queued", "reply", 2, Duration.ofSeconds(60)));
            assertThat(standing.due()).isEqualTo(2);
            assertThat(standing.leased()).isZero();
            assertThat(standing.oldestLeft()).isEqualTo(Duration.ofSeconds(60));
            assertThat(standing.parked()).isEmpty();
            assertThat(standing.complete()).isTrue();

            gesher.asAdministrator(
                    "UPDATE lanes SET parked_cause = 'token_invalid', parked_since = now()");

            var parked = gesher.bean(SendQueue.class).read();
            assertThat(parked.parked()).containsEntry("token_invalid", 2L);
            assertThat(parked.oldestLeft()).isZero();
        }
    }
}
