package dev.gesher.app.messages;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.gesher.conversation.ConversationId;
import dev.gesher.conversation.MediaView;
import dev.gesher.conversation.MessageView;
import io.micronaut.serde.annotation.Serdeable;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A message as the tenant's apps see it. */
@Serdeable
@Schema(name = "Message")
@JsonInclude(JsonInclude.Include.NON_NULL)
public record MessageBody(
        @JsonProperty("message_id") UUID messageId,
        @JsonProperty("conversation_id") @Nullable UUID conversationId,
        @Schema(
                        type = "string",
                        allowableValues = {"inbound", "outbound"})
                String direction,
        @Schema(description = "Meta's type of message") String type,
        @Schema(
                        description = "What it says, as Meta writes it",
                        additionalProperties = Schema.AdditionalPropertiesValue.TRUE)
                @Nullable Map<String, Object> content,
        @JsonProperty("template_name") @Nullable String templateName,
        @JsonProperty("template_language") @Nullable String templateLanguage,
        @JsonProperty("recipient_phone") @Nullable String recipientPhone,
        @JsonProperty("recipient_user_id") @Nullable String recipientUserId,
        @JsonProperty("sender_phone") @Nullable String senderPhone,
        @JsonProperty("sender_user_id") @Nullable String senderUserId,
        @JsonProperty("wa_message_id") @Nullable String waMessageId,
        @JsonProperty("context_wa_message_id")
                @Schema(description = "The message it replies or reacts to")
                @Nullable String contextWaMessageId,
        @Schema(
                        type = "string",
                        allowableValues = {
                            "received",
                            "blocked",
                            "pending",
                            "sent",
                            "failed",
                            "delivered",
                            "read"
                        })
                String status,
        @Schema(
                        type = "string",
                        allowableValues = {"deferred", "queued", "sending", "settling", "done"})
                String stage,
        @Schema(
                        type = "string",
                        allowableValues = {"freeform", "template"})
                @Nullable String route,
        List<String> reasons,
        @JsonProperty("error_code") @Nullable String errorCode,
        @Nullable String reference,
        @JsonProperty("accepted_at") Instant acceptedAt,
        @JsonProperty("not_before") @Nullable Instant notBefore,
        @JsonProperty("expires_at") @Nullable Instant expiresAt,
        @JsonProperty("sent_at") @Nullable Instant sentAt,
        @JsonProperty("delivered_at") @Nullable Instant deliveredAt,
        @JsonProperty("read_at") @Nullable Instant readAt,
        @JsonProperty("played_at") @Schema(description = "When a voice message was listened to")
                @Nullable Instant playedAt,
        @JsonProperty("failed_at") @Nullable Instant failedAt,
        @JsonProperty("edited_at") @Schema(description = "When who wrote it last changed it")
                @Nullable Instant editedAt,
        @JsonProperty("revoked_at")
                @Schema(description = "When who wrote it took it back; its content is gone")
                @Nullable Instant revokedAt,
        @Schema(
                        type = "string",
                        description =
                                "app: written in the WhatsApp Business app; history: from before"
                                        + " the number was connected; else absent")
                @Nullable String source,
        @Schema(description = "How Meta charges for it") @Nullable PriceBody price,
        @Schema(description = "Every call to Meta for it") List<AttemptBody> attempts,
        @Schema(description = "The file that came with it") @Nullable MediaBody media) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** The body of a view. */
    public static MessageBody of(MessageView view) {
        return new MessageBody(
                view.id().value(),
                view.conversation().map(ConversationId::value).orElse(null),
                view.direction().name().toLowerCase(Locale.ROOT),
                view.type(),
                view.contentJson().map(MessageBody::object).orElse(null),
                view.templateName().orElse(null),
                view.templateLanguage().orElse(null),
                view.recipientPhone().orElse(null),
                view.recipientUserId().orElse(null),
                view.senderPhone().orElse(null),
                view.senderUserId().orElse(null),
                view.waMessageId().orElse(null),
                view.contextWaMessageId().orElse(null),
                view.status(),
                view.stage(),
                view.route().map(route -> route.name().toLowerCase(Locale.ROOT)).orElse(null),
                view.reasons(),
                view.errorCode().orElse(null),
                view.reference().orElse(null),
                view.acceptedAt(),
                view.notBefore().orElse(null),
                view.expiresAt().orElse(null),
                view.sentAt().orElse(null),
                view.deliveredAt().orElse(null),
                view.readAt().orElse(null),
                view.playedAt().orElse(null),
                view.failedAt().orElse(null),
                view.editedAt().orElse(null),
                view.revokedAt().orElse(null),
                view.source().orElse(null),
                view.price().map(PriceBody::of).orElse(null),
                view.attempts().stream().map(AttemptBody::of).toList(),
                view.media().map(MediaBody::of).orElse(null));
    }

    private static Map<String, Object> object(String json) {
        try {
            return JSON.readValue(json, new TypeReference<Map<String, Object>>() {});
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("stored content does not read", e);
        }
    }

    @Override
    public String toString() {
        return "message " + messageId;
    }

    /** How Meta charges for a message, in Meta's words. */
    @Serdeable
    @Schema(name = "Price")
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record PriceBody(
            @Nullable Boolean billable,
            @JsonProperty("pricing_model") @Nullable String pricingModel,
            @Nullable String type,
            @Nullable String category,
            @Schema(description = "What began Meta's billing conversation") @Nullable String origin,
            @JsonProperty("expires_at")
                    @Schema(description = "When Meta's billing conversation ends")
                    @Nullable Instant expiresAt,
            @JsonProperty("free_entry_point")
                    @Schema(
                            description =
                                    "Free of charge, since the customer came from an advertisement;"
                                            + " says nothing about the service window")
                    boolean freeEntryPoint) {
        static PriceBody of(MessageView.Price price) {
            return new PriceBody(
                    price.billable().orElse(null),
                    price.model().orElse(null),
                    price.type().orElse(null),
                    price.category().orElse(null),
                    price.origin().orElse(null),
                    price.expiresAt().orElse(null),
                    price.freeEntry());
        }
    }

    /** A file that came with a message. */
    @Serdeable
    @Schema(name = "Media")
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record MediaBody(
            @JsonProperty("media_id")
                    @Schema(description = "Ours, for GET /v1/media/{media_id}; not Meta's id")
                    UUID mediaId,
            @Schema(
                            type = "string",
                            allowableValues = {"pending", "stored", "failed"})
                    String state,
            @Schema(description = "Why it failed: expired, too_large, hash_mismatch")
                    @Nullable String cause,
            @JsonProperty("last_error") @Schema(description = "What the last try to fetch it met")
                    @Nullable String lastError,
            @JsonProperty("next_try_at") @Nullable Instant nextTryAt,
            @JsonProperty("mime_type") @Schema(description = "What Meta says it is")
                    @Nullable String mimeType,
            @JsonProperty("detected_mime_type") @Schema(description = "What its content looks like")
                    @Nullable String detectedMimeType,
            @JsonProperty("type_mismatch")
                    @Schema(description = "Whether the two do not go together")
                    @Nullable Boolean typeMismatch,
            @Schema(description = "Bytes") @Nullable Long size,
            @Schema(description = "As the sender calls it") @Nullable String filename) {
        static MediaBody of(MediaView view) {
            return new MediaBody(
                    view.id().value(),
                    view.state().name().toLowerCase(Locale.ROOT),
                    view.cause().orElse(null),
                    view.lastError().orElse(null),
                    view.nextTryAt().orElse(null),
                    view.mimeType().orElse(null),
                    view.detectedMimeType().orElse(null),
                    view.detectedMimeType().isPresent() ? view.typeMismatch() : null,
                    view.bytes().orElse(null),
                    view.filename().orElse(null));
        }

        @Override
        public String toString() {
            return "media " + mediaId + " " + state;
        }
    }

    /** One call to Meta. */
    @Serdeable
    @Schema(name = "Attempt")
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record AttemptBody(
            int attempt,
            @JsonProperty("started_at") Instant startedAt,
            @JsonProperty("finished_at") @Nullable Instant finishedAt,
            @Nullable String outcome,
            @JsonProperty("error_code") @Nullable String errorCode,
            @JsonProperty("fbtrace_id") @Nullable String fbtraceId) {
        static AttemptBody of(MessageView.Attempt attempt) {
            return new AttemptBody(
                    attempt.attempt(),
                    attempt.startedAt(),
                    attempt.finishedAt().orElse(null),
                    attempt.outcome().orElse(null),
                    attempt.errorCode().orElse(null),
                    attempt.fbtraceId().orElse(null));
        }
    }
}
