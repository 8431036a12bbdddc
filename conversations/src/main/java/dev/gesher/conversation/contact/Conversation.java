package dev.gesher.conversation.contact;

import dev.gesher.conversation.ConversationId;
import dev.gesher.tenant.TenantId;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A conversation's row, as far as sending and receiving need it.
 *
 * @param sealedName the customer's name, encrypted for its column
 */
public record Conversation(
        TenantId tenant,
        ConversationId id,
        UUID contact,
        Optional<String> phone,
        Optional<String> userId,
        Optional<Window> window,
        byte @Nullable [] sealedName,
        Instant lastMessageAt,
        long messageCount) {
    /** This conversation with its window closed at {@code at}, if that changes anything. */
    public Optional<Conversation> closed(String number, Instant at) {
        return window.filter(open -> !open.closed(number, at).equals(open))
                .map(open -> with(open.closed(number, at)));
    }

    /** This conversation with another window. */
    public Conversation with(Window changed) {
        return new Conversation(
                tenant,
                id,
                contact,
                phone,
                userId,
                Optional.of(changed),
                sealedName,
                lastMessageAt,
                messageCount);
    }

    @Override
    public String toString() {
        return "conversation " + id;
    }
}
