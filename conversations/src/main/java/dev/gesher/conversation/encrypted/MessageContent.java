package dev.gesher.conversation.encrypted;

import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Tx;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;

/** What messages say. */
@Singleton
final class MessageContent extends ColumnById {
    MessageContent() {
        super("whatsapp_messages", "content");
    }

    @Override
    List<Cell> lock(Tx tx, TenantId tenant, UUID after, int limit) throws SQLException {
        return tx.query(
                """
                SELECT message_id AS id, content AS value FROM whatsapp_messages
                WHERE tenant_id = ? AND message_id > ? AND content IS NOT NULL
                ORDER BY message_id LIMIT ? FOR NO KEY UPDATE
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
                UPDATE whatsapp_messages t SET content = n.value FROM unnest(?, ?) AS n(id, value)
                WHERE t.tenant_id = ? AND t.message_id = n.id
                """,
                ids,
                values,
                tenant);
    }
}
