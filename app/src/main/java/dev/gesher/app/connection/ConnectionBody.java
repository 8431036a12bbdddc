package dev.gesher.app.connection;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.gesher.whatsapp.AccountHealth;
import dev.gesher.whatsapp.AppSync;
import dev.gesher.whatsapp.Connection;
import dev.gesher.whatsapp.Departures;
import io.micronaut.serde.annotation.Serdeable;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A connection as the tenant's apps see it. */
@Serdeable
@Schema(name = "Connection")
record ConnectionBody(
        @Schema(
                        type = "string",
                        allowableValues = {"pending", "active", "disconnected", "invalid"})
                String status,
        @Nullable String cause,
        Instant since,
        @JsonProperty("waba_id") @Nullable String wabaId,
        @JsonProperty("phone_number_id") @Nullable String phoneNumberId,
        @JsonProperty("display_phone_number") @Nullable String displayPhoneNumber,
        @JsonProperty("business_name") @Nullable String businessName,
        @JsonProperty("verified_at") @Nullable Instant verifiedAt,
        @JsonProperty("app_sync") @Nullable AppSyncBody appSync,
        @Nullable HealthBody health) {

    /** What was asked of a number that is also in the WhatsApp Business app. */
    @Serdeable
    @Schema(
            name = "AppSync",
            description = "Only of a number that is also used in the WhatsApp Business app")
    record AppSyncBody(
            @Schema(
                            type = "string",
                            allowableValues = {"pending", "requested", "declined", "too_late"})
                    String contacts,
            @Schema(
                            type = "string",
                            allowableValues = {"pending", "requested", "declined", "too_late"})
                    String history,
            @Schema(description = "When Meta gives them no more") Instant until,
            @JsonProperty("history_progress")
                    @Schema(description = "How much of the history has come, in percent")
                    @Nullable Integer historyProgress) {
        static AppSyncBody of(AppSync sync) {
            return new AppSyncBody(
                    sync.contacts().code(),
                    sync.history().code(),
                    sync.until(),
                    sync.historyProgress().orElse(null));
        }
    }

    /** Of a tenant that left before its attempts came to a connection. */
    static ConnectionBody neverMade(Instant leftAt) {
        return new ConnectionBody(
                "disconnected",
                Departures.Cause.LEFT.code(),
                leftAt,
                null,
                null,
                null,
                null,
                null,
                null,
                null);
    }

    static ConnectionBody of(
            Connection connection, Optional<AppSync> appSync, AccountHealth health) {
        return new ConnectionBody(
                connection.status().name().toLowerCase(Locale.ROOT),
                connection.cause().orElse(null),
                connection.since(),
                connection.wabaId().orElse(null),
                connection.phoneNumberId().orElse(null),
                connection.displayPhoneNumber().orElse(null),
                connection.businessName().orElse(null),
                connection.verifiedAt().orElse(null),
                appSync.map(AppSyncBody::of).orElse(null),
                HealthBody.of(health));
    }
}
