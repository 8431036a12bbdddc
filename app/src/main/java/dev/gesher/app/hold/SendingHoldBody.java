package dev.gesher.app.hold;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.gesher.tenant.SendingHold;
import io.micronaut.serde.annotation.Serdeable;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

@Serdeable
@Schema(name = "SendingHold")
record SendingHoldBody(
        @Schema(description = "Whether nothing is sent now; messages are accepted and wait")
                boolean held,
        @Schema(
                        type = "string",
                        description =
                                "restored (the database is an older copy of itself) or operator")
                @Nullable String cause,
        @Nullable Instant since,
        @Schema(description = "When sending was last released") @JsonProperty("released_at")
                @Nullable Instant releasedAt,
        @Schema(description = "False while a restored database's messages are still being marked")
                boolean prepared,
        @Schema(description = "The lives of the database: one more with every restore")
                int generation) {
    static SendingHoldBody of(SendingHold.State state) {
        return new SendingHoldBody(
                state.held(),
                state.cause().map(it -> it.name().toLowerCase(Locale.ROOT)).orElse(null),
                state.since().orElse(null),
                state.releasedAt().orElse(null),
                state.prepared(),
                state.generation());
    }
}
