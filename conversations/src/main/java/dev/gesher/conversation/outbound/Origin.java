package dev.gesher.conversation.outbound;

import dev.gesher.conversation.message.StoredMessage;
import dev.gesher.tenant.db.Row;
import java.sql.SQLException;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Where a call comes from, for those who watch; nothing is decided by it.
 *
 * @param correlation of the request that was accepted
 * @param traceParent W3C's trace context of the message, if it is traced
 * @param priorityClass the class by which it is claimed: {@code reply}, {@code utility} or {@code
 *     bulk}
 * @param dueAt when it might have been claimed
 */
record Origin(
        @Nullable String correlation,
        @Nullable String traceParent,
        String priorityClass,
        @Nullable Instant dueAt) {

    /** Of a row of {@code whatsapp_messages}, all columns selected. */
    static Origin read(Row row, StoredMessage message) throws SQLException {
        return new Origin(
                row.nullableText("correlation"),
                row.nullableText("trace_parent"),
                className(message.priority()),
                message.notBefore().orElse(null));
    }

    /** The class of a priority. */
    static String className(int priority) {
        return switch (priority) {
            case Expiry.REPLY -> "reply";
            case Expiry.UTILITY -> "utility";
            default -> "bulk";
        };
    }
}
