package dev.gesher.tenant.db;

import dev.gesher.tenant.TenantId;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;

/** Timers in the table {@code timers}. */
@Singleton
final class DatabaseTimers implements Timers {
    /** What {@link Wakeups} wakes the loop by. */
    static final String TOPIC = "timers";

    private static final Comparator<Due> BY_KEY =
            Comparator.comparing(Due::tenant).thenComparing(due -> new TenantId(due.object()));

    private final Wakeups wakeups;

    DatabaseTimers(Wakeups wakeups) {
        this.wakeups = wakeups;
    }

    @Override
    public void set(Tx tx, String kind, TenantId tenant, UUID object, Instant dueAt)
            throws SQLException {
        setAll(tx, kind, List.of(new Due(tenant, object, dueAt)));
    }

    @Override
    public void setAll(Tx tx, String kind, List<Due> due) throws SQLException {
        if (due.isEmpty()) {
            return;
        }
        // In key order, so that two transactions that move the same timers do not deadlock.
        var inOrder = due.stream().sorted(BY_KEY).toList();
        tx.updateExactly(
                inOrder.size(),
                """
                INSERT INTO timers (kind, tenant_id, object_id, due_at)
                SELECT ?, tenant_id, object_id, due_at
                FROM unnest(?, ?, ?) AS d (tenant_id, object_id, due_at)
                ON CONFLICT (kind, tenant_id, object_id) DO UPDATE SET due_at = excluded.due_at
                """,
                kind,
                Tx.tenants(inOrder.stream().map(Due::tenant).toList()),
                Tx.uuids(inOrder.stream().map(Due::object).toList()),
                Tx.instants(inOrder.stream().map(Due::at).toList()));
        tx.afterCommit(() -> wakeups.wake(TOPIC));
    }

    @Override
    public void cancel(Tx tx, String kind, TenantId tenant, UUID object) throws SQLException {
        tx.update(
                "DELETE FROM timers WHERE kind = ? AND tenant_id = ? AND object_id = ?",
                kind,
                tenant,
                object);
    }

    @Override
    public List<Due> take(
            Tx tx,
            String kind,
            Instant now,
            Instant until,
            int most,
            int ofOneTenant,
            Collection<TenantId> without)
            throws SQLException {
        return tx.query(
                """
                WITH due AS (
                    SELECT tenant_id, object_id FROM (
                        SELECT tenant_id, object_id, due_at,
                            row_number() OVER (PARTITION BY tenant_id ORDER BY due_at) AS place
                        FROM timers WHERE kind = ? AND due_at <= ? AND tenant_id <> ALL (?)) AS t
                    WHERE place <= ? ORDER BY place, due_at LIMIT ?),
                mine AS (
                    SELECT t.tenant_id, t.object_id FROM timers t
                    JOIN due ON due.tenant_id = t.tenant_id AND due.object_id = t.object_id
                    WHERE t.kind = ? AND t.due_at <= ?
                    FOR UPDATE OF t SKIP LOCKED)
                UPDATE timers t SET due_at = ? FROM mine
                WHERE t.kind = ? AND t.tenant_id = mine.tenant_id AND t.object_id = mine.object_id
                RETURNING t.tenant_id, t.object_id, t.due_at
                """,
                row -> new Due(row.tenant(), row.uuid("object_id"), row.instant("due_at")),
                kind,
                now,
                Tx.tenants(List.copyOf(without)),
                ofOneTenant,
                most,
                kind,
                now,
                until,
                kind);
    }
}
