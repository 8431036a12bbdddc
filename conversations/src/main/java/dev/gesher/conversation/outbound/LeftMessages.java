package dev.gesher.conversation.outbound;

import dev.gesher.conversation.ConversationId;
import dev.gesher.conversation.contact.ContactBook;
import dev.gesher.conversation.contact.Conversation;
import dev.gesher.conversation.contact.WindowEvents;
import dev.gesher.conversation.event.EventLog;
import dev.gesher.conversation.event.NewEvent;
import dev.gesher.conversation.message.MessageEvent;
import dev.gesher.conversation.message.MessageEvents;
import dev.gesher.conversation.message.MessageRows;
import dev.gesher.conversation.message.StoredMessage.Change;
import dev.gesher.conversation.message.StoredMessage.Times;
import dev.gesher.conversation.message.Transitions;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Timers;
import dev.gesher.tenant.db.Tx;
import dev.gesher.whatsapp.Connection;
import dev.gesher.whatsapp.Connections;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * Withdraws what waits to be sent from a number that its tenant has left. Some at a time: a queue
 * may be longer than what memory and one transaction can carry, and its lane may be another
 * tenant's by now, so that its holder never sees it.
 */
@Singleton
public final class LeftMessages implements Timers.Handler {
    static final String KIND = "messages.left";

    /** The failure of a message whose number is no longer the tenant's. */
    static final String CONNECTION_CHANGED = "connection_changed";

    /** The failure of what was queued when the tenant left. */
    static final String CONNECTION_LEFT = "connection_left";

    /** How many messages one transaction withdraws. */
    static final int AT_ONCE = 500;

    private final Clock clock;
    private final Connections connections;
    private final Timers timers;
    private final EventLog events;

    LeftMessages(Clock clock, Connections connections, Timers timers, EventLog events) {
        this.clock = clock;
        this.connections = connections;
        this.timers = timers;
        this.events = events;
    }

    /** The failure of messages that wait for {@code number}; empty if it is still the tenant's. */
    static Optional<String> whyLeft(Optional<Connection> connection, String number) {
        var own = connection.filter(c -> c.phoneNumberId().equals(Optional.of(number)));
        if (own.isEmpty()) {
            return Optional.of(CONNECTION_CHANGED);
        }
        return own.filter(c -> c.status() == Connection.Status.DISCONNECTED)
                .map(LeftMessages::whyDisconnected);
    }

    private static String whyDisconnected(Connection connection) {
        return connection.cause().equals(Optional.of("number_changed"))
                ? CONNECTION_CHANGED
                : CONNECTION_LEFT;
    }

    /** Has someone look soon whether these tenants have something waiting that they cannot send. */
    public void look(Tx tx, Collection<TenantId> tenants, Instant now) throws SQLException {
        timers.setAll(
                tx,
                KIND,
                tenants.stream()
                        .distinct()
                        .map(tenant -> new Timers.Due(tenant, tenant.value(), now))
                        .toList());
    }

    /** Withdraws the first of what waits for {@code number}; its lane is locked. */
    List<NewEvent> withdraw(Tx tx, TenantId tenant, String number, String code, Instant now)
            throws SQLException {
        var changes = new ArrayList<Change>();
        // The lane's lock is enough: whoever locks several of its messages holds that.
        for (var message :
                tx.query(
                        """
                        SELECT * FROM whatsapp_messages
                        WHERE tenant_id = ? AND phone_number_id = ? AND stage IN ('queued', 'deferred')
                        LIMIT ? FOR UPDATE
                        """,
                        MessageRows::read,
                        tenant,
                        number,
                        AT_ONCE)) {
            var after = Transitions.apply(message.state(), new MessageEvent.Withdrawn(code));
            changes.add(Change.to(message, after.orElseThrow()).times(Times.failed(now)));
        }
        MessageRows.write(tx, changes);
        if (changes.size() == AT_ONCE) {
            look(tx, List.of(tenant), now);
        }
        return changes.stream().flatMap(change -> MessageEvents.of(change, now).stream()).toList();
    }

