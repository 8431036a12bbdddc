package dev.gesher.app.connection;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.micronaut.serde.annotation.Serdeable;
import io.swagger.v3.oas.annotations.media.Schema;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Size;
import org.jspecify.annotations.Nullable;

/** What connects a number without the page. Prints nothing of it. */
@Serdeable
@Schema(name = "PutConnection")
record PutConnectionBody(
        @JsonProperty("waba_id") @NotNull @Pattern(regexp = "\\d{1,32}") String wabaId,
        @JsonProperty("phone_number_id") @NotNull @Pattern(regexp = "\\d{1,32}")
                String phoneNumberId,
        @JsonProperty("access_token") @NotBlank @Size(max = 4096) String accessToken,
        @Schema(description = "The number's two-step PIN, where it has one")
                @Pattern(regexp = "\\d{6}")
                @Nullable String pin) {
    @Override
    public String toString() {
        return "connection request";
    }
}
