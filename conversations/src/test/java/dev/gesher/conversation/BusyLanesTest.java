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
import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.SettableClock;
import dev.gesher.testkit.TestDatabase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A process that holds all the lanes it may, and a lane more. */
@GesherDatabase
class BusyLanesTest {
    private static final int BACKLOG = 30;

    private final SettableClock clock = SettableClock.at("2026-03-01T10:00:00Z");

    private TenantId tenant(RunningGesher gesher, GraphSimulator simulator, int n, String to) {
        var number = SimulatedNumber.of(simulator, "+972 3-555-%04d".formatted(200 + n));
        var tenant = gesher.connectedTenant(simulator, number);
        simulator.control().customerWrites(number.phoneNumberId(), to, "שלום");
        gesher.customerWrites(tenant, number.phoneNumberId(), to, "שלום");
        return tenant;
    }

    @Test
    void big_backlogs_on_all_lanes_make_way_for_one_message(TestDatabase database)
            throws Exception {
        try (var simulator = GraphSimulator.start(SimulatorOptions.forTests().withClock(clock));
                var gesher =
                        RunningGesher.start(
                                database, clock, simulator, Map.of("gesher.dispatch.lanes", 2))) {
            simulator
                    .control()
                    .addFault(
                            Match.any().path("/messages$").recipient(CUSTOMER), Effect.delay(1000));
            var big = new ArrayList<TenantId>();
            for (int n = 0; n < 2; n++) {
                var tenant = tenant(gesher, simulator, n, CUSTOMER);
                big.add(tenant);
                for (int m = 0; m < BACKLOG; m++) {
                    gesher.accepted(text(tenant, CUSTOMER, "שלום " + m));
                }
            }
            var small = tenant(gesher, simulator, 2, OTHER_CUSTOMER);
            gesher.with("dispatcher");
            await().until(() -> simulator.control().sentTo(CUSTOMER).size() >= 2);

            var one = gesher.accepted(text(small, OTHER_CUSTOMER, "שלום"));

            await().atMost(Duration.ofSeconds(15))
                    .until(() -> {
                        clock.advance(Duration.ofMillis(20));
                        return gesher.message(small, one.message()).status().equals("sent");
                    });
            assertThat(big).allSatisfy(tenant -> assertThat(unsent(gesher, tenant)).isPositive());
            // Who made way is held again, and goes on.
            int before = simulator.control().sentTo(CUSTOMER).size();
            await().atMost(Duration.ofSeconds(15))
                    .until(() -> {
                        clock.advance(Duration.ofMillis(20));
                        return simulator.control().sentTo(CUSTOMER).size() > before + 4;
                    });
        }
    }

    private static long unsent(RunningGesher gesher, TenantId tenant) {
        return gesher.count(
                "SELECT count(*) FROM whatsapp_messages WHERE tenant_id = ? AND stage = 'queued'",
                tenant.value());
    }
}
