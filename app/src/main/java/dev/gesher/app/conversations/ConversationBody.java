package dev.gesher.app.conversations;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.gesher.conversation.ConversationView;
import io.micronaut.serde.annotation.Serdeable;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A conversation as the tenant's apps see it. */
@Serdeable
@Schema(name = "Conversation")
record ConversationBody(
        @JsonProperty("conversation_id") UUID conversationId,
        @JsonProperty("customer_phone")
                @Schema(description = "Absent for people who do not show their number")
                @Nullable String customerPhone,
        @JsonProperty("customer_user_id") @Nullable String customerUserId,
        @JsonProperty("customer_name") @Nullable String customerName,
        @JsonProperty("window_open")
                @Schema(description = "Whether a free-form message may be sent now")
                boolean windowOpen,
        @JsonProperty("window_opened_at") @Nullable Instant windowOpenedAt,
        @JsonProperty("window_expires_at") @Nullable Instant windowExpiresAt,
        @Schema(description = "The advertisement that they came from last")
                @Nullable ReferralBody referral,
        @JsonProperty("free_entry_point_expires_at")
                @Schema(
                        description =
                                "Until when answers are free of charge, since they came from an"
                                        + " advertisement; says nothing about the window")
                @Nullable Instant freeEntryPointExpiresAt,
        @JsonProperty("last_message_at") @Nullable Instant lastMessageAt,
        @JsonProperty("message_count") long messageCount) {
    static ConversationBody of(ConversationView view) {
        return new ConversationBody(
                view.id().value(),
                view.customerPhone().orElse(null),
                view.customerUserId().orElse(null),
                view.customerName().orElse(null),
                view.windowOpen(),
                view.windowOpenedAt().orElse(null),
                view.windowExpiresAt().orElse(null),
                view.referral().map(ReferralBody::of).orElse(null),
                view.freeEntryExpiresAt().orElse(null),
                view.lastMessageAt().orElse(null),
                view.messageCount());
    }

    /** An advertisement or post (click to WhatsApp). */
    @Serdeable
    @Schema(name = "Referral")
    record ReferralBody(
            @Schema(description = "When they wrote from it") Instant at,
            @JsonProperty("source_type") @Nullable String sourceType,
            @JsonProperty("source_id") @Nullable String sourceId,
            @JsonProperty("ctwa_clid") @Nullable String ctwaClid) {
        static ReferralBody of(ConversationView.Referral referral) {
            return new ReferralBody(
                    referral.at(),
                    referral.sourceType().orElse(null),
                    referral.sourceId().orElse(null),
                    referral.clickId().orElse(null));
        }
    }

    @Override
    public String toString() {
        return "conversation " + conversationId;
    }
}
