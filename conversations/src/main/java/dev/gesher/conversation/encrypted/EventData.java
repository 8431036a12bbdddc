package dev.gesher.conversation.encrypted;

import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Tx;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;

/** What events carry. */
@Singleton
final class EventData extends ColumnById {
    EventData() {
        super("events", "data");
    }

    @Override
    List<Cell> lock(Tx tx, TenantId tenant, UUID after, int limit) throws SQLException {
        return tx.query(
                """
                SELECT event_id AS id, data AS value FROM events
                WHERE tenant_id = ? AND event_id > ? AND data IS NOT NULL
                ORDER BY event_id LIMIT ? FOR NO KEY UPDATE
                """,
                ColumnById::cell,
                tenant,
                after,
                limit);
    }

    @Override
    void write(Tx tx, TenantId tenant, int rows, Object ids, Object values) throws SQLException {
        tx.updateExactly(
                rows,
                """
                UPDATE events t SET data = n.value FROM unnest(?, ?) AS n(id, value)
                WHERE t.tenant_id = ? AND t.event_id = n.id
                """,
                ids,
                values,
                tenant);
    }
}
