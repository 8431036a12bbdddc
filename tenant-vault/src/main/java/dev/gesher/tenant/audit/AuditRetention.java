package dev.gesher.tenant.audit;

import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Retained;
import dev.gesher.tenant.db.Tx;
import io.micronaut.context.annotation.Factory;
import io.micronaut.context.annotation.Property;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * How long the audit log is kept. The database itself refuses what is younger than two years by its
 * own clock, and of the platform's all but the openings of its secrets.
 */
@Factory
final class AuditRetention {
    @Singleton
    Retained audit(@Property(name = "gesher.retention.audit-days", defaultValue = "731") int days) {
        return new Retained(
                "audit", List.of("audit_log"), Duration.ofDays(days), AuditRetention::remove);
    }

    private static int remove(Tx tx, TenantId tenant, Instant before, int most)
            throws SQLException {
        return tx.update(
                """
                DELETE FROM audit_log WHERE tenant_id = ? AND audit_id = ANY (ARRAY(
                    SELECT audit_id FROM audit_log
                    WHERE tenant_id = ? AND at < ? AND at < now() - interval '731 days'
                      AND (tenant_id <> ? OR action = 'secret.opened')
                    ORDER BY at LIMIT ?))
                """,
                tenant,
                tenant,
                before,
                TenantId.PLATFORM,
                most);
    }
}
