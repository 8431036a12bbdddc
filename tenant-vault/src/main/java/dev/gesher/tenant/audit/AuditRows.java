package dev.gesher.tenant.audit;

import com.github.f4b6a3.uuid.UuidCreator;
import dev.gesher.tenant.AuditLog;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Tx;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Clock;
import java.util.List;
import java.util.Map;

/** Writes the audit trail. */
@Singleton
final class AuditRows implements AuditLog {
    private final Clock clock;

    AuditRows(Clock clock) {
        this.clock = clock;
    }

    @Override
    public void record(
            Tx tx,
            TenantId tenant,
            String actor,
            String action,
            String object,
            Map<String, String> detail)
            throws SQLException {
        var entries = List.copyOf(detail.entrySet());
        tx.updateExactly(
                1,
                """
                INSERT INTO audit_log (tenant_id, audit_id, at, actor, action, object, detail)
                VALUES (?, ?, ?, ?, ?, ?, jsonb_object(?::text[], ?::text[]))
                """,
                tenant,
                UuidCreator.getTimeOrderedEpoch(),
                clock.instant(),
                actor,
                action,
                object,
                Tx.texts(entries.stream().map(Map.Entry::getKey).toList()),
                Tx.texts(entries.stream().map(Map.Entry::getValue).toList()));
    }
}
