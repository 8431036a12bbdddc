package dev.gesher.conversation.encrypted;

import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Tx;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;

/** Names of contacts. */
@Singleton
final class ContactName extends ColumnById {
    ContactName() {
        super("contacts", "name");
    }

    @Override
    List<Cell> lock(Tx tx, TenantId tenant, UUID after, int limit) throws SQLException {
        return tx.query(
                """
                SELECT contact_id AS id, name AS value FROM contacts
                WHERE tenant_id = ? AND contact_id > ? AND name IS NOT NULL
                ORDER BY contact_id LIMIT ? FOR NO KEY UPDATE
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
                UPDATE contacts t SET name = n.value FROM unnest(?, ?) AS n(id, value)
                WHERE t.tenant_id = ? AND t.contact_id = n.id
                """,
                ids,
                values,
                tenant);
    }
}
