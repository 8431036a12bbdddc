package dev.gesher.conversation.reading;

import io.micronaut.data.annotation.Query;
import io.micronaut.data.jdbc.annotation.JdbcRepository;
import io.micronaut.data.model.query.builder.sql.Dialect;
import io.micronaut.data.repository.GenericRepository;
import java.util.List;
import java.util.UUID;

/** Reads attempts; only inside a transaction of the tenant. */
@JdbcRepository(dialect = Dialect.POSTGRES)
interface AttemptRepository extends GenericRepository<AttemptRow, UUID> {
    @Query(
            """
            SELECT message_id, attempt, started_at, finished_at, outcome, error_code, fbtrace_id
            FROM whatsapp_message_attempts
            WHERE tenant_id = :tenantId AND message_id = :messageId ORDER BY attempt
            """)
    List<AttemptRow> ofMessage(UUID tenantId, UUID messageId);

    /** The attempts of a page of a conversation's messages. */
    @Query(
            """
            SELECT a.message_id, a.attempt, a.started_at, a.finished_at, a.outcome, a.error_code, a.fbtrace_id
            FROM whatsapp_message_attempts a
            JOIN (SELECT m.message_id FROM whatsapp_messages m
                  WHERE m.tenant_id = :tenantId AND m.conversation_id = :conversationId AND m.seq < :before
                  ORDER BY m.seq DESC LIMIT :limit) page ON page.message_id = a.message_id
            WHERE a.tenant_id = :tenantId ORDER BY a.message_id, a.attempt
            """)
    List<AttemptRow> ofConversation(UUID tenantId, UUID conversationId, long before, int limit);
}
