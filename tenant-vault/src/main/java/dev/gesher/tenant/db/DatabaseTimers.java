package dev.gesher.tenant.db;

import dev.gesher.tenant.TenantId;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Instant;
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
}
