package dev.gesher.conversation.message;

import dev.gesher.conversation.ConversationId;
import dev.gesher.conversation.MessageId;
import dev.gesher.conversation.SendRequest.Routing;
import dev.gesher.tenant.TenantId;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A message of ours as its row says, without content; the row is locked while this is in use. */
public record StoredMessage(
        TenantId tenant,
        MessageId id,
        long seq,
        Optional<ConversationId> conversation,
        Optional<UUID> contact,
        String phoneNumberId,
        String type,
        Routing routing,
        int priority,
        Optional<String> templateName,
        Optional<String> templateLanguage,
        Optional<String> recipientPhone,
        Optional<String> recipientUserId,
        Optional<String> reference,
        MessageState state,
        Instant acceptedAt,
        Optional<Instant> notBefore,
        Optional<Instant> expiresAt,
        Optional<Instant> unknownSince,
        Optional<String> waMessageId,
        Optional<Billing> billing) {

    /** This message in another state, before that is written. */
    public StoredMessage with(MessageState other) {
        return new StoredMessage(
                tenant,
                id,
                seq,
                conversation,
                contact,
                phoneNumberId,
                type,
                routing,
                priority,
                templateName,
                templateLanguage,
                recipientPhone,
                recipientUserId,
                reference,
                other,
                acceptedAt,
                notBefore,
                expiresAt,
                unknownSince,
                waMessageId,
                billing);
    }

    /** What a transition writes beside the state; null leaves a value as it is. */
    public record Change(
            StoredMessage before,
            MessageState after,
            @Nullable Instant notBefore,
            @Nullable Instant unknownSince,
            @Nullable String waMessageId,
            Times times,
            @Nullable Receipt receipt,
            @Nullable Billing billing) {

        /** A change of state alone. */
        public static Change to(StoredMessage before, MessageState after) {
            return new Change(before, after, null, null, null, Times.NONE, null, null);
        }

        /** This change, ending in another state. */
        public Change after(MessageState state) {
            return new Change(
                    before, state, notBefore, unknownSince, waMessageId, times, receipt, billing);
        }

        /** The last part of this change, from a state on that it passed. */
        public Change from(MessageState state) {
            return new Change(
                    before.with(state),
                    after,
                    notBefore,
                    unknownSince,
                    waMessageId,
                    times,
                    receipt,
                    billing);
        }

        /** With the time before which it is not to be sent. */
        public Change notBefore(Instant time) {
            return new Change(
                    before, after, time, unknownSince, waMessageId, times, receipt, billing);
        }

        /** With the time since when nobody knows what became of it. */
        public Change unknownSince(Instant time) {
            return new Change(before, after, notBefore, time, waMessageId, times, receipt, billing);
        }

        /** With Meta's id of it. */
        public Change waMessageId(String id) {
            return new Change(before, after, notBefore, unknownSince, id, times, receipt, billing);
        }

        /** With times that are kept if they are the earliest of their kind. */
        public Change times(Times earliest) {
            return new Change(
                    before,
                    after,
                    notBefore,
                    unknownSince,
                    waMessageId,
                    earliest,
                    receipt,
                    billing);
        }

        /** With the decision that led here. */
        public Change receipt(Receipt decided) {
            return new Change(
                    before, after, notBefore, unknownSince, waMessageId, times, decided, billing);
        }

        /** With what a status told of its price, beside what is known. */
        public Change billing(Billing told) {
            var known = billing == null ? before.billing().orElse(null) : billing;
            return new Change(
                    before,
                    after,
                    notBefore,
                    unknownSince,
                    waMessageId,
                    times,
                    receipt,
                    known == null ? told : known.merge(told));
        }
    }

    /** When what was first known of a message; a row keeps the earliest of each. */
    public record Times(
            @Nullable Instant sent,
            @Nullable Instant delivered,
            @Nullable Instant read,
            @Nullable Instant played,
            @Nullable Instant failed) {
        /** No time at all. */
        public static final Times NONE = new Times(null, null, null, null, null);

        /** A failure at {@code at}. */
        public static Times failed(Instant at) {
            return new Times(null, null, null, null, at);
        }

        /** The earliest of each kind. */
        public Times earliest(Times other) {
            return new Times(
                    earliest(sent, other.sent),
                    earliest(delivered, other.delivered),
                    earliest(read, other.read),
                    earliest(played, other.played),
                    earliest(failed, other.failed));
        }

        private static @Nullable Instant earliest(@Nullable Instant one, @Nullable Instant other) {
            if (one == null || other == null) {
                return one == null ? other : one;
            }
            return one.isBefore(other) ? one : other;
        }

        /** Sent at {@code at}. */
        public static Times sent(Instant at) {
            return new Times(at, null, null, null, null);
        }
    }

    /**
     * A decision as it is kept with a message.
     *
     * @param language the template's language that was chosen
     * @param reasons codes, in order
     */
    public record Receipt(
            String json, int ruleVersion, @Nullable String language, List<String> reasons) {}

    @Override
    public String toString() {
        return "message " + id + " " + state.stage() + " " + state.status();
    }
}
