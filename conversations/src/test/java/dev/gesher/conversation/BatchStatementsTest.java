package dev.gesher.conversation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gesher.conversation.RunningGesher.SimulatedNumber;
import dev.gesher.simulator.GraphSimulator;
import dev.gesher.simulator.SimulatorOptions;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.CountedTx;
import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.SettableClock;
import dev.gesher.testkit.TestDatabase;
import dev.gesher.whatsapp.InboundListener;
import dev.gesher.whatsapp.InboundListener.Received;
import dev.gesher.whatsapp.InboundSignal;
import dev.gesher.whatsapp.InboundSignal.Person;
import dev.gesher.whatsapp.PhoneNumber;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A batch costs a fixed number of statements, however much is in it. */
@GesherDatabase
class BatchStatementsTest {
    private static final int MANY = 300;

    private final SettableClock clock = SettableClock.at("2026-03-01T10:00:00Z");
    private GraphSimulator simulator;
    private RunningGesher gesher;
    private SimulatedNumber number;
    private TenantId tenant;
    private Connection connection;
    private int written;

    @BeforeEach
    void start(TestDatabase database) throws Exception {
        simulator = GraphSimulator.start(SimulatorOptions.forTests().withClock(clock));
        gesher = RunningGesher.start(database, clock, simulator);
        number = SimulatedNumber.of(simulator, "+972 3-555-0101");
        tenant = gesher.connectedTenant(simulator, number);
        connection = database.connect();
        try (var statement = connection.createStatement()) {
            statement.execute("SET ROLE gesher_service");
            statement.execute("SET gesher.tenants = '" + tenant + "'");
        }
        connection.setAutoCommit(false);
    }

    @AfterEach
    void stop() throws Exception {
        connection.close();
        gesher.close();
        simulator.close();
    }

    private List<String> apply(List<InboundSignal> signals) throws Exception {
        var received =
                signals.stream()
                        .map(signal -> new Received(tenant, number.phoneNumberId(), signal, "test"))
                        .toList();
        return CountedTx.run(
                connection, tx -> gesher.bean(InboundListener.class).apply(tx, received));
    }

    private List<InboundSignal> messages(int many, boolean withUserIds) {
        var signals = new ArrayList<InboundSignal>();
        for (int i = 0; i < many; i++) {
            signals.add(
                    RunningGesher.inbound(
                            "wamid." + ++written,
                            new Person(
                                    Optional.of(new PhoneNumber("+97250" + (2_340_000 + i))),
                                    withUserIds ? Optional.of("IL." + i) : Optional.empty(),
                                    Optional.empty(),
                                    Optional.of("דנה"),
                                    Optional.empty()),
                            clock.instant(),
                            "text",
                            "{}",
                            true));
        }
        return signals;
    }

    @Test
    void messages_of_customers_who_are_known() throws Exception {
        for (boolean withUserIds : List.of(false, true)) {
            apply(messages(MANY, withUserIds));
            clock.advance(java.time.Duration.ofSeconds(1));
            var few = apply(messages(2, withUserIds));
            clock.advance(java.time.Duration.ofSeconds(1));
            var many = apply(messages(MANY, withUserIds));

            assertThat(many).hasSameSizeAs(few);
            assertThat(many).hasSizeLessThanOrEqualTo(10);
        }
    }

    @Test
    void messages_of_customers_who_are_new() throws Exception {
        assertThat(apply(messages(MANY, true))).hasSizeLessThanOrEqualTo(13);
    }

    @Test
    void statuses_of_messages_that_are_known() throws Exception {
        var sent = new ArrayList<InboundSignal>();
        for (int i = 0; i < MANY; i++) {
            var phone = "+97250" + (2_340_000 + i);
            var id = gesher.accepted(RunningGesher.template(tenant, phone)).message();
            gesher.in(
                    tenant,
                    tx -> {
                        tx.update(
                                """
                                INSERT INTO whatsapp_message_attempts (tenant_id, message_id, attempt, lease_token, route,
                                    started_at, finished_at, outcome, wa_message_id)
                                VALUES (?, ?, 1, 1, 'template', ?, ?, 'accepted', ?)
                                """,
                                tenant,
                                id.value(),
                                clock.instant(),
                                clock.instant(),
                                "wamid." + id + ".1");
                        tx.update(
                                """
                                UPDATE whatsapp_messages SET stage = 'done', status = 'sent', attempt = 1
                                WHERE tenant_id = ? AND message_id = ?
                                """,
                                tenant,
                                id.value());
                    });
            sent.add(
                    new InboundSignal.StatusUpdate(
                            "wamid." + id + ".1",
                            InboundSignal.Status.DELIVERED,
                            clock.instant(),
                            Optional.of(id + ".1"),
                            Person.of(Optional.of(new PhoneNumber(phone)), Optional.empty()),
                            Optional.empty(),
                            false,
                            Optional.empty(),
                            Optional.empty()));
        }

        assertThat(apply(sent)).hasSizeLessThanOrEqualTo(6);
    }
}
