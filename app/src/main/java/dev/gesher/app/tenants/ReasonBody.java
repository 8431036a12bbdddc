package dev.gesher.app.tenants;

import io.micronaut.serde.annotation.Serdeable;
import io.swagger.v3.oas.annotations.media.Schema;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Size;

/** Why something is done; kept in the audit. */
@Serdeable
@Schema(name = "Reason")
record ReasonBody(@NotBlank @Size(max = 200) @Pattern(regexp = "\\P{Cntrl}*") String reason) {}
