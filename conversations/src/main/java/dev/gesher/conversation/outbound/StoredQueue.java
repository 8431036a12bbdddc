package dev.gesher.conversation.outbound;

import dev.gesher.conversation.SendQueue;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Limits;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.tenant.db.Tx;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads lanes from their directory, and messages of those tenants that the directory says have
 * something to do, as many at a time as a transaction carries.
 */
@Singleton
final class StoredQueue implements SendQueue {
    private static final Limits LIMITS = new Limits(Duration.ofMillis(200), Duration.ofSeconds(2));

    /** So many transactions, at most, that look at messages. */
    private static final int SLICES = 16;

    private static final int MOST_TENANTS = SLICES * TenantScope.MAX_TENANTS;

    private final TenantScope scope;
    private final Clock clock;

    StoredQueue(TenantScope scope, Clock clock) {
        this.scope = scope;
        this.clock = clock;
    }

    private record Kind(String stage, int priority) {}

    private record Found(long messages, @Nullable Instant oldest) {
        Found and(Found other) {
            return new Found(
                    messages + other.messages,
                    oldest == null || (other.oldest != null && other.oldest.isBefore(oldest))
                            ? other.oldest
                            : oldest);
        }
    }

    private record Lane(long leased, long due, @Nullable Instant oldestLeft) {}

    @Override
    public Standing read() {
        var now = clock.instant();
        record Directory(Lane lanes, Map<String, Long> parked, List<TenantId> busy) {}
        var directory =
                scope.in(
                        List.of(),
                        LIMITS,
                        tx -> new Directory(lanes(tx, now), parked(tx), busy(tx)));
        boolean complete = directory.busy().size() <= MOST_TENANTS;
        var busy = directory.busy().subList(0, Math.min(directory.busy().size(), MOST_TENANTS));
        var found = new HashMap<Kind, Found>();
        for (int from = 0; from < busy.size(); from += TenantScope.MAX_TENANTS) {
            var some = busy.subList(from, Math.min(busy.size(), from + TenantScope.MAX_TENANTS));
            scope.<List<Map.Entry<Kind, Found>>>in(some, LIMITS, tx -> messages(tx, some, now))
                    .forEach(each -> found.merge(each.getKey(), each.getValue(), Found::and));
        }
        return new Standing(
                directory.lanes().leased(),
                directory.lanes().due(),
                directory.parked(),
                age(directory.lanes().oldestLeft(), now),
                complete,
                found.entrySet().stream().map(each -> depth(each, now)).toList());
    }

    private static Depth depth(Map.Entry<Kind, Found> found, Instant now) {
        return new Depth(
                found.getKey().stage(),
                Origin.className(found.getKey().priority()),
                found.getValue().messages(),
                age(found.getValue().oldest(), now));
    }

    private static Duration age(@Nullable Instant since, Instant now) {
        return since == null || since.isAfter(now) ? Duration.ZERO : Duration.between(since, now);
    }

    private static Lane lanes(Tx tx, Instant now) throws SQLException {
        return tx.query(
                        """
                        SELECT count(*) FILTER (WHERE lease_expires_at > clock_timestamp()) AS leased,
                            count(*) FILTER (WHERE next_due_at <= ?) AS due,
                            min(next_due_at) FILTER (WHERE next_due_at <= ? AND parked_cause IS NULL
                                AND lease_expires_at < clock_timestamp()) AS oldest_left
                        FROM lanes
                        """,
                        row ->
                                new Lane(
                                        row.longInteger("leased"),
                                        row.longInteger("due"),
                                        row.nullableInstant("oldest_left")),
                        now,
                        now)
                .getFirst();
    }

    private static Map<String, Long> parked(Tx tx) throws SQLException {
        var parked = new HashMap<String, Long>();
        tx.query(
                        """
                        SELECT parked_cause, count(*) AS lanes FROM lanes
                        WHERE parked_cause IS NOT NULL GROUP BY parked_cause
                        """,
                        row -> Map.entry(row.text("parked_cause"), row.longInteger("lanes")))
                .forEach(each -> parked.put(each.getKey(), each.getValue()));
        return parked;
    }

    /** Those who have waited longest first; one more than are looked at, to know of them. */
    private static List<TenantId> busy(Tx tx) throws SQLException {
        return tx.query(
                """
                SELECT tenant_id FROM lanes WHERE next_due_at IS NOT NULL
                GROUP BY tenant_id ORDER BY min(next_due_at), tenant_id LIMIT ?
                """,
                row -> row.tenant(),
                MOST_TENANTS + 1);
    }

    private static List<Map.Entry<Kind, Found>> messages(Tx tx, List<TenantId> tenants, Instant now)
            throws SQLException {
        return tx.query(
                """
                SELECT stage, priority, count(*) AS messages,
                    min(not_before) FILTER (WHERE stage = 'queued' AND not_before <= ?) AS oldest
                FROM whatsapp_messages WHERE tenant_id = ANY(?) AND stage <> 'done'
                GROUP BY stage, priority
                """,
                row ->
                        Map.entry(
                                new Kind(row.text("stage"), row.integer("priority")),
                                new Found(
                                        row.longInteger("messages"),
                                        row.nullableInstant("oldest"))),
                now,
                Tx.tenants(tenants));
    }
}