    /**
     * Closes the first of the windows of {@code number}, whose lane is locked: a window belongs to
     * the number that the customer wrote to.
     */
    List<NewEvent> closeWindows(Tx tx, TenantId tenant, String number, Instant now)
            throws SQLException {
        var open = new HashMap<ConversationId, TenantId>();
        tx.query(
                        """
                        SELECT conversation_id FROM whatsapp_conversations
                        WHERE tenant_id = ? AND phone_number_id = ? AND window_expires_at > ? LIMIT ?
                        """,
                        row -> new ConversationId(row.uuid("conversation_id")),
                        tenant,
                        number,
                        now,
                        AT_ONCE)
                .forEach(id -> open.put(id, tenant));
        var closed = new ArrayList<Conversation>();
        var told = new ArrayList<NewEvent>();
        for (var conversation : ContactBook.lock(tx, open).values()) {
            conversation
                    .closed(number, now)
                    .ifPresent(after -> {
                        closed.add(after);
                        WindowEvents.of(conversation.window(), after, now).ifPresent(told::add);
                    });
        }
        ContactBook.setWindows(tx, closed);
        if (open.size() == AT_ONCE) {
            look(tx, List.of(tenant), now);
        }
        return told;
    }

    /** Whether something waits for {@code number} still, or is under way. */
    boolean isWaiting(Tx tx, TenantId tenant, String number, Instant now) throws SQLException {
        return tx.one(
                        """
                        SELECT EXISTS (
                            SELECT FROM whatsapp_messages WHERE tenant_id = ? AND phone_number_id = ?
                              AND stage IN ('queued', 'deferred', 'sending'))
                          OR EXISTS (
                            SELECT FROM whatsapp_conversations WHERE tenant_id = ? AND phone_number_id = ?
                              AND window_expires_at > ?) AS waits
                        """,
                        row -> row.bool("waits"),
                        tenant,
                        number,
                        tenant,
                        number,
                        now)
                .orElse(false);
    }

    @Override
    public String kind() {
        return KIND;
    }

    @Override
    public void due(Tx tx, TenantId tenant, UUID object) throws SQLException {
        var now = clock.instant();
        var connection = connection(tx, tenant);
        var number = elsewhere(tx, tenant, connection, now);
        if (number.isEmpty()) {
            if (forgetMedia(tx, tenant, connection) == AT_ONCE) {
                look(tx, List.of(tenant), now);
            }
            return;
        }
        Lanes.lock(tx, List.of(number.get()));
        // Asked again under the lock, which whoever changes the connection takes too.
        var code = whyLeft(connection(tx, tenant), number.get());
        var told = new ArrayList<NewEvent>();
        if (code.isPresent()) {
            told.addAll(closeWindows(tx, tenant, number.get(), now));
            told.addAll(withdraw(tx, tenant, number.get(), code.get(), now));
            events.append(tx, told);
        }
        // A window that Meta dates ahead of us can't be closed before its time has begun.
        look(tx, List.of(tenant), told.isEmpty() ? now.plusSeconds(1) : now);
    }

    /** Another number can't use what the old one uploaded or got: its ids are worth nothing. */
    private static int forgetMedia(Tx tx, TenantId tenant, Optional<Connection> connection)
            throws SQLException {
        var own =
                connection
                        .filter(c -> c.status() != Connection.Status.DISCONNECTED)
                        .flatMap(Connection::phoneNumberId);
        if (own.isEmpty()) {
            return 0;
        }
        return tx.update(
                """
                UPDATE whatsapp_messages SET media_id = NULL
                WHERE tenant_id = ? AND message_id IN (
                    SELECT message_id FROM whatsapp_messages
                    WHERE tenant_id = ? AND media_id IS NOT NULL AND phone_number_id <> ?
                    ORDER BY message_id LIMIT ? FOR UPDATE SKIP LOCKED)
                """,
                tenant,
                tenant,
                own.get(),
                AT_ONCE);
    }

    private Optional<Connection> connection(Tx tx, TenantId tenant) throws SQLException {
        return Optional.ofNullable(connections.find(tx, List.of(tenant)).get(tenant));
    }

    /**
     * A number that is not the tenant's and for which something of it waits, or a window is open.
     */
    private static Optional<String> elsewhere(
            Tx tx, TenantId tenant, Optional<Connection> connection, Instant now)
            throws SQLException {
        var own =
                connection
                        .filter(c -> c.status() != Connection.Status.DISCONNECTED)
                        .flatMap(Connection::phoneNumberId);
        return tx.one(
                """
                (SELECT phone_number_id FROM whatsapp_messages
                 WHERE tenant_id = ? AND stage IN ('queued', 'deferred')
                   AND phone_number_id IS DISTINCT FROM ?::text LIMIT 1)
                UNION ALL
                (SELECT phone_number_id FROM whatsapp_conversations
                 WHERE tenant_id = ? AND window_expires_at > ?
                   AND phone_number_id IS DISTINCT FROM ?::text LIMIT 1)
                LIMIT 1
                """,
                row -> row.text("phone_number_id"),
                tenant,
                own.orElse(null),
                tenant,
                now,
                own.orElse(null));
    }
}
