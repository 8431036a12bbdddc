package dev.gesher.app.operator;

import io.micronaut.serde.annotation.Serdeable;
import io.swagger.v3.oas.annotations.media.Schema;

/** How many letters are tried again. */
@Serdeable
@Schema(name = "RedrivenDeadLetters")
record RedrivenBody(
        int redriven, @Schema(description = "Whether others may be left") boolean more) {}
