package dev.gesher.app.connection;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.gesher.whatsapp.AccountHealth;
import io.micronaut.serde.annotation.Serdeable;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** How the account and the number stand at Meta, in Meta's words. */
@Serdeable
@Schema(
        name = "ConnectionHealth",
        description =
                "How account and number stand at Meta, in Meta's words: what was read back when the connection was verified, or what Meta told since")
record HealthBody(
        @Schema(description = "GREEN, YELLOW, RED as read back; FLAGGED, UNFLAGGED as told since")
                @Nullable FactBody quality,
        @JsonProperty("messaging_limit")
                @Schema(
                        description =
                                "How many people may be written to outside windows in 24 hours")
                @Nullable FactBody messagingLimit,
        @Nullable FactBody throughput,
        @Schema(
                        description =
                                "What was decided about the display name; an approved one shows once the number is registered again")
                @Nullable FactBody name,
        @Nullable FactBody username,
        @Schema(description = "What came of the account's review") @Nullable FactBody review,
        @Schema(description = "DISABLE, SCHEDULE_FOR_DISABLE with its date, REINSTATE")
                @Nullable FactBody ban,
        @Schema(description = "The newest violation of Meta's policies")
                @Nullable FactBody violation,
        @JsonProperty("pin_changed")
                @Schema(
                        description =
                                "Somebody changed the two-step PIN: the one Gesher keeps is stale")
                @Nullable FactBody pinChanged,
        @Schema(description = "What Meta does not let the account do now")
                List<FactBody> restrictions) {

    /** One thing that is known. */
    @Serdeable
    @Schema(name = "ConnectionFact")
    record FactBody(String value, @Nullable String detail, Instant since, @Nullable Instant until) {
        static @Nullable FactBody of(Optional<AccountHealth.Fact> fact) {
            return fact.map(FactBody::of).orElse(null);
        }

        static FactBody of(AccountHealth.Fact fact) {
            return new FactBody(
                    fact.value(),
                    fact.detail().orElse(null),
                    fact.since(),
                    fact.until().orElse(null));
        }
    }

    static HealthBody of(AccountHealth health) {
        return new HealthBody(
                FactBody.of(health.quality()),
                FactBody.of(health.messagingLimit()),
                FactBody.of(health.throughput()),
                FactBody.of(health.name()),
                FactBody.of(health.username()),
                FactBody.of(health.review()),
                FactBody.of(health.ban()),
                FactBody.of(health.violation()),
                FactBody.of(health.pinChanged()),
                health.restrictions().stream().map(FactBody::of).toList());
    }
}
