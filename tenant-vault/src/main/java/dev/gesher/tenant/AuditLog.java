package dev.gesher.tenant;

import dev.gesher.tenant.db.Tx;
import java.sql.SQLException;
import java.util.Map;

/** The append-only record of who did what, and what for. */
public interface AuditLog {
    /**
     * Appends one row in the caller's transaction.
     *
     * @param actor who: {@code operator}, {@code client:<id>}, {@code system:<part>}
     * @param action what, as {@code noun.verb}: {@code secret.opened}, {@code client.created}
     * @param object the id of what it was done to
     * @param detail short values that help an auditor; never a secret, a number or content
     */
    void record(
            Tx tx,
            TenantId tenant,
            String actor,
            String action,
            String object,
            Map<String, String> detail)
            throws SQLException;
}
