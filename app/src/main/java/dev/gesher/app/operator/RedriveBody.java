package dev.gesher.app.operator;

import io.micronaut.serde.annotation.Serdeable;
import io.swagger.v3.oas.annotations.media.Schema;
import jakarta.validation.constraints.Size;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Which dead letters are tried again; all when it says nothing. */
@Serdeable
@Schema(name = "RedriveDeadLetters")
record RedriveBody(
        @Nullable @Size(max = 100) @Schema(description = "Changes of this field only") String field,
        @Nullable @Schema(description = "What came then or later only") Instant since) {}
