package dev.gesher.conversation.contact;

import dev.gesher.conversation.ConversationId;
import dev.gesher.tenant.TenantId;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;

/** A conversation's row, as far as sending and receiving need it. */
public record Conversation(
        TenantId tenant,
        ConversationId id,
        UUID contact,
        Optional<String> phone,
        Optional<String> userId,
        Optional<Window> window,
        boolean named,
        Instant lastMessageAt,
        long messageCount) {
    @Override
    public String toString() {
        return "conversation " + id;
    }
}
