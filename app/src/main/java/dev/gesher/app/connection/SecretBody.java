package dev.gesher.app.connection;

import io.micronaut.serde.annotation.Serdeable;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.Size;

/** A connect link's secret. Prints nothing of it. */
@Serdeable
record SecretBody(@NotBlank @Size(max = 500) String secret) {
    @Override
    public String toString() {
        return "[secret]";
    }
}
