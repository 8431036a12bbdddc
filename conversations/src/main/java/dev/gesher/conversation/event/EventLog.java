package dev.gesher.conversation.event;

import com.github.f4b6a3.uuid.UuidCreator;
import dev.gesher.conversation.ConversationId;
import dev.gesher.conversation.Events;
import dev.gesher.tenant.ContentCipher;
import dev.gesher.tenant.ContentCipher.Place;
import dev.gesher.tenant.ContentKeys;
import dev.gesher.tenant.Meters;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Row;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.tenant.db.Tx;
import jakarta.inject.Singleton;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Writes and reads events. Their numbers come from counter rows that are locked in key order as the
 * last thing before a commit, so that the order of numbers is the order of commits.
 */
@Singleton
public final class EventLog implements Events {
    private static final int VERSION = 1;
    private static final int MOST = 1000;

    /** More than any tenant has between two backups. */
    static final long NUMBERS_LEFT_OUT = 1_000_000_000;

    private static final Meters.Counts EVENTS =
            Meters.counts("gesher.events", "Events written for tenants' apps", "type");

    private final TenantScope scope;
    private final ContentKeys keys;
    private final Clock clock;

    EventLog(TenantScope scope, ContentKeys keys, Clock clock) {
        this.scope = scope;
        this.keys = keys;
        this.clock = clock;
    }

    /**
     * Appends {@code events} in their order. Call it last in a transaction: what locks a row after
     * it may deadlock.
     */
    public void append(Tx tx, List<NewEvent> events) throws SQLException {
        if (events.isEmpty()) {
            return;
        }
        var ciphers = keys.of(tx, events.stream().map(NewEvent::tenant).distinct().toList());
        var counts = new HashMap<Counter, Long>();
        for (var event : events) {
            counts.merge(new Counter(event.tenant(), event.tenant().value()), 1L, Long::sum);
            event.conversation()
                    .ifPresent(id ->
                            counts.merge(new Counter(event.tenant(), id.value()), 1L, Long::sum));
        }
        insert(tx, events, ciphers, take(tx, counts));
        tx.afterCommit(() -> events.forEach(event -> EVENTS.add(1, event.type())));
    }

    /** Takes numbers for all counters; answers the first of each. */
    private static Map<Counter, Long> take(Tx tx, Map<Counter, Long> counts) throws SQLException {
        var counters = List.copyOf(counts.keySet());
        var next = new HashMap<Counter, Long>();
        var rows =
                tx.query(
                        """
                        INSERT INTO event_counters AS c (tenant_id, counter_id, value)
                        SELECT n.tenant_id, n.counter_id, n.value
                        FROM unnest(?, ?, ?) AS n(tenant_id, counter_id, value)
                        ORDER BY n.tenant_id, n.counter_id
                        ON CONFLICT (tenant_id, counter_id) DO UPDATE SET value = c.value + excluded.value
                        RETURNING tenant_id, counter_id, value
                        """,
                        row ->
                                Map.entry(
                                        new Counter(row.tenant(), row.uuid("counter_id")),
                                        row.longInteger("value")),
                        Tx.tenants(counters.stream().map(Counter::tenant).toList()),
                        Tx.uuids(counters.stream().map(Counter::id).toList()),
                        Tx.longs(counters.stream().map(counts::get).toList()));
        for (var row : rows) {
            long taken = counts.getOrDefault(row.getKey(), 0L);
            next.put(row.getKey(), row.getValue() - taken + 1);
        }
        return next;
    }

    /**
     * Leaves out {@link #NUMBERS_LEFT_OUT} numbers of a tenant and of its conversations: a restored
     * database has forgotten some that it gave, and a reader's cursor must not find others under
     * them.
     */
    public void leaveOut(Tx tx, TenantId tenant) throws SQLException {
        tx.update(
                """
                INSERT INTO event_counters (tenant_id, counter_id, value) VALUES (?, ?, 0)
                ON CONFLICT DO NOTHING
                """,
                tenant,
                tenant.value()); // it may have had its first event since
        tx.update(
                "UPDATE event_counters SET value = value + ? WHERE tenant_id = ?",
                NUMBERS_LEFT_OUT,
                tenant);
    }

