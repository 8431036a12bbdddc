package dev.gesher.app.connection;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.gesher.whatsapp.Connection;
import io.micronaut.serde.annotation.Serdeable;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.Locale;
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
        @JsonProperty("verified_at") @Nullable Instant verifiedAt) {
    static ConnectionBody of(Connection connection) {
        return new ConnectionBody(
                connection.status().name().toLowerCase(Locale.ROOT),
                connection.cause().orElse(null),
                connection.since(),
                connection.wabaId().orElse(null),
                connection.phoneNumberId().orElse(null),
                connection.displayPhoneNumber().orElse(null),
                connection.businessName().orElse(null),
                connection.verifiedAt().orElse(null));
    }
}
