package dev.gesher.app.connection;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.gesher.whatsapp.Signup;
import io.micronaut.serde.annotation.Serdeable;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import org.jspecify.annotations.Nullable;

/** What Meta's dialog told the page; a hint at best. */
@Serdeable
record EventBody(
        @NotNull @Pattern(regexp = "[A-Z_]{1,64}") String event,
        @JsonProperty("waba_id") @Pattern(regexp = "\\d{1,32}") @Nullable String wabaId,
        @JsonProperty("phone_number_id") @Pattern(regexp = "\\d{1,32}")
                @Nullable String phoneNumberId) {
    Signup.SessionEvent toEvent() {
        return new Signup.SessionEvent(event, wabaId, phoneNumberId);
    }
}
