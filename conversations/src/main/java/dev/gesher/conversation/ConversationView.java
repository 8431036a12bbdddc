package dev.gesher.conversation;

import java.time.Instant;
import java.util.Optional;

/**
 * A conversation as the tenant's apps see it.
 *
 * @param customerPhone absent for people who do not show their number
 * @param customerName their own, else the one in the business's app
 * @param referral the advertisement that they came from last
 * @param freeEntryExpiresAt until when answers are free of charge, since they came from one; says
 *     nothing about the window
 */
public record ConversationView(
        ConversationId id,
        Optional<String> customerPhone,
        Optional<String> customerUserId,
        Optional<String> customerName,
        Optional<Instant> windowOpenedAt,
        Optional<Instant> windowExpiresAt,
        boolean windowOpen,
        Optional<Referral> referral,
        Optional<Instant> freeEntryExpiresAt,
        Optional<Instant> lastMessageAt,
        long messageCount) {
    /**
     * An advertisement or post (click to WhatsApp).
     *
     * @param at when they wrote from it
     */
    public record Referral(
            Instant at,
            Optional<String> sourceType,
            Optional<String> sourceId,
            Optional<String> clickId) {}

    @Override
    public String toString() {
        return "conversation " + id;
    }
}
