package dev.gesher.tenant.clients;

import dev.gesher.tenant.Tenant;
import dev.gesher.tenant.Tenant.Suspension;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.TenantIdConverter;
import dev.gesher.tenant.db.Row;
import io.micronaut.data.annotation.Id;
import io.micronaut.data.annotation.MappedEntity;
import io.micronaut.data.annotation.TypeDef;
import io.micronaut.data.model.DataType;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A row of {@code tenants}. */
@MappedEntity("tenants")
record TenantRow(
        @Id @TypeDef(type = DataType.UUID, converter = TenantIdConverter.class) TenantId tenantId,
        String name,
        String locale,
        String region,
        String onUnknown,
        String status,
        @Nullable String statusReason,
        @Nullable Instant statusSince,
        Instant createdAt) {
    static TenantRow of(Row row) throws SQLException {
        return new TenantRow(
                row.tenant(),
                row.text("name"),
                row.text("locale"),
                row.text("region"),
                row.text("on_unknown"),
                row.text("status"),
                row.nullableText("status_reason"),
                row.nullableInstant("status_since"),
                row.instant("created_at"));
    }

    Tenant tenant() {
        return new Tenant(
                tenantId,
                name,
                locale,
                region,
                Tenant.OnUnknown.valueOf(onUnknown.toUpperCase(Locale.ROOT)),
                Tenant.Status.valueOf(status.toUpperCase(Locale.ROOT)),
                suspension(),
                createdAt);
    }

    private Optional<Suspension> suspension() {
        return statusReason == null || statusSince == null
                ? Optional.empty()
                : Optional.of(new Suspension(statusSince, statusReason));
    }
}
