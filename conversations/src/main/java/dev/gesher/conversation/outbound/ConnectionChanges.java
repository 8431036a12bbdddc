package dev.gesher.conversation.outbound;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.gesher.conversation.event.EventLog;
import dev.gesher.conversation.event.NewEvent;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Timers;
import dev.gesher.tenant.db.Tx;
import dev.gesher.whatsapp.AccountNews;
import dev.gesher.whatsapp.Connection;
import dev.gesher.whatsapp.Connections;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Opens, parks and ends lanes as their connections come and go. */
@Singleton
final class ConnectionChanges implements Connections.Listener {
    private final Clock clock;
    private final Timers timers;
    private final LeftMessages left;
    private final EventLog events;
    private final LaneSignals signals;

    ConnectionChanges(
            Clock clock, Timers timers, LeftMessages left, EventLog events, LaneSignals signals) {
        this.clock = clock;
        this.timers = timers;
        this.left = left;
        this.events = events;
        this.signals = signals;
    }

    @Override
    public void connected(Tx tx, Connection now, Optional<Connection> before) throws SQLException {
        var at = clock.instant();
        var told = new ArrayList<NewEvent>();
        var number = now.phoneNumberId().orElseThrow();
        var old = before.flatMap(Connection::phoneNumberId).filter(id -> !id.equals(number));
        var numbers = new ArrayList<String>(List.of(number));
        old.ifPresent(numbers::add);
        Lanes.lock(tx, numbers);
        open(tx, now.tenant(), number, at);
        if (old.isPresent()) {
            told.addAll(leave(tx, now.tenant(), old.get(), LeftMessages.CONNECTION_CHANGED, at));
            left.look(tx, List.of(now.tenant()), at);
        }
        told.add(event(now, "connection.active", at));
        events.append(tx, told);
        signals.afterCommit(tx, numbers);
    }

    @Override
    public void stopped(Tx tx, Connection now) throws SQLException {
        var at = clock.instant();
        var told = new ArrayList<NewEvent>();
        var number = now.phoneNumberId();
        if (number.isPresent()) {
            Lanes.lock(tx, List.of(number.get()));
            if (now.status() == Connection.Status.DISCONNECTED) {
                var why = LeftMessages.whyLeft(Optional.of(now), number.get()).orElseThrow();
                told.addAll(leave(tx, now.tenant(), number.get(), why, at));
            } else {
                park(tx, now, number.get(), at);
            }
        }
        told.add(event(now, "connection." + now.status().name().toLowerCase(Locale.ROOT), at));
        events.append(tx, told);
    }

    @Override
    public boolean isEnding(Tx tx, TenantId tenant, String phoneNumberId) throws SQLException {
        boolean waiting = left.isWaiting(tx, tenant, phoneNumberId, clock.instant());
        if (waiting) {
            left.look(tx, List.of(tenant), clock.instant());
        }
        return waiting;
    }

    @Override
    public void told(Tx tx, AccountNews.Told news) throws SQLException {
        events.append(tx, List.of(NewEvent.of(news)));
    }

    /**
     * Nothing is left to send. The lane is not parked: what was accepted at this very moment is
     * still to be judged, and refused.
     */
    private List<NewEvent> leave(Tx tx, TenantId tenant, String number, String code, Instant now)
            throws SQLException {
        var told = new ArrayList<NewEvent>(left.closeWindows(tx, tenant, number, now));
        told.addAll(left.withdraw(tx, tenant, number, code, now));
        watchRunning(tx, tenant, number, now);
        tx.update(
                """
                UPDATE lanes SET parked_cause = NULL, parked_since = NULL, next_due_at = ?
                WHERE phone_number_id = ? AND tenant_id = ?
                """,
                now,
                number,
                tenant);
        return told;
    }

    /** Who holds the lane records what runs; should the lane be another tenant's first, a timer. */
    private void watchRunning(Tx tx, TenantId tenant, String number, Instant now)
            throws SQLException {
        var until = now.plus(SettleTimer.RECORDED);
        timers.setAll(
                tx,
                SettleTimer.KIND,
                tx.query(
                        """
                        SELECT message_id FROM whatsapp_messages
                        WHERE tenant_id = ? AND phone_number_id = ? AND stage = 'sending'
                        """,
                        row -> new Timers.Due(tenant, row.uuid("message_id"), until),
                        tenant,
                        number));
    }

    /** The number's lane, free to be used by this tenant; whoever else held it has lost it. */
    private static void open(Tx tx, TenantId tenant, String number, Instant now)
            throws SQLException {
        tx.update(
                """
                INSERT INTO lanes AS l (phone_number_id, tenant_id, next_due_at) VALUES (?, ?, ?)
                ON CONFLICT (phone_number_id) DO UPDATE
                SET parked_cause = NULL, parked_since = NULL, next_due_at = excluded.next_due_at,
                    token = CASE WHEN l.tenant_id = excluded.tenant_id THEN l.token ELSE l.token + 1 END,
                    lease_expires_at = CASE WHEN l.tenant_id = excluded.tenant_id THEN l.lease_expires_at ELSE '-infinity' END,
                    tenant_id = excluded.tenant_id
                """,
                number,
                tenant,
                now);
    }

    private static void park(Tx tx, Connection connection, String number, Instant now)
            throws SQLException {
        tx.update(
                """
                UPDATE lanes SET parked_cause = ?, parked_since = coalesce(parked_since, ?)
                WHERE phone_number_id = ? AND tenant_id = ?
                """,
                connection.cause().orElse("stopped"),
                now,
                number,
                connection.tenant());
    }

    private static NewEvent event(Connection connection, String type, Instant at) {
        var data = JsonNodeFactory.instance.objectNode();
        data.put("status", connection.status().name().toLowerCase(Locale.ROOT));
        connection.cause().ifPresent(cause -> data.put("cause", cause));
        connection.phoneNumberId().ifPresent(id -> data.put("phone_number_id", id));
        connection.wabaId().ifPresent(id -> data.put("waba_id", id));
        return new NewEvent(connection.tenant(), type, at, Optional.empty(), data);
    }
}
