package dev.gesher.conversation;

import java.time.Instant;
import java.util.Optional;

/** A conversation as the tenant's apps see it. */
public record ConversationView(
        ConversationId id,
        Optional<String> customerPhone,
        Optional<String> customerUserId,
        Optional<String> customerName,
        Optional<Instant> windowOpenedAt,
        Optional<Instant> windowExpiresAt,
        boolean windowOpen,
        Optional<Instant> lastMessageAt,
        long messageCount) {
    @Override
    public String toString() {
        return "conversation " + id;
    }
}
