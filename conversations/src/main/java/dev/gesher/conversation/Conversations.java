package dev.gesher.conversation;

import dev.gesher.tenant.TenantId;
import java.util.Optional;

/** Reads conversations. */
public interface Conversations {
    /** A conversation of the tenant. */
    Optional<ConversationView> find(TenantId tenant, ConversationId conversation);

    /**
     * The tenant's conversations, latest first.
     *
     * @param cursor from a page before, or empty
     * @param limit 1 to 200
     * @throws BadCursorException if the cursor is not one of ours
     */
    Page<ConversationView> list(TenantId tenant, Optional<String> cursor, int limit);

    /** The messages of a conversation, latest first; empty if there is no such conversation. */
    Optional<Page<MessageView>> messages(
            TenantId tenant, ConversationId conversation, Optional<String> cursor, int limit);

    /** The cursor is not one that a list gave. */
    final class BadCursorException extends RuntimeException {
        public BadCursorException() {
            super("not a cursor of this list");
        }
    }
}
