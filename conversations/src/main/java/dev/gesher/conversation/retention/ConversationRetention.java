package dev.gesher.conversation.retention;

import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.WebhookRetention;
import dev.gesher.tenant.db.Retained;
import dev.gesher.tenant.db.Tx;
import io.micronaut.context.annotation.Factory;
import io.micronaut.context.annotation.Property;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** Removes old messages, events, answers and identities of changes. */
@Factory
final class ConversationRetention {
    /** What an {@code Idempotency-Key} promises. */
    private static final Duration ANSWERS = Duration.ofHours(24);

    /** As long as Meta repeats a webhook. */
    private static final Duration EARLY_STATUSES = Duration.ofDays(7);

    /**
     * Meta repeats for a week, and a repetition that was set aside may be driven again for twice
     * what webhooks are kept.
     */
    private static Duration identitiesKept(WebhookRetention webhooks) {
        return Duration.ofDays(14 + 2L * webhooks.days());
    }

    @Singleton
    Retained messages(
            @Property(name = "gesher.retention.messages-days", defaultValue = "731") int days) {
        return new Retained(
                "messages",
                List.of("whatsapp_messages", "whatsapp_message_attempts"),
                Duration.ofDays(days),
                ConversationRetention::removeMessages);
    }

    /** As long as messages, which they come at most days after. */
    @Singleton
    Retained amendments(
            @Property(name = "gesher.retention.messages-days", defaultValue = "731") int days) {
        return new Retained(
                "amendments",
                List.of("message_amendments"),
                Duration.ofDays(days),
                ConversationRetention::removeAmendments);
    }

    @Singleton
    Retained events(
            @Property(name = "gesher.retention.events-days", defaultValue = "30") int days) {
        return new Retained(
                "events",
                List.of("events"),
                Duration.ofDays(days),
                ConversationRetention::removeEvents);
    }

    @Singleton
    Retained answers() {
        return new Retained(
                "answers",
                List.of("idempotency_keys"),
                ANSWERS,
                ConversationRetention::removeAnswers);
    }

    @Singleton
    Retained identities(WebhookRetention webhooks) {
        return new Retained(
                "identities",
                List.of("applied_changes"),
                identitiesKept(webhooks),
                ConversationRetention::removeIdentities);
    }

    @Singleton
    Retained earlyStatuses() {
        return new Retained(
                "early_statuses",
                List.of("early_statuses"),
                EARLY_STATUSES,
                ConversationRetention::removeEarlyStatuses);
    }

    /** One that is still at work stays until it is done, however old. */
    private static int removeMessages(Tx tx, TenantId tenant, Instant before, int most)
            throws SQLException {
        var old =
                Tx.uuids(
                        tx.query(
                                """
                                SELECT message_id FROM whatsapp_messages
                                WHERE tenant_id = ? AND accepted_at < ? AND stage = 'done'
                                ORDER BY accepted_at LIMIT ? FOR UPDATE SKIP LOCKED
                                """,
                                row -> row.uuid("message_id"),
                                tenant,
                                before,
                                most));
        tx.update(
                "DELETE FROM whatsapp_message_attempts WHERE tenant_id = ? AND message_id = ANY(?)",
                tenant,
                old);
        return tx.update(
                "DELETE FROM whatsapp_messages WHERE tenant_id = ? AND message_id = ANY(?)",
                tenant,
                old);
    }

    private static int removeAmendments(Tx tx, TenantId tenant, Instant before, int most)
            throws SQLException {
        return tx.update(
                """
                DELETE FROM message_amendments WHERE tenant_id = ? AND amendment_id = ANY (ARRAY(
                    SELECT amendment_id FROM message_amendments WHERE tenant_id = ? AND received_at < ?
                    ORDER BY received_at LIMIT ? FOR UPDATE SKIP LOCKED))
                """,
                tenant,
                tenant,
                before,
                most);
    }

    /** From the front, whose numbers were given first. */
    private static int removeEvents(Tx tx, TenantId tenant, Instant before, int most)
            throws SQLException {
        return tx.update(
                """
                DELETE FROM events WHERE tenant_id = ? AND tenant_seq = ANY (ARRAY(
                    SELECT tenant_seq
                    FROM (SELECT tenant_seq, recorded_at FROM events WHERE tenant_id = ?
                          ORDER BY tenant_seq LIMIT ?) AS front
                    WHERE recorded_at < ?))
                """,
                tenant,
                tenant,
                most,
                before);
    }

    private static int removeAnswers(Tx tx, TenantId tenant, Instant before, int most)
            throws SQLException {
        return tx.update(
                """
                DELETE FROM idempotency_keys WHERE tenant_id = ? AND ctid = ANY (ARRAY(
                    SELECT ctid FROM idempotency_keys WHERE tenant_id = ? AND created_at <= ?
                    ORDER BY created_at LIMIT ? FOR UPDATE SKIP LOCKED))
                """,
                tenant,
                tenant,
                before,
                most);
    }

    private static int removeIdentities(Tx tx, TenantId tenant, Instant before, int most)
            throws SQLException {
        return tx.update(
                """
                DELETE FROM applied_changes WHERE tenant_id = ? AND identity = ANY (ARRAY(
                    SELECT identity FROM applied_changes WHERE tenant_id = ? AND applied_at < ?
                    ORDER BY applied_at LIMIT ? FOR UPDATE SKIP LOCKED))
                """,
                tenant,
                tenant,
                before,
                most);
    }

    private static int removeEarlyStatuses(Tx tx, TenantId tenant, Instant before, int most)
            throws SQLException {
        return tx.update(
                """
                DELETE FROM early_statuses WHERE tenant_id = ? AND ctid = ANY (ARRAY(
                    SELECT ctid FROM early_statuses WHERE tenant_id = ? AND received_at < ?
                    ORDER BY received_at LIMIT ? FOR UPDATE SKIP LOCKED))
                """,
                tenant,
                tenant,
                before,
                most);
    }
}
