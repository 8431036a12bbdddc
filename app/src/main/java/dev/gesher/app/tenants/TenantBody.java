package dev.gesher.app.tenants;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.gesher.tenant.Tenant;
import io.micronaut.serde.annotation.Serdeable;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A tenant as the operator sees it. */
@Serdeable
@Schema(name = "Tenant")
record TenantBody(
        @JsonProperty("tenant_id") UUID tenantId,
        String name,
        String locale,
        String region,
        @JsonProperty("on_unknown") String onUnknown,
        @Schema(
                        type = "string",
                        allowableValues = {"active", "suspended"})
                String status,
        @JsonProperty("suspended_at") @Nullable Instant suspendedAt,
        @JsonProperty("suspended_reason") @Nullable String suspendedReason,
        @JsonProperty("created_at") Instant createdAt) {
    static TenantBody of(Tenant tenant) {
        return new TenantBody(
                tenant.id().value(),
                tenant.name(),
                tenant.locale(),
                tenant.region(),
                tenant.onUnknown().name().toLowerCase(Locale.ROOT),
                tenant.status().name().toLowerCase(Locale.ROOT),
                tenant.suspension().map(Tenant.Suspension::since).orElse(null),
                tenant.suspension().map(Tenant.Suspension::reason).orElse(null),
                tenant.createdAt());
    }
}
