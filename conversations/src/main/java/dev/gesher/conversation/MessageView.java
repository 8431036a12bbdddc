package dev.gesher.conversation;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** A message as the tenant's apps see it. Times are Meta's where Meta gave one. */
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
        Optional<Instant> failedAt,
        List<Attempt> attempts) {
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

    @Override
    public String toString() {
        return direction + " message " + id + " " + status;
    }
}
