package dev.gesher.app.operator;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.gesher.whatsapp.WebhookLetters.Letter;
import io.micronaut.serde.annotation.Serdeable;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What was set aside of a webhook, without its content. */
@Serdeable
@JsonInclude(JsonInclude.Include.ALWAYS)
@Schema(name = "DeadLetter")
record LetterBody(
        @JsonProperty("letter_id") String letterId,
        @Schema(
                        type = "string",
                        allowableValues = {
                            "pending", "dead", "parked", "applied", "dropped", "expired"
                        })
                String state,
        @Schema(description = "Which of Meta's fields a change is of; null for a whole body")
                @Nullable String field,
        @JsonProperty("phone_number_id") @Nullable String phoneNumberId,
        @JsonProperty("waba_id") @Nullable String wabaId,
        @JsonProperty("received_at") Instant receivedAt,
        @Schema(description = "How often it was found dead") int attempts,
        @Schema(description = "Where it last broke; never content") @Nullable String error,
        @JsonProperty("set_aside_at") @Nullable Instant setAsideAt,
        @JsonProperty("correlation_id")
                @Schema(description = "Of the request that brought it; our log has it too")
                String correlationId) {

    static LetterBody of(Letter letter) {
        return new LetterBody(
                letter.id(),
                letter.state().name().toLowerCase(Locale.ROOT),
                letter.field().orElse(null),
                letter.phoneNumberId().orElse(null),
                letter.wabaId().orElse(null),
                letter.receivedAt(),
                letter.attempts(),
                letter.error().orElse(null),
                letter.setAsideAt().orElse(null),
                letter.correlation());
    }
}
