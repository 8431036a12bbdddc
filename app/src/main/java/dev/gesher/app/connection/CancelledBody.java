package dev.gesher.app.connection;

import io.micronaut.serde.annotation.Serdeable;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Size;

/** Where Meta's dialog was closed, in Meta's word. */
@Serdeable
record CancelledBody(@NotNull @Size(max = 100) String step) {}
