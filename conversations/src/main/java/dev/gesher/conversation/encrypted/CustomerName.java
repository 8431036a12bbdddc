package dev.gesher.conversation.encrypted;

import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Tx;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;

/** Names of customers. */
@Singleton
final class CustomerName extends ColumnById {
    CustomerName() {
        super("whatsapp_conversations", "customer_name");
    }

    @Override
    List<Cell> lock(Tx tx, TenantId tenant, UUID after, int limit) throws SQLException {
        return tx.query(
                """
                SELECT conversation_id AS id, customer_name AS value FROM whatsapp_conversations
                WHERE tenant_id = ? AND conversation_id > ? AND customer_name IS NOT NULL
                ORDER BY conversation_id LIMIT ? FOR NO KEY UPDATE
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
                UPDATE whatsapp_conversations t SET customer_name = n.value FROM unnest(?, ?) AS n(id, value)
                WHERE t.tenant_id = ? AND t.conversation_id = n.id
                """,
                ids,
                values,
                tenant);
    }
}