    private void insert(
            Tx tx,
            List<NewEvent> events,
            Map<TenantId, ContentCipher> ciphers,
            Map<Counter, Long> next)
            throws SQLException {
        var ids = new ArrayList<UUID>();
        var tenantSeqs = new ArrayList<Long>();
        var conversationIds = new ArrayList<@Nullable UUID>();
        var conversationSeqs = new ArrayList<@Nullable Long>();
        var data = new ArrayList<byte @Nullable []>();
        for (var event : events) {
            var id = UuidCreator.getTimeOrderedEpoch();
            ids.add(id);
            tenantSeqs.add(number(next, new Counter(event.tenant(), event.tenant().value())));
            var conversation = event.conversation().map(ConversationId::value).orElse(null);
            conversationIds.add(conversation);
            conversationSeqs.add(
                    conversation == null
                            ? null
                            : number(next, new Counter(event.tenant(), conversation)));
            data.add(
                    cipher(ciphers, event.tenant())
                            .encrypt(
                                    place(id),
                                    event.data().toString().getBytes(StandardCharsets.UTF_8)));
        }
        tx.updateExactly(
                events.size(),
                """
                INSERT INTO events (tenant_id, tenant_seq, event_id, type, version, recorded_at, at, conversation_id, conversation_seq, data)
                SELECT n.tenant_id, n.tenant_seq, n.event_id, n.type, ?, ?, n.at, n.conversation_id, n.conversation_seq, n.data
                FROM unnest(?, ?, ?, ?, ?, ?, ?, ?)
                    AS n(tenant_id, tenant_seq, event_id, type, at, conversation_id, conversation_seq, data)
                ON CONFLICT DO NOTHING
                """,
                VERSION,
                clock.instant(),
                Tx.tenants(events.stream().map(NewEvent::tenant).toList()),
                Tx.longs(tenantSeqs),
                Tx.uuids(ids),
                Tx.texts(events.stream().map(NewEvent::type).toList()),
                Tx.instants(events.stream().map(NewEvent::at).toList()),
                Tx.uuids(conversationIds),
                Tx.longs(conversationSeqs),
                Tx.byteArrays(data));
    }

    private static long number(Map<Counter, Long> next, Counter counter) {
        Long number = next.get(counter);
        if (number == null) {
            throw new IllegalStateException("no number was taken");
        }
        next.put(counter, number + 1);
        return number;
    }

    @Override
    public List<Event> after(TenantId tenant, long after, int limit) {
        if (limit < 1 || limit > MOST) {
            throw new IllegalArgumentException("limit " + limit);
        }
        return scope.in(
                tenant,
                tx -> {
                    var cipher = keys.of(tx, tenant);
                    return tx.query(
                            """
                            SELECT event_id, type, version, at, tenant_seq, conversation_id, conversation_seq, data
                            FROM events WHERE tenant_id = ? AND tenant_seq > ?
                            ORDER BY tenant_seq LIMIT ?
                            """,
                            row -> event(row, cipher),
                            tenant,
                            after,
                            limit);
                });
    }

    private static Event event(Row row, ContentCipher cipher) throws SQLException {
        var id = row.uuid("event_id");
        return new Event(
                id,
                row.text("type"),
                row.integer("version"),
                row.instant("at"),
                row.longInteger("tenant_seq"),
                Optional.ofNullable(row.nullableUuid("conversation_id")).map(ConversationId::new),
                Optional.ofNullable(row.nullableLong("conversation_seq")),
                new String(cipher.decrypt(place(id), row.bytes("data")), StandardCharsets.UTF_8));
    }

    private static ContentCipher cipher(Map<TenantId, ContentCipher> ciphers, TenantId tenant) {
        var cipher = ciphers.get(tenant);
        if (cipher == null) {
            throw new IllegalStateException("no data key of tenant " + tenant);
        }
        return cipher;
    }

    private static Place place(UUID id) {
        return new Place("events", "data", id);
    }

    private record Counter(TenantId tenant, UUID id) {}
}
