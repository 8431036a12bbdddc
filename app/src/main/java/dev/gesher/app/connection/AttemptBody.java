package dev.gesher.app.connection;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.micronaut.serde.annotation.Serdeable;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * An attempt to connect, for the page.
 *
 * @param text what happened and what to do, in the visitor's language
 * @param stepText the step in words
 */
@Serdeable
@Schema(name = "ConnectAttempt")
record AttemptBody(
        @JsonProperty("attempt_id") UUID attemptId,
        String status,
        String step,
        @JsonProperty("step_text") String stepText,
        @Nullable String failure,
        @Nullable String detail,
        String text,
        boolean retryable,
        @JsonProperty("retry_after") @Nullable Instant retryAfter,
        List<ChoiceBody> choices,
        @JsonProperty("pin_tries_left") int pinTriesLeft) {

    /** A number that may be chosen. */
    @Serdeable
    @Schema(name = "ConnectChoice")
    record ChoiceBody(
            @JsonProperty("waba_id") String wabaId,
            @JsonProperty("account_name") String accountName,
            @JsonProperty("phone_number_id") String phoneNumberId,
            @JsonProperty("display_phone_number") String displayPhoneNumber,
            @JsonProperty("verified_name") String verifiedName) {}
}
