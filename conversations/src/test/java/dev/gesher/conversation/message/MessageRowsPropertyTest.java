package dev.gesher.conversation.message;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.f4b6a3.uuid.UuidCreator;
import dev.gesher.conversation.MessageId;
import dev.gesher.conversation.RunningGesher;
import dev.gesher.conversation.SendAnswer.Route;
import dev.gesher.conversation.message.StoredMessage.Change;
import dev.gesher.simulator.GraphSimulator;
import dev.gesher.simulator.SimulatorOptions;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.tenant.db.Tx;
import dev.gesher.tenant.db.Work;
import dev.gesher.testkit.SettableClock;
import dev.gesher.testkit.TestDatabase;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Objects;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.jspecify.annotations.Nullable;

/** The rows do what the pure states say, and nothing else moves them. */
class MessageRowsPropertyTest {
    private static final SettableClock CLOCK = SettableClock.at("2026-03-01T10:00:00Z");
    private static @Nullable TestDatabase database;
    private static @Nullable GraphSimulator simulator;
    private static @Nullable RunningGesher gesher;
    private static @Nullable TenantId tenant;

    @BeforeContainer
    static void start() throws Exception {
        database = TestDatabase.fresh();
        simulator = GraphSimulator.start(SimulatorOptions.forTests());
        gesher = RunningGesher.start(database, CLOCK, simulator);
        tenant = gesher.newTenant();
    }

    @AfterContainer
    static void stop() {
        Objects.requireNonNull(gesher).close();
        Objects.requireNonNull(simulator).close();
        Objects.requireNonNull(database).close();
    }

    private static TenantId tenant() {
        return Objects.requireNonNull(tenant);
    }

    private static <T> T in(Work<T> work) {
        return Objects.requireNonNull(gesher).bean(TenantScope.class).in(tenant(), work);
    }

    private static MessageRows.Key insert(Tx tx) throws SQLException {
        var id = UuidCreator.getTimeOrderedEpoch();
        tx.update(
                """
                INSERT INTO whatsapp_messages (tenant_id, message_id, direction, phone_number_id, type, template_name,
                    status, stage, routing, route, accepted_at, not_before)
                VALUES (?, ?, 'outbound', '1', 'text', 'order_update', 'pending', 'queued', 'auto', 'freeform', ?, ?)
                """,
                tenant(),
                id,
                CLOCK.instant(),
                CLOCK.instant());
        return new MessageRows.Key(tenant(), new MessageId(id));
    }

    @Property(tries = 60)
    void rows_follow_the_states(@ForAll("manyHistories") List<List<MessageEvent>> histories) {
        var states = new HashMap<MessageRows.Key, MessageState>();
        var events = new HashMap<MessageRows.Key, List<MessageEvent>>();
        in(tx -> {
            for (var history : histories) {
                var key = insert(tx);
                states.put(key, MessageState.accepted(Stage.QUEUED, Route.FREEFORM, true));
                events.put(key, history);
            }
            return true;
        });
        for (int i = 0; i < 10; i++) {
            int step = i;
            in(tx -> {
                var changes = new ArrayList<Change>();
                MessageRows.lock(tx, states.keySet())
                        .forEach((key, message) -> {
                            assertThat(message.state()).isEqualTo(states.get(key));
                            var history = events.getOrDefault(key, List.of());
                            if (step < history.size()) {
                                Transitions.apply(message.state(), history.get(step))
                                        .ifPresent(after -> {
                                            changes.add(change(message, after));
                                            states.put(key, after);
                                        });
                            }
                        });
                MessageRows.write(tx, changes);
                return true;
            });
        }
        in(tx -> {
            MessageRows.lock(tx, states.keySet())
                    .forEach((key, message) ->
                            assertThat(message.state()).isEqualTo(states.get(key)));
            return true;
        });
    }

    private static Change change(StoredMessage message, MessageState after) {
        return Change.to(message, after).notBefore(CLOCK.instant());
    }

    @Example
    void a_change_that_starts_elsewhere_is_refused() {
        var key =
                in(tx -> {
                    return insert(tx);
                });
        var seen = in(tx -> MessageRows.lock(tx, List.of(key)).values().iterator().next());
        var claimed =
                Transitions.apply(seen.state(), new MessageEvent.Claimed(Route.FREEFORM))
                        .orElseThrow();
        in(tx -> {
            MessageRows.write(tx, List.of(Change.to(seen, claimed)));
            return true;
        });

        assertThatThrownBy(() ->
                        in(tx -> {
                            MessageRows.write(tx, List.of(Change.to(seen, claimed)));
                            return true;
                        }))
                .isInstanceOf(IllegalStateException.class);
    }

    @Provide
    Arbitrary<List<List<MessageEvent>>> manyHistories() {
        return TransitionsPropertyTest.events()
                .list()
                .ofMaxSize(10)
                .list()
                .ofMinSize(1)
                .ofMaxSize(8);
    }
}
