package dev.gesher.app.connection;

import io.micronaut.serde.annotation.Serdeable;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.Size;
import org.jspecify.annotations.Nullable;

/** The code of Meta's dialog, and its event if that came first. Prints nothing of the code. */
@Serdeable
record CodeBody(@NotBlank @Size(max = 4096) String code, @Valid @Nullable EventBody event) {
    @Override
    public String toString() {
        return "[code]";
    }
}
