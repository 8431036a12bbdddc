package dev.gesher.conversation;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * A message as the tenant's apps see it. Times are Meta's where Meta gave one.
 *
 * @param contextWaMessageId the message it replies or reacts to
 * @param editedAt when who wrote it last changed it
 * @param revokedAt when who wrote it took it back; its content is gone
 * @param source where it comes from, if neither a customer just wrote it nor our API sent it:
 *     {@code app} or {@code history}
 */
public record MessageView(
        MessageId id,
        Optional<ConversationId> conversation,
        long seq,
        Direction direction,
        String type,
        Optional<String> contentJson,
        Optional<String> templateName,
        Optional<String> templateLanguage,
        Optional<String> recipientPhone,
        Optional<String> recipientUserId,
        Optional<String> senderPhone,
        Optional<String> senderUserId,
        Optional<String> waMessageId,
        Optional<String> contextWaMessageId,
        String status,
        String stage,
        Optional<SendAnswer.Route> route,
        List<String> reasons,
        Optional<String> errorCode,
        Optional<String> reference,
        Instant acceptedAt,
        Optional<Instant> notBefore,
        Optional<Instant> expiresAt,
        Optional<Instant> sentAt,
        Optional<Instant> deliveredAt,
        Optional<Instant> readAt,
        Optional<Instant> playedAt,
        Optional<Instant> failedAt,
        Optional<Instant> editedAt,
        Optional<Instant> revokedAt,
        Optional<String> source,
        Optional<Price> price,
        List<Attempt> attempts,
        Optional<MediaView> media) {
    /** Who wrote it. */
    public enum Direction {
        INBOUND,
        OUTBOUND
    }

    /** One call to Meta. */
    public record Attempt(
            int attempt,
            Instant startedAt,
            Optional<Instant> finishedAt,
            Optional<String> outcome,
            Optional<String> errorCode,
            Optional<String> fbtraceId) {}

    /**
     * How Meta charges for it, in Meta's words; nothing of it decides whether a window is open.
     *
     * @param origin what began Meta's billing conversation
     * @param expiresAt when that ends
     * @param freeEntry whether it is free since the customer came from an advertisement
     */
    public record Price(
            Optional<Boolean> billable,
            Optional<String> model,
            Optional<String> type,
            Optional<String> category,
            Optional<String> origin,
            Optional<Instant> expiresAt,
            boolean freeEntry) {}

    @Override
    public String toString() {
        return direction + " message " + id + " " + status;
    }
}
