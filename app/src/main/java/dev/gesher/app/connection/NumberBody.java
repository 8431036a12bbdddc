package dev.gesher.app.connection;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.micronaut.serde.annotation.Serdeable;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;

/** The number that was chosen. */
@Serdeable
record NumberBody(
        @JsonProperty("waba_id") @NotNull @Pattern(regexp = "\\d{1,32}") String wabaId,
        @JsonProperty("phone_number_id") @NotNull @Pattern(regexp = "\\d{1,32}")
                String phoneNumberId) {}
