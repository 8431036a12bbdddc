package dev.gesher.app.connection;

import io.micronaut.serde.annotation.Serdeable;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;

/** A number's two-step PIN. Prints nothing of it. */
@Serdeable
record PinBody(@NotNull @Pattern(regexp = "\\d{6}") String pin) {
    @Override
    public String toString() {
        return "[pin]";
    }
}
