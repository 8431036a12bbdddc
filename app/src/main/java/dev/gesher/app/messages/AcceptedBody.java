package dev.gesher.app.messages;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.gesher.conversation.SendAnswer;
import io.micronaut.serde.annotation.Serdeable;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A message that was accepted. */
@Serdeable
@Schema(name = "AcceptedMessage")
record AcceptedBody(
        @JsonProperty("message_id") UUID messageId,
        @JsonProperty("conversation_id") UUID conversationId,
        String status,
        @Schema(
                        type = "string",
                        allowableValues = {"freeform", "template"})
                String route,
        @Schema(description = "The template's language, when it goes as one")
                @Nullable String language,
        @JsonProperty("not_before") @Nullable Instant notBefore,
        @JsonProperty("window_expires_at") @Nullable Instant windowExpiresAt,
        @Schema(description = "Why it is deferred") @Nullable List<String> reasons) {
    static AcceptedBody of(SendAnswer.Accepted accepted) {
        return new AcceptedBody(
                accepted.message().value(),
                accepted.conversation().value(),
                "pending",
                accepted.route().name().toLowerCase(Locale.ROOT),
                accepted.language().orElse(null),
                accepted.notBefore().orElse(null),
                accepted.windowExpiresAt().orElse(null),
                accepted.reasons().isEmpty() ? null : MessagesController.codes(accepted.reasons()));
    }
}
