package dev.gesher.app.connection;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.micronaut.serde.annotation.Serdeable;
import io.swagger.v3.oas.annotations.media.Schema;

/** The PIN of a number that was left. Prints nothing of it. */
@Serdeable
@Schema(name = "TwoStepPin")
record TwoStepPinBody(
        @JsonProperty("phone_number_id") String phoneNumberId,
        @JsonProperty("two_step_pin") String twoStepPin) {
    @Override
    public String toString() {
        return "the two-step PIN of " + phoneNumberId;
    }
}
