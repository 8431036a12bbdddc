package dev.gesher.conversation.encrypted;

import dev.gesher.tenant.EncryptedColumn;
import io.micronaut.context.annotation.Factory;
import jakarta.inject.Singleton;

/** The columns whose values are bound to the id of their row. */
@Factory
final class ColumnsById {
    @Singleton
    EncryptedColumn contactName() {
        return new ColumnById(
                "contacts",
                "name",
                """
                SELECT contact_id AS id, name AS value FROM contacts
                WHERE tenant_id = ? AND contact_id > ? AND name IS NOT NULL
                ORDER BY contact_id LIMIT ? FOR NO KEY UPDATE
                """,
                """
                UPDATE contacts t SET name = n.value FROM unnest(?, ?) AS n(id, value)
                WHERE t.tenant_id = ? AND t.contact_id = n.id
                """);
    }

    @Singleton
    EncryptedColumn appContactName() {
        return new ColumnById(
                "contacts",
                "app_name",
                """
                SELECT contact_id AS id, app_name AS value FROM contacts
                WHERE tenant_id = ? AND contact_id > ? AND app_name IS NOT NULL
                ORDER BY contact_id LIMIT ? FOR NO KEY UPDATE
                """,
                """
                UPDATE contacts t SET app_name = n.value FROM unnest(?, ?) AS n(id, value)
                WHERE t.tenant_id = ? AND t.contact_id = n.id
                """);
    }

    @Singleton
    EncryptedColumn amendmentContent() {
        return new ColumnById(
                "message_amendments",
                "content",
                """
                SELECT amendment_id AS id, content AS value FROM message_amendments
                WHERE tenant_id = ? AND amendment_id > ? AND content IS NOT NULL
                ORDER BY amendment_id LIMIT ? FOR NO KEY UPDATE
                """,
                """
                UPDATE message_amendments t SET content = n.value FROM unnest(?, ?) AS n(id, value)
                WHERE t.tenant_id = ? AND t.amendment_id = n.id
                """);
    }

    @Singleton
    EncryptedColumn customerName() {
        return new ColumnById(
                "whatsapp_conversations",
                "customer_name",
                """
                SELECT conversation_id AS id, customer_name AS value FROM whatsapp_conversations
                WHERE tenant_id = ? AND conversation_id > ? AND customer_name IS NOT NULL
                ORDER BY conversation_id LIMIT ? FOR NO KEY UPDATE
                """,
                """
                UPDATE whatsapp_conversations t SET customer_name = n.value FROM unnest(?, ?) AS n(id, value)
                WHERE t.tenant_id = ? AND t.conversation_id = n.id
                """);
    }

    @Singleton
    EncryptedColumn eventData() {
        return new ColumnById(
                "events",
                "data",
                """
                SELECT event_id AS id, data AS value FROM events
                WHERE tenant_id = ? AND event_id > ? AND data IS NOT NULL
                ORDER BY event_id LIMIT ? FOR NO KEY UPDATE
                """,
                """
                UPDATE events t SET data = n.value FROM unnest(?, ?) AS n(id, value)
                WHERE t.tenant_id = ? AND t.event_id = n.id
                """);
    }

    @Singleton
    EncryptedColumn mediaDetails() {
        return new ColumnById(
                "media",
                "details",
                """
                SELECT media_id AS id, details AS value FROM media
                WHERE tenant_id = ? AND media_id > ?
                ORDER BY media_id LIMIT ? FOR NO KEY UPDATE
                """,
                """
                UPDATE media t SET details = n.value FROM unnest(?, ?) AS n(id, value)
                WHERE t.tenant_id = ? AND t.media_id = n.id
                """);
    }

    /** Files themselves are left as they are: their keys are wrapped anew. */
    @Singleton
    EncryptedColumn mediaObjectKey() {
        return new ColumnById(
                "media",
                "object_key",
                """
                SELECT media_id AS id, object_key AS value FROM media
                WHERE tenant_id = ? AND media_id > ?
                ORDER BY media_id LIMIT ? FOR NO KEY UPDATE
                """,
                """
                UPDATE media t SET object_key = n.value FROM unnest(?, ?) AS n(id, value)
                WHERE t.tenant_id = ? AND t.media_id = n.id
                """);
    }

    @Singleton
    EncryptedColumn messageContent() {
        return new ColumnById(
                "whatsapp_messages",
                "content",
                """
                SELECT message_id AS id, content AS value FROM whatsapp_messages
                WHERE tenant_id = ? AND message_id > ? AND content IS NOT NULL
                ORDER BY message_id LIMIT ? FOR NO KEY UPDATE
                """,
                """
                UPDATE whatsapp_messages t SET content = n.value FROM unnest(?, ?) AS n(id, value)
                WHERE t.tenant_id = ? AND t.message_id = n.id
                """);
    }
}
